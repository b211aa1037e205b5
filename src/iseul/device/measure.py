# SPDX-License-Identifier: Apache-2.0
"""What an inference costs on the chip: instructions counted, cycles modelled, memory checked.

instructions  counted on the emulated core, per step (`_count.py`)
cycles_model  the same blocks through the core's cycle model (`_cycles_*.py`): a model
arena, stack  painted with two patterns; the highest byte that changed
flash         sizes of the linked image without the harness
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from iseul.compile._package import fused_of
from iseul.compile.check import bounds_of
from iseul.core import registry
from iseul.core.errors import ShapeError, UsageError
from iseul.device._chip import RUNNERS, family_of, is_chip, runner_of
from iseul.device._count import OUTSIDE, Counts, count_invoke
from iseul.device._inputs import random_inputs
from iseul.device._loaded import Loaded, link
from iseul.device._paint import PAINTS, Paint
from iseul.device._run import checked_inputs
from iseul.device._toolchain import Compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.device._elf import Image
    from iseul.device._toolchain import Family as CompilerFamily
    from iseul.numerics import Array
    from iseul.targets import Target


def profile_package(
    package: Package,
    inputs: Sequence[Array] | None = None,
    compiler: Compiler | str | None = None,
) -> dict[str, Any]:
    """The `profile --json` of a package on its target.

    inputs:   samples (n, *shape) per graph input; by default one random sample, seed 0. For
              several samples the counts are means, with smallest and largest total beside them
    compiler: or "gcc" or "clang"; by default the gcc of the core where installed, else clang

    Raises ToolError, also where the emulator is missing; BudgetError if the image does not fit;
    UnsupportedError for what is no chip.
    """
    given = inputs if inputs is not None else random_inputs(package.graph, 1)
    arrays = checked_inputs(package, given)
    n = len(arrays[0]) if arrays else 1
    if n == 0:
        raise ShapeError("there is no sample to profile on; give at least one")
    target = package.target
    family = family_of(target)
    tool = compiler if isinstance(compiler, Compiler) else family.find(_family(compiler))
    image = link(package, tool)
    first, second = (Paint(value) for value in PAINTS)
    counts = [
        count_invoke(package, image, [x[s] for x in arrays], paint=first if s == 0 else None)
        for s in range(n)
    ]
    with Loaded(package, image) as loaded:
        loaded.run_once([x[0] for x in arrays], second)
    nodes = [_node(package, i, counts) for i in range(len(package.steps))]
    overhead = _mean([c.instructions[OUTSIDE] for c in counts])
    cycles = _mean([sum(c.cycles.values()) for c in counts])
    totals = [c.total for c in counts]
    return {
        "model": package.graph.name,
        "target": target.name,
        "runner": runner_of(target),
        "compiler": str(tool),
        "instructions": sum(node["instructions"] for node in nodes) + overhead,
        "instructions_range": {"min": min(totals), "max": max(totals), "n_inputs": len(totals)},
        "overhead_instructions": overhead,
        "cycles_model": cycles,
        "cycles_source": family.models[target.core].source,
        "latency_ms_model": cycles / (target.clock_mhz * 1e3),
        "energy_uj": _energy(target, cycles),
        "ram": {
            "arena_bytes": loaded.arena_bytes,
            "state_bytes": loaded.state_bytes,
            "stack_bytes": max(first.stack_bytes, second.stack_bytes),
            "arena_touched_bytes": max(first.arena_bytes, second.arena_bytes),
            "model_bytes": loaded.model_bytes,
            **bounds_of(package.plan),
            "static_bytes": _sections(image, ".iseul_data", ".iseul_bss"),
        },
        "flash": {
            "code_bytes": _sections(image, ".iseul_text"),
            "constant_bytes": _sections(image, ".iseul_rodata", ".iseul_data"),
        },
        "macs": sum(step.macs for step in package.steps),
        "nodes": nodes,
        "tools": tool_versions(target, tool),
    }


def _family(name: str | None) -> CompilerFamily | None:
    if name in (None, "gcc", "clang"):
        return cast("CompilerFamily | None", name)
    raise UsageError(f'there is no compiler "{name}"', "gcc or clang")


def tool_versions(target: Target, compiler: Compiler | None = None) -> dict[str, str]:
    """Versions of what a measurement on a target depends on. Raises ToolError: no compiler."""
    family = family_of(target) if is_chip(target) else registry.load(RUNNERS, runner_of(target))
    return {"compiler": str(compiler or family.find(None)), **family.versions()}


def _node(package: Package, i: int, counts: Sequence[Counts]) -> dict[str, Any]:
    step = package.steps[i]
    return {
        "name": step.node,
        "op": step.op,
        "shape": list(step.shape),
        "macs": step.macs,
        "instructions": _mean([c.instructions[i] for c in counts]),
        "cycles_model": _mean([c.cycles[i] for c in counts]),
        "kernel": step.kernel,
        "why": step.why,
        **({"fused": fused_of(step)} if len(step.parts) > 1 else {}),
    }


def _mean(numbers: Sequence[int]) -> int:
    return round(sum(numbers) / len(numbers))


def _sections(image: Image, *names: str) -> int:
    return sum(image.sections.get(name, 0) for name in names)


def _energy(target: Target, cycles: int) -> dict[str, Any] | None:
    """µJ of the core: cycles times the board's nJ per cycle. None where nothing is published."""
    if target.energy is None:
        return None
    return {
        "low": cycles * target.energy.low_nj_per_cycle / 1e3,
        "mid": cycles * target.energy.mid_nj_per_cycle / 1e3,
        "high": cycles * target.energy.high_nj_per_cycle / 1e3,
        "source": f"modelled: cycles_model x nJ per cycle; {target.energy.source}",
    }
