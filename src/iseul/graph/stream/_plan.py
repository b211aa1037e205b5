# SPDX-License-Identifier: Apache-2.0
"""What every node of a graph reads in an invoke of the stream, and what stands in the way.

Values are followed from the input on: frames, or *whole*: belonging to a window, computed anew
in each invoke, because some node in front needs all frames at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, lcm
from typing import TYPE_CHECKING

from iseul.core import registry
from iseul.core.errors import Blocker
from iseul.graph.build import OPS
from iseul.graph.stream import _frames as frames
from iseul.graph.stream import _rules as rules
from iseul.graph.stream._frames import Frames, Read, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Graph, Node
    from iseul.graph.stream._rules import Refusal, Walk

WHOLE = "whole"  # the fact of a value that belongs to a window
Fact = Frames | str

_PADDED = (
    "padding = 'valid' along time in the model, or an output that does not reach the window's edge"
)


@dataclass(frozen=True)
class Recurrence:
    """A recurrent node over frames.

    initial: names of the values that its states begin with, or of the graph's states
    warm:    invokes after a reset before its first frame comes
    """

    initial: tuple[str, ...]
    warm: int


@dataclass
class Plan:
    """How a graph is streamed along an axis of its input.

    window:    input frames of a window
    hop:       input frames of an invoke
    facts:     value -> what it is; constants have none
    walks:     node -> how its frames come out of frames; other nodes work on whole values
    reads:     (node, position of an input that is frames) -> the frames it reads
    recurrent: node -> what it begins with
    gains:     whether a node with multiplications works on fewer frames than in a window
    blockers:  why it can not be done; then reads are not known
    """

    axis: int
    window: int
    hop: int = 1
    facts: dict[str, Fact] = field(default_factory=dict)
    walks: dict[str, Walk] = field(default_factory=dict)
    reads: dict[tuple[str, int], Read] = field(default_factory=dict)
    recurrent: dict[str, Recurrence] = field(default_factory=dict)
    gains: bool = False
    blockers: list[Blocker] = field(default_factory=list)

    def frames(self, value: str) -> Frames | None:
        """The value as frames, if it is."""
        fact = self.facts.get(value)
        return fact if isinstance(fact, Frames) else None

    def made(self, value: str) -> int:
        """Frames of a value that an invoke makes."""
        found = self.frames(value)
        return frames.new_frames(found, self.hop) if found is not None else 0

    @property
    def filled(self) -> int:
        """Invokes until the first window is full."""
        return ceil(self.window / self.hop)

    @property
    def since_reset(self) -> bool:
        """Whether only the first window after a reset is the windowed network's."""
        return bool(self.recurrent)


def plan_stream(graph: Graph, axis: int, hop: int | None) -> Plan:
    """The plan of a graph with one input along one of its axes; it may have blockers.

    hop: input frames of an invoke, a multiple of the least one; None for that
    """
    source = graph.values[graph.inputs[0]]
    plan = Plan(axis, source.shape[axis])
    plan.facts[source.name] = Frames(axis, plan.window, 1, 0, plan.window)
    for node in graph.nodes:
        _follow(graph, node, plan)
    least = lcm(*(found.step for v in plan.facts if (found := plan.frames(v)) is not None))
    plan.hop = hop if hop is not None else least
    if plan.hop % least:
        problem = f"invokes take {plan.hop} frames; must be a multiple of {least}, the product of "
        plan.blockers.append(
            Blocker("model", graph.name, problem + "its strides along time", f"--hop {least}")
        )
    _check_outputs(graph, plan)
    _check_recurrent(graph, plan)
    if not plan.blockers:
        _find_reads(graph, plan)
        plan.gains = _gains(graph, plan)
    return plan


def _gains(graph: Graph, plan: Plan) -> bool:
    """Where nothing multiplies, any node counts."""
    counted = [node for node in graph.nodes if hasattr(registry.load(OPS, node.op), "macs")]
    found = [(node, plan.frames(node.outputs[0])) for node in counted or graph.nodes]
    return bool(plan.recurrent) or any(
        out is not None and node.name in plan.walks and plan.made(node.outputs[0]) < out.length
        for node, out in found
    )


