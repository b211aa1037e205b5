# SPDX-License-Identifier: Apache-2.0
"""From a graph to a package: choose kernels, plan memory, emit C."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from iseul.compile._golden import golden_of
from iseul.compile._package import Package, Part, Step
from iseul.compile.emit import c
from iseul.compile.emit._c_constants import collect
from iseul.compile.emit._c_model import Model, state_layout
from iseul.compile.emit._c_text import model_prefix
from iseul.compile.lower import lower
from iseul.compile.proofs import Shown
from iseul.compile.select import Goal
from iseul.core import registry
from iseul.core.errors import BudgetError, UsageError
from iseul.graph.build import OPS
from iseul.graph.verify import check_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.compile.lower import Lowered
    from iseul.compile.plan import Plan
    from iseul.graph.ir import Graph, Node
    from iseul.numerics import Array
    from iseul.targets import Target


# Arenas beyond this many times the board's RAM are not compiled; at least, and at most
_ROOM = 4
_LEAST_ROOM = 64 << 20
_MOST_ROOM = 512 << 20


def compile_graph(
    graph: Graph,
    target: Target,
    *,
    goal: Goal = "speed",
    golden: Sequence[Array] | None = None,
    name: str | None = None,
    about: str = "",
    shown: Sequence[Shown] = (),
) -> Package:
    """A package of C99 files that computes what the graph says, to the bit for integers.

    goal:   what a kernel is chosen for: "speed", "ram" or "flash"
    golden: input of the self-test, one array per graph input, of its shape; by default a
            seeded random one
    name:   C prefix; by default from the graph's name
    about:  a sentence more for the head of the interface
    shown:  proofs of what passes left out before (`prove_passes.py`); they go into the package

    Raises UnsupportedError with all blockers at once; ShapeError if `golden` does not fit;
    BudgetError for an arena that is many times the board's RAM.
    """
    if goal not in get_args(Goal):
        raise UsageError(f'goal "{goal}"', f"one of: {', '.join(get_args(Goal))}")
    lowered = lower(graph, target, goal)
    check_graph(lowered.graph)
    prefix = model_prefix(name or graph.name)
    plan = lowered.plan()
    _check_room(lowered, plan, target)
    steps = tuple(_step(lowered, plan, prefix, i, n) for i, n in enumerate(lowered.steps))
    model = Model(
        prefix,
        lowered,
        plan,
        steps,
        collect(lowered),
        golden_of(lowered.graph, golden),
        target,
        about,
    )
    return Package(
        prefix,
        lowered.graph,
        target,
        plan,
        MappingProxyType(c.emit(model)),
        steps,
        model.constants.n_bytes,
        model.state_bytes,
        _notes(lowered, target),
        (*shown, *_shown(lowered)),
    )


def _shown(lowered: Lowered) -> list[Shown]:
    """The proofs of what the chosen kernels do in other ways than the reference."""
    return [
        Shown(node.name, node.kernel, proof)
        for step in lowered.steps
        for node in lowered.parts(step)
        for proof in lowered.choices[node.name].proofs
    ]


def _check_room(lowered: Lowered, plan: Plan, target: Target) -> None:
    """Raise BudgetError for arenas far beyond the board, before anything runs on arrays of that
    size; how far a model is from fitting is for `check_fits` to say.
    """
    most = min(max(_ROOM * target.ram_bytes, _LEAST_ROOM), _MOST_ROOM)
    if plan.arena_bytes <= most:
        return
    largest = max(plan.buffers, key=lambda buffer: buffer.n_bytes)
    shape = (
        "x".join(map(str, lowered.graph.values[largest.name].shape))
        if (largest.name in lowered.graph.values)
        else "scratch"
    )
    raise BudgetError(
        f"arena needs {plan.arena_bytes:,} bytes, {target.name} has {target.ram_bytes:,}, and more "
        f"than {most:,} are not compiled for it "
        f'(largest: "{largest.name}" {shape}, {largest.n_bytes:,} bytes)',
        "a smaller input, or a board with more RAM",
    )


def _step(lowered: Lowered, plan: Plan, prefix: str, i: int, node: Node) -> Step:
    io = lowered.graph.io(node)
    offsets, _ = state_layout(lowered.graph)
    fused = lowered.groups.get(node.name)
    held = fused.bands.held if fused is not None else {}
    parts = tuple(_part(lowered, part, held) for part in lowered.parts(node))
    return Step(
        node.name,
        ", ".join(part.op for part in parts),
        f"{prefix}_node_{i}",
        ", ".join(dict.fromkeys(part.kernel for part in parts)),
        sum(part.macs for part in parts),
        io.outputs[0].shape,
        tuple(
            (value.name, plan.offset_of(value.name), value.n_bytes)
            for value in io.outputs
            if value.name not in plan.kept
        ),
        tuple(
            (value.name, offsets[plan.kept[value.name]], value.n_bytes)
            for value in io.outputs
            if value.name in plan.kept
        ),
        fused.why() if fused is not None else lowered.choices[node.name].why,
        parts,
    )


def _part(lowered: Lowered, node: Node, held: Mapping[str, int]) -> Part:
    io = lowered.graph.io(node)
    op = registry.load(OPS, node.op)
    macs = int(op.macs(node.attrs, io)) if hasattr(op, "macs") else 0
    shape, out = io.outputs[0].shape, node.outputs[0]
    return Part(node.name, node.op, lowered.cards[node.name].symbol, macs, shape, held.get(out, 0))


def _notes(lowered: Lowered, target: Target) -> tuple[str, ...]:
    """What is slower than it looks."""
    floats = sum(
        any(value.is_float for value in lowered.graph.io(node).outputs) for node in lowered.steps
    )
    if floats and not target.has_fpu and target.core != "host":
        line = f"{floats} of {len(lowered.steps)} steps are float32 in software: no FPU"
        return (*lowered.notes, line)
    return lowered.notes
