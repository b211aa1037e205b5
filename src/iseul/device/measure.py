# SPDX-License-Identifier: Apache-2.0
"""What an inference costs on the chip: instructions counted, cycles modelled, memory checked.

instructions  counted on the emulated core, per step (`_count.py`)
cycles_model  the same blocks through the core's timing table (`_cycles.py`): a model
arena, stack  painted with two patterns; the highest byte that changed
flash         sizes of the linked image without the harness
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core.errors import ShapeError, UsageError
from iseul.device._count import OUTSIDE, Counts, count_invoke
from iseul.device._cycles import TIMINGS
from iseul.device._inputs import random_inputs
from iseul.device._loaded import Loaded, link
from iseul.device._run import checked_inputs
from iseul.device._toolchain import Compiler, Family, find_arm_compiler, find_host_compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.device._elf import Image
    from iseul.numerics import Array
    from iseul.targets import Target

PAINT = (0xA5, 0x5A)  # no byte keeps both unless nothing wrote it


def profile_package(
    package: Package,
    inputs: Sequence[Array] | None = None,
    compiler: Compiler | str | None = None,
) -> dict[str, Any]:
    """The `profile --json` of a package on its target.

    inputs:   samples (n, *shape) per graph input; by default one random sample, seed 0. For
              several samples the counts are means, with smallest and largest total beside them
    compiler: or "gcc" or "clang"; by default arm-none-eabi-gcc where installed, else clang

    Raises ToolError, BudgetError if the image does not fit, UnsupportedError for the host.
    """
    given = inputs if inputs is not None else random_inputs(package.graph, 1)
    arrays = checked_inputs(package, given)
    if arrays and not len(arrays[0]):
        raise ShapeError("there is no sample to profile on; give at least one")
    tool = compiler if isinstance(compiler, Compiler) else find_arm_compiler(_family(compiler))
    image = link(package, tool)
    counts = [count_invoke(package, image, [x[s] for x in arrays]) for s in range(len(arrays[0]))]
    touched, stack = _high_water(package, image, [x[0] for x in arrays])
    nodes = [_node(package, i, counts) for i in range(len(package.steps))]
    overhead = _mean([c.instructions[OUTSIDE] for c in counts])
    cycles = _mean([sum(c.cycles.values()) for c in counts])
    totals = [c.total for c in counts]
    target = package.target
    sizes = Loaded(package, image)
    return {
        "model": package.graph.name,
        "target": target.name,
        "runner": "cortex_m",
        "compiler": str(tool),
        "instructions": sum(node["instructions"] for node in nodes) + overhead,
        "instructions_range": {"min": min(totals), "max": max(totals), "n_inputs": len(totals)},
        "overhead_instructions": overhead,
        "cycles_model": cycles,
        "cycles_source": TIMINGS[target.core].source,
        "latency_ms_model": cycles / (target.clock_mhz * 1e3),
        "energy_uj": _energy(target, cycles),
        "ram": {
            "arena_bytes": sizes.arena_bytes,
            "state_bytes": sizes.state_bytes,
            "stack_bytes": stack,
            "arena_lower_bound_bytes": package.plan.lower_bound_bytes,
            "arena_touched_bytes": touched,
            "model_bytes": sizes.model_bytes,
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


def _family(name: str | None) -> Family | None:
    if name in (None, "gcc", "clang"):
        return cast("Family | None", name)
    raise UsageError(f'there is no compiler "{name}"', "gcc or clang")


def tool_versions(target: Target, compiler: Compiler | None = None) -> dict[str, str]:
    """Versions of what a measurement on a target depends on. Raises ToolError: no compiler."""
    if target.core == "host":
        return {"compiler": str(compiler or find_host_compiler())}
    return {
        "compiler": str(compiler or find_arm_compiler()),
        "unicorn": version("unicorn"),
        "capstone": version("capstone"),
    }


def _node(package: Package, i: int, counts: Sequence[Counts]) -> dict[str, Any]:
    step = package.steps[i]
    return {
        "name": step.node,
        "op": step.op,
        "shape": list(package.graph.values[step.outputs[0][0]].shape),
        "macs": step.macs,
        "instructions": _mean([c.instructions[i] for c in counts]),
        "cycles_model": _mean([c.cycles[i] for c in counts]),
        "kernel": step.kernel,
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


# --- memory


def _high_water(package: Package, image: Image, sample: Sequence[Array]) -> tuple[int, int]:
    """(arena bytes up to the highest one touched, stack bytes) of one invoke.

    Arena (with the guard behind it) and stack are painted; a byte that still holds the paint in
    both runs was not written. Inputs are part of the arena, so writing them touches it.
    """
    arenas, stacks = [], []
    for paint in PAINT:
        loaded = Loaded(package, image)
        machine = loaded.machine
        arena_bytes = loaded.arena_bytes + loaded.guard_bytes
        stack_bytes = machine.stack_top - image.ram_end
        machine.write(loaded.arena, bytes([paint]) * arena_bytes)
        loaded.start()
        loaded.reset()
        machine.write(image.ram_end, bytes([paint]) * stack_bytes)
        loaded.write_inputs(sample)
        loaded.invoke()
        arenas.append(np.frombuffer(machine.read(loaded.arena, arena_bytes), np.uint8) != paint)
        stacks.append(np.frombuffer(machine.read(image.ram_end, stack_bytes), np.uint8) != paint)
    arena, stack = np.flatnonzero(arenas[0] | arenas[1]), np.flatnonzero(stacks[0] | stacks[1])
    touched = int(arena[-1]) + 1 if len(arena) else 0
    return touched, len(stacks[0]) - int(stack[0]) if len(stack) else 0