def _follow(graph: Graph, node: Node, plan: Plan) -> None:
    """The facts of a node's outputs."""
    io = graph.io(node)
    states = {state.value for state in graph.states}
    data = [name for name in node.inputs if name in plan.facts]
    if node.op in rules.RECURRENT and node.inputs[0] in plan.facts:
        _follow_recurrent(graph, node, plan)
        return
    remembered = [name for name in node.inputs if name in states]
    if remembered:
        _refuse(node, plan, _stateful(remembered[0]))
        return
    walking = [plan.frames(name) for name in data]
    known = [found for found in walking if found is not None]
    if not data or len(known) < len(data) or _differ_in_length(known):
        _make_whole(graph, node, plan)
        return
    rule = rules.RULES.get(node.op)
    outcome = rule(node.attrs, io, known[0].axis) if rule else rules.refusal_of(node.op)
    if isinstance(outcome, rules.Refusal):
        _refuse(node, plan, outcome)
        _guess(graph, node, plan, known[0])
        return
    if isinstance(outcome, rules.Whole):
        _make_whole(graph, node, plan)
        return
    problem = _misaligned(graph, node, data, plan)
    if problem is not None:
        _refuse(node, plan, problem)
        _guess(graph, node, plan, known[0])
        return
    both = frames.joined(known, known[0].axis)
    for value, axis in zip(io.outputs, outcome.axes, strict=True):
        length = value.shape[axis]
        plan.facts[value.name] = outcome.window.over(both, axis, length, node.name)
    plan.walks[node.name] = outcome


def _differ_in_length(known: Sequence[Frames]) -> bool:
    """One frame that is broadcast over others: it belongs to the window."""
    return len({found.length for found in known}) > 1


def _misaligned(graph: Graph, node: Node, data: Sequence[str], plan: Plan) -> Refusal | None:
    rank = max(len(graph.values[name].shape) for name in data)
    found = [(name, f) for name in data if (f := plan.frames(name)) is not None]
    if len({f.axis + rank - len(graph.values[name].shape) for name, f in found}) > 1:
        return rules.Refusal(
            "its inputs have time along different axes; must be one", "a transpose before it"
        )
    if len({f.step for _, f in found}) > 1:
        rates = ", ".join(f'"{name}" every {f.step}' for name, f in found)
        return rules.Refusal(
            f"frames of its inputs come at different rates ({rates}); must be one rate",
            "the same strides along time in all branches",
        )
    return None


def _stateful(name: str) -> Refusal:
    return rules.Refusal(
        f'it keeps a state ("{name}") from one invoke to the next, so that windows are not '
        "independent of each other",
        "a model that is a stream already needs no --stream",
    )


def _refuse(node: Node, plan: Plan, refusal: Refusal) -> None:
    plan.blockers.append(Blocker(node.op, node.name, refusal.problem, refusal.remedy))


def _guess(graph: Graph, node: Node, plan: Plan, x: Frames) -> None:
    """What comes out of a refused node, so that what stands in the way behind it is found too."""
    for name in node.outputs:
        shape = graph.values[name].shape
        stays = x.axis < len(shape) and shape[x.axis] == x.length
        plan.facts[name] = x if stays else WHOLE


def _make_whole(graph: Graph, node: Node, plan: Plan) -> None:
    for name in node.inputs:
        found = plan.frames(name)
        if found is not None and not found.whole:
            _block_edges(graph, found, plan, f'"{node.name}" ({node.op}) reads the whole window')
    for name in node.outputs:
        plan.facts[name] = WHOLE


