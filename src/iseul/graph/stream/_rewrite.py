# SPDX-License-Identifier: Apache-2.0
"""A graph over windows as a graph over the frames of a stream, with rings as states.

A value that some node reads further back than an invoke makes frames of it gets a ring: a state
that holds its last frames, oldest first, moved on by a `slide`. Rings begin with what endless
frames of real zero leave there, so that a stream is as if silence had been before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core import registry
from iseul.core.errors import Blocker, UnsupportedError, UsageError
from iseul.graph.build import OPS
from iseul.graph.interpret import interpret
from iseul.graph.ir import Graph, Node, State, Value, constant, fresh_name, frozen_array, rebuild
from iseul.graph.passes._edit import tell
from iseul.graph.stream._plan import Plan, plan_stream
from iseul.graph.verify import check_graph
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.stream._frames import Read
    from iseul.numerics import Array

_MANY_WAYS = "more than one axis of the input can be time"


@dataclass(frozen=True, eq=False)
class Streamed:
    """A graph that takes `hop` frames per invoke.

    graph:    what the device runs
    windowed: the graph over windows that it was made of
    plan:     how
    """

    graph: Graph
    windowed: Graph
    plan: Plan

    def summary(self) -> dict[str, Any]:
        """What a user must know, as JSON."""
        plan, source = self.plan, self.windowed.values[self.windowed.inputs[0]]
        return {
            "input": source.name,
            "axis": plan.axis,
            "window_frames": plan.window,
            "hop_frames": plan.hop,
            "filled_after_invokes": plan.filled,
            "equal": "first window after reset" if plan.since_reset else "every window",
            "macs_per_window": _macs(self.windowed),
            "macs_per_invoke": _macs(self.graph),
            "outputs": [self._output(name) for name in self.windowed.outputs],
        }

    def about(self) -> str:
        """What who calls the model must know, in a sentence or two."""
        plan = self.plan
        begin = (
            "from reset to the end of the first window"
            if plan.since_reset
            else "in every window; what was before the stream counts as real 0"
        )
        return (
            f"A stream: each invoke takes the next {plan.hop} of the {plan.window} frames of a "
            f"window and gives what the network over windows gives for the window that ends with "
            f"them, {begin}. Invoke {plan.filled} is the first whose window the stream fills."
        )

    def _output(self, name: str) -> dict[str, Any]:
        """`frames` and `delay_frames` only of outputs with a time axis."""
        found = self.plan.frames(name)
        if found is None:
            return {"name": name, "of": "window"}
        return {
            "name": name,
            "of": "frames",
            "frames": self.plan.made(name),
            "delay_frames": (found.length - found.end) * found.step,
        }


def stream_graph(graph: Graph, axis: int | None = None, hop: int | None = None) -> Streamed:
    """The graph that takes a stream.

    axis: of the input that is time; by default the only one along which the graph can stream
    hop:  input frames of an invoke; by default the least possible

    Raises UnsupportedError with all blockers, UsageError if the axis is no axis or not clear.
    """
    source = _source(graph)
    if axis is not None:
        axis = _checked_axis(source, axis)
    plan = _choose(graph, axis, hop)
    made = _Rewrite(graph, plan).graph()
    check_graph(made)
    return Streamed(made, graph, plan)


def _source(graph: Graph) -> Value:
    if len(graph.inputs) != 1:
        raise UnsupportedError(
            f'graph "{graph.name}" has {len(graph.inputs)} inputs '
            f"({', '.join(graph.inputs) or 'none'}); a stream must have one",
            "one input that holds the window",
        )
    return graph.values[graph.inputs[0]]


def _checked_axis(source: Value, axis: int) -> int:
    rank = len(source.shape)
    if not -rank <= axis < rank or source.shape[axis] < 2:
        shape = "x".join(map(str, source.shape))
        found = [i for i, n in enumerate(source.shape) if n > 1]
        raise UsageError(
            f'axis {axis} of input "{source.name}" ({shape}) is no time axis: it must have frames',
            f"--stream-axis {found[0]}" if found else "a model over windows",
        )
    return axis % rank


def _choose(graph: Graph, axis: int | None, hop: int | None) -> Plan:
    """The plan along the axis, or along the only one that works."""
    source = _source(graph)
    axes = [axis] if axis is not None else [i for i, n in enumerate(source.shape) if n > 1]
    if not axes:
        raise UnsupportedError(
            f'input "{source.name}" ({"x".join(map(str, source.shape))}) is one frame: it has no '
            "axis that could be time",
            "a model that is a stream already needs no --stream",
        )
    plans = [plan_stream(graph, i, hop) for i in axes]
    good = [plan for plan in plans if not plan.blockers and plan.gains]
    if len(good) > 1:
        found = ", ".join(f"{plan.axis} ({plan.window} frames)" for plan in good)
        raise UsageError(f'{_MANY_WAYS} of "{source.name}": {found}', "--stream-axis N")
    if good:
        return good[0]
    raise _refused(graph, plans[0])


def _refused(graph: Graph, plan: Plan) -> UnsupportedError:
    blockers = plan.blockers or [
        Blocker(
            "model",
            graph.name,
            "no node works frame by frame: all of them need the whole window",
            "compile it without --stream",
        )
    ]
    lines = [f"{blocker}\n  try: {blocker.remedy}" for blocker in blockers]
    head = f'"{graph.name}" can not be streamed along axis {plan.axis} ({plan.window} frames):'
    return UnsupportedError("\n".join([head, *lines]), blockers=blockers)


def _macs(graph: Graph) -> int:
    total = 0
    for node in graph.nodes:
        op = registry.load(OPS, node.op)
        total += int(op.macs(node.attrs, graph.io(node))) if hasattr(op, "macs") else 0
    return total


class _Rewrite:
    """Collects the nodes and values of the streamed graph."""

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self.source, self.plan = graph, plan
        self.values: dict[str, Value] = {}
        self.nodes: list[Node] = []
        self.states: list[State] = []
        self.taken = {*graph.values, *(node.name for node in graph.nodes)}
        self.rings: dict[str, tuple[str, int]] = {}  # value -> (ring, its frames)
        self.parts: dict[tuple[str, int, int], str] = {}
        self.cold: dict[int, str] = {}
        self.at_rest: dict[str, Array] | None = None

    def graph(self) -> Graph:
        """The whole of it."""
        source, plan = self.source, self.plan
        name = source.inputs[0]
        self._add(self._shortened(name, plan.made(name)))
        self._make_ring(name)
        for state in source.states:
            self._add(source.values[state.value])
            self.states.append(state)
        for node in source.nodes:
            self._make_node(node)
        made = replace(source, states=tuple(self.states))
        return rebuild(made, self.nodes, self.values.values())

    def _add(self, value: Value) -> str:
        self.values[value.name] = value
        return value.name

    def _name(self, stem: str) -> str:
        name = fresh_name(self.taken, stem)
        self.taken.add(name)
        return name

    def _shortened(self, name: str, n: int) -> Value:
        """A value of n frames."""
        value, found = self.source.values[name], self.plan.frames(name)
        if found is None:
            return value
        shape = (*value.shape[: found.axis], n, *value.shape[found.axis + 1 :])
        return replace(value, shape=shape)

    def _make_node(self, node: Node) -> None:
        plan = self.plan
        inputs = list(node.inputs)
        for i, name in enumerate(node.inputs):
            read = plan.reads.get((node.name, i))
            if read is not None:
                inputs[i] = self._reading(name, read)
        attrs = node.attrs
        walk = plan.walks.get(node.name)
        if walk is not None:
            attrs = walk.attrs(plan.made(node.outputs[0]))
        begins = plan.recurrent.get(node.name)
        if begins is not None:
            inputs[1 : 1 + len(begins.initial)] = self._state_of(node)
        for name in node.outputs:
            self._add(self._shortened(name, plan.made(name)))
        self.nodes.append(replace(node, inputs=tuple(inputs), attrs=attrs))
        if begins is not None:
            self._carry(node)
        for name in node.outputs:
            self._make_ring(name)

    # --- frames

    def _make_ring(self, name: str) -> None:
        """A ring for a value that is read further back than its new frames."""
        plan, found = self.plan, self.plan.frames(name)
        if found is None:
            return
        readers = [
            plan.reads[node.name, i].back
            for node in self.source.consumers(name)
            for i, read in enumerate(node.inputs)
            if read == name
        ]
        n = max(readers, default=0)
        if n <= plan.made(name):
            return
        value = replace(self._shortened(name, n), name=self._name(f"{name}_ring"))
        state = self._add(value)
        window = self._add(replace(value, name=self._name(f"{name}_frames")))
        attrs = registry.load(OPS, "slide").Attrs(axis=found.axis)
        self.nodes.append(Node(window, "slide", (name, state), (window,), attrs))
        self.states.append(State(state, window, self._resting(name, n)))
        self.rings[name] = (window, n)
        tell("stream", f"{name}: a ring of {n} frames")

    def _reading(self, name: str, read: Read) -> str:
        """The value with the frames that are read: all of a ring, of the new frames, or a part."""
        base, n = name, self.plan.made(name)
        if read.back > n:
            base, n = self.rings[name]
        first = n - read.back
        if first == 0 and read.count == n:
            return base
        key = (base, first, read.count)
        if key not in self.parts:
            self.parts[key] = self._part(name, base, first, read.count)
        return self.parts[key]

    def _part(self, name: str, base: str, first: int, count: int) -> str:
        found = self.plan.frames(name)
        assert found is not None, name
        part = self._add(replace(self._shortened(name, count), name=self._name(f"{name}_part")))
        shape = self.values[part].shape
        begin = tuple(first if i == found.axis else 0 for i in range(len(shape)))
        attrs = registry.load(OPS, "slice").Attrs(begin=begin, size=shape)
        self.nodes.append(Node(part, "slice", (base,), (part,), attrs))
        return part

    def _resting(self, name: str, n: int) -> Array:
        """n frames of what a stream of real zeros makes of a value."""
        found = self.plan.frames(name)
        assert found is not None, name
        if self.at_rest is None:
            source = self.source.values[self.source.inputs[0]]
            zero = source.quant.zero_point[0] if source.quant is not None else 0
            x = np.full(source.shape, zero, storage(source.dtype))
            self.at_rest = {source.name: x, **interpret(self.source, [x]).values}
        frame = np.take(self.at_rest[name], [min(found.clean, found.length - 1)], found.axis)
        return frozen_array(np.repeat(frame, n, found.axis))

    # --- recurrent nodes

    def _state_of(self, node: Node) -> Sequence[str]:
        """The states that a recurrent node reads; a constant becomes one."""
        initial = self.plan.recurrent[node.name].initial
        own = {state.value for state in self.states}
        return [
            name
            if name in own
            else self._add(
                replace(self.source.values[name], name=self._name(f"{node.name}_state"), data=None)
            )
            for name in initial
        ]

    def _carry(self, node: Node) -> None:
        """What the node makes of its states becomes them, once its first frame is there."""
        begins, made = self.plan.recurrent[node.name], self.nodes[-1]
        n = len(begins.initial)
        pairs = zip(begins.initial, made.inputs[1 : 1 + n], made.outputs[1 : 1 + n], strict=True)
        for initial, state, after in pairs:
            data = self._initial_of(initial)
            self.states = [known for known in self.states if known.value != state]
            shown = after if begins.warm == 0 else self._held(state, after, begins.warm)
            self.states.append(State(state, shown, frozen_array(data)))

    def _initial_of(self, name: str) -> Array:
        data = self.source.values[name].data
        if data is not None:
            return data
        return next(s.initial for s in self.source.states if s.value == name)

    def _held(self, state: str, after: str, warm: int) -> str:
        """The state as it was in the first `warm` invokes, then what comes after it."""
        value = replace(self.values[state], name=self._name(f"{state}_held"))
        attrs = registry.load(OPS, "select").Attrs()
        inputs = (self._is_warm(warm), after, state)
        self.nodes.append(Node(value.name, "select", inputs, (self._add(value),), attrs))
        return value.name

    def _is_warm(self, warm: int) -> str:
        """Whether `warm` invokes are over; a state counts them, up to there."""
        if warm in self.cold:
            return self.cold[warm]
        one = self._add(constant(self._name("one"), np.ones(1, np.int32)))
        most = self._add(constant(self._name("warm"), np.array([warm], np.int32)))
        count = self._add(Value(self._name("invokes"), (1,), "int32"))
        names = [self._add(Value(self._name(f"invokes_{k}"), (1,), "int32")) for k in "ab"]
        ready = self._add(Value(self._name("is_warm"), (1,), "bool"))
        for op, inputs, out in (
            ("greater_equal", (count, most), ready),
            ("add", (count, one), names[0]),
            ("minimum", (names[0], most), names[1]),
        ):
            attrs = registry.load(OPS, op).Attrs()
            self.nodes.append(Node(out, op, inputs, (out,), attrs))
        self.states.append(State(count, names[1], frozen_array(np.zeros(1, np.int32))))
        self.cold[warm] = ready
        return ready