def _block_edges(graph: Graph, found: Frames, plan: Plan, reader: str) -> None:
    """A blocker for each padding whose traces reach a reader of whole windows."""
    known = {blocker.name for blocker in plan.blockers}
    for name in found.edges:
        if name in known:
            continue
        node = next(node for node in graph.nodes if node.name == name)
        before, behind = _pads_of(graph, node, plan)
        problem = (
            f"pads {before} frames before and {behind} behind each window, where a stream has "
            f"other frames, and {reader}; must be unpadded along time"
        )
        plan.blockers.append(Blocker(node.op, name, problem, _PADDED))


def _pads_of(graph: Graph, node: Node, plan: Plan) -> tuple[int, int]:
    x, out = plan.frames(node.inputs[0]), plan.frames(node.outputs[0])
    assert x is not None and out is not None, node.name
    window: Window = plan.walks[node.name].window
    last = window.first + (out.length - 1) * window.stride + window.span
    return max(0, -window.first), max(0, last - x.length)


def _follow_recurrent(graph: Graph, node: Node, plan: Plan) -> None:
    n_states = rules.RECURRENT[node.op]
    initial = node.inputs[1 : 1 + n_states]
    of_graph = {state.value: state.next for state in graph.states}
    carried = [of_graph.get(name) for name in initial]
    constant = all(graph.values[name].is_constant for name in initial)
    own = tuple(carried) == node.outputs[1 : 1 + n_states]
    x = plan.frames(node.inputs[0])
    at = 0 if node.attrs.time_major else 1  # type: ignore[attr-defined]
    if not constant and not own:
        _refuse(node, plan, rules.Refusal("its first state is computed; must be constant", ""))
    elif x is None or x.axis != at:
        if own:
            _refuse(node, plan, _stateful(initial[0]))
        _make_whole(graph, node, plan)
        return
    elif node.attrs.reverse:  # type: ignore[attr-defined]
        _refuse(node, plan, _BACKWARDS)
    for name in node.outputs:
        plan.facts[name] = WHOLE
    if x is None:
        return
    if not x.whole:
        _block_edges(graph, x, plan, f'"{node.name}" ({node.op}) begins at the window\'s edge')
    y = graph.values[node.outputs[0]]
    if node.attrs.every_step:  # type: ignore[attr-defined]
        plan.facts[y.name] = Frames(at, x.length, x.step, 0, x.length, x.edges, True)
    plan.recurrent[node.name] = Recurrence(initial, 0)


_BACKWARDS = rules.Refusal(
    "it runs from the last frame to the first; must run forwards", "a unidirectional layer"
)


def _check_outputs(graph: Graph, plan: Plan) -> None:
    """Frames that leave must be the stream's."""
    for name in graph.outputs:
        found = plan.frames(name)
        if found is not None and found.end - plan.made(name) < found.clean:
            _block_edges(graph, found, plan, f'"{name}", an output, is reached by them')


def _check_recurrent(graph: Graph, plan: Plan) -> None:
    """Steps come in whole hops; and after how many of them."""
    for node in graph.nodes:
        x = plan.frames(node.inputs[0]) if node.name in plan.recurrent else None
        if x is None:
            continue
        n = plan.made(node.inputs[0])
        if x.length % n or n * x.step != plan.hop:
            problem = f"its {x.length} steps do not come in hops of {plan.hop // x.step}"
            plan.blockers.append(
                Blocker(node.op, node.name, problem, "a window that is a multiple of the hop")
            )
            continue
        begins = plan.recurrent[node.name]
        warm = plan.filled - x.length // n
        plan.recurrent[node.name] = Recurrence(begins.initial, warm)


def _find_reads(graph: Graph, plan: Plan) -> None:
    for node in graph.nodes:
        walk = plan.walks.get(node.name)
        out = plan.frames(node.outputs[0])
        for i, name in enumerate(node.inputs):
            x = plan.frames(name)
            if x is None:
                continue
            if walk is not None and out is not None:
                read = frames.read_of(x, walk.window, out, plan.hop)
            elif node.name in plan.recurrent:
                read = Read(plan.made(name), plan.made(name))
            else:
                read = Read(x.length, x.length)
            plan.reads[node.name, i] = read
