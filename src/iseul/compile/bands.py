# SPDX-License-Identifier: Apache-2.0
"""Bands: several nodes run in turns, some rows at a time, so that values between them never
exist whole.

A group is a run of nodes whose rows come out of rows: convolutions, pools, what works element by
element. Its last node makes one output; what the others make is read inside the group only. For
`n_rows` rows of the output at a time it is known which rows of every value are read, and which
have been made: each node makes what is missing. Rows that a later band reads again are kept: they
move to the front of the value's buffer before new ones are made behind them. No row is made twice.

The same rows come out of the same kernels with the same windows, so that results are the same to
the bit. Streams know by the same rules what frames come out of frames (`graph/stream`); here rows
are the frames, and padding stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._overlap import may_share
from iseul.compile.plan import IN_PLACE
from iseul.graph.ir import Io
from iseul.graph.stream import _rules as rules
from iseul.graph.stream._rules import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iseul.graph.ir import Graph, Node, Value
    from iseul.graph.stream._frames import Window

_BY_ROWS = (
    *(rules.same_frame, rules.same_frame_of_first, rules.rows, rules.rows_from_axis),
    *(rules.convolution, rules.pooling),
)
_ROWS = 1  # the axis, NHWC


@dataclass(frozen=True)
class Call:
    """A node makes rows `first` .. `end - 1` of its output.

    reads: position of an input that is no constant -> the rows (first, end) that it reads
    above, below: rows of padding that its windows touch
    """

    node: int
    first: int
    end: int
    reads: Mapping[int, tuple[int, int]]
    above: int
    below: int

    @property
    def shape(self) -> tuple[int, ...]:
        """What its kernel's parameters depend on."""
        sizes = (end - first for first, end in self.reads.values())
        return (self.node, self.end - self.first, self.above, self.below, *sizes)


@dataclass(frozen=True)
class Keep:
    """`n` rows of a value that begin `shift` rows behind its buffer's start move there."""

    value: str
    shift: int
    n: int


@dataclass(frozen=True)
class Band:
    """Calls in order, and what is kept before the call of a node, by the node's number.

    starts: value between the nodes -> the row at its buffer's start, from its call on
    """

    keeps: Mapping[int, Keep]
    calls: tuple[Call, ...]
    starts: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Bands:
    """A group of nodes and its bands.

    held: value between the nodes -> rows of its buffer
    kept: those of which a band reads rows that an earlier one made
    """

    graph: Graph
    nodes: tuple[Node, ...]
    n_rows: int
    bands: tuple[Band, ...]
    held: Mapping[str, int]
    kept: frozenset[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the group reads besides constants, once each."""
        made = {node.outputs[0] for node in self.nodes}
        read = [name for node in self.nodes for name in node.inputs if name not in made]
        values = self.graph.values
        return tuple(dict.fromkeys(name for name in read if not values[name].is_constant))

    @property
    def output(self) -> str:
        return self.nodes[-1].outputs[0]

    def calls_of(self, node: Node) -> tuple[Call, ...]:
        """The first call of each shape that a node has, in order."""
        number = self.nodes.index(node)
        found: dict[tuple[int, ...], Call] = {}
        for band in self.bands:
            for call in band.calls:
                if call.node == number:
                    found.setdefault(call.shape, call)
        return tuple(found.values())

    def row_bytes(self, value: str) -> int:
        """Bytes of a row of a value."""
        return row_bytes(self.graph.values[value])

    def of_call(self, call: Call) -> tuple[Any, Io]:
        """Attributes and values of a call, as a card's functions take them."""
        node = self.nodes[call.node]
        attrs = node.attrs
        if hasattr(attrs, "pads"):
            pads = (call.above, call.below, *attrs.pads[2:])
            attrs = attrs.model_copy(update={"pads": pads})
        io = self.graph.io(node)
        inputs = [
            _cut(value, *call.reads[i]) if i in call.reads else value
            for i, value in enumerate(io.inputs)
        ]
        return attrs, Io(tuple(inputs), (_cut(io.outputs[0], call.first, call.end),))

    def distances(self, inner: Callable[[Call], Mapping[int, int]]) -> dict[str, int]:
        """Input -> how many bytes below it the output may begin, though both share bytes.

        inner: what the last node's kernel says of the inputs that it reads itself, as
               `Card.overlap` does; of a call
        """
        out = self.graph.values[self.output]
        shared = [name for name in self.inputs if may_share(self.graph.values[name], out)]
        return {name: self._distance(name, inner) for name in shared}

    def _distance(self, name: str, inner: Callable[[Call], Mapping[int, int]]) -> int:
        out_row, row = self.row_bytes(self.output), self.row_bytes(name)
        found, later = 0, None  # the first row that a later band reads
        for band in reversed(self.bands):
            last = band.calls[-1]
            if later is not None:
                found = max(found, last.end * out_row - later * row)
            for call in band.calls:
                for k, (first, _) in call.reads.items():
                    if self.nodes[call.node].inputs[k] != name:
                        continue
                    later = first if later is None else min(later, first)
                    if call is not last:
                        continue
                    # while its kernel runs: what that allows, or else no byte that it reads
                    apart = inner(call).get(k, IN_PLACE)
                    written = call.end * out_row if apart < 0 else call.first * out_row + apart
                    found = max(found, written - first * row)
        return found


def walk_of(graph: Graph, node: Node) -> Window | None:
    """Which rows a node's rows read; None where it can not work by rows."""
    rule = rules.RULES.get(node.op)
    io = graph.io(node)
    if rule not in _BY_ROWS or len(io.outputs) != 1:
        return None
    moving = [value for value in (*io.inputs, *io.outputs) if not value.is_constant]
    if len(moving) < 2 or not all(_is_image(value) for value in moving):
        return None
    found = rule(node.attrs, io, _ROWS)
    if not isinstance(found, Walk) or found.axes != (_ROWS,):
        return None
    heights = {value.shape[_ROWS] for value in moving}
    if len(heights) > 1 and rule not in (rules.convolution, rules.pooling):
        return None
    return found.window


def make_bands(
    graph: Graph, nodes: Sequence[Node], walks: Sequence[Window], n_rows: int
) -> Bands | None:
    """The bands of a group that `is_closed`, or None where its nodes can not run so.

    nodes, walks: in order of execution, with their windows
    n_rows:       of the output of the last one
    """
    made = _Maker(graph, nodes, walks)
    height = graph.values[nodes[-1].outputs[0]].shape[_ROWS]
    for top in range(0, height, n_rows):
        if not made.band(min(top + n_rows, height)):
            return None
    return Bands(graph, tuple(nodes), n_rows, tuple(made.bands), made.held, frozenset(made.kept))


def is_closed(graph: Graph, nodes: Sequence[Node]) -> bool:
    """Whether what all nodes but the last one make is read by nodes of the group only, and by
    one at least.
    """
    names = {node.name for node in nodes}
    for node in nodes[:-1]:
        out = node.outputs[0]
        readers = graph.consumers(out)
        if graph.is_output(out) or not readers or any(r.name not in names for r in readers):
            return False
    return True


class _Maker:
    """Bands one after the other. ends: value -> rows that were made, or read, so far."""

    def __init__(self, graph: Graph, nodes: Sequence[Node], walks: Sequence[Window]) -> None:
        self.graph, self.nodes, self.walks = graph, nodes, walks
        self.final = nodes[-1].outputs[0]
        self.made = {node.outputs[0]: i for i, node in enumerate(nodes)}
        self.ends = dict.fromkeys(self.made, 0)
        self.starts = dict.fromkeys(self.made, 0)
        self.bands: list[Band] = []
        self.held: dict[str, int] = {v: 0 for v in self.made if v != self.final}
        self.kept: set[str] = set()
        whole = self._height(self.final)
        _, self.total, _ = self._back({self.final: 0}, whole, None)

    def _height(self, value: str) -> int:
        return self.graph.values[value].shape[_ROWS]

    def _back(
        self, done: Mapping[str, int], stop: int, total: Mapping[str, int] | None
    ) -> tuple[dict[str, int], dict[str, int], list[Call]]:
        """From the output's rows up to `stop` back to what they read.

        done:  rows that were made of each value
        total: rows of each value that are made in the end; None to ask for them

        Returns the first row of each value that is read now or later, the ends of what is read
        or made now, and the calls that make it.
        """
        firsts: dict[str, int] = {}
        ends = {self.final: stop}
        calls: list[Call] = []
        for i in reversed(range(len(self.nodes))):
            node, window = self.nodes[i], self.walks[i]
            out = node.outputs[0]
            end = max(ends.get(out, 0), done.get(out, 0))
            first = max(done.get(out, 0), firsts.get(out, 0))
            if total is not None and first >= total[out]:
                continue
            reads = {}
            start = first * window.stride + window.first
            last = (end - 1) * window.stride + window.first + window.span
            for k, name in enumerate(node.inputs):
                if self.graph.values[name].is_constant:
                    continue
                height = self._height(name)
                firsts[name] = min(firsts.get(name, height), max(0, min(start, height)))
                if end > first:
                    ends[name] = max(ends.get(name, 0), min(last, height))
                    reads[k] = (max(0, start), min(last, height))
            if end > first:
                height = max(self._height(node.inputs[k]) for k in reads)
                calls.append(Call(i, first, end, reads, max(0, -start), max(0, last - height)))
        return firsts, ends, calls[::-1]

    def band(self, stop: int) -> bool:
        """One more band. Gives whether every call has rows to read, and the output grows."""
        firsts, ends, calls = self._back(self.ends, stop, self.total)
        if not calls or calls[-1].node != len(self.nodes) - 1:
            return False
        if any(first >= end for call in calls for first, end in call.reads.values()):
            return False
        keeps = {}
        starts = {}
        for name, i in self.made.items():
            if name == self.final:
                continue
            end = max(ends.get(name, 0), self.ends[name])
            start = min(firsts.get(name, end), end)
            if start < self.ends[name]:
                self.kept.add(name)
            if self.starts[name] < start < self.ends[name]:
                keeps[i] = Keep(name, start - self.starts[name], self.ends[name] - start)
            self.starts[name] = starts[name] = start
            self.held[name] = max(self.held[name], end - start)
            self.ends[name] = end
        self.ends[self.final] = stop
        self.bands.append(Band(keeps, tuple(calls), starts))
        return True


def _is_image(value: Value) -> bool:
    shape = value.shape
    return len(shape) == 4 and shape[0] == 1 and min(shape) > 0 and value.dtype != "int4"


def row_bytes(value: Value) -> int:
    """Bytes of a row of an image."""
    return value.n_bytes // value.shape[_ROWS]


def _cut(value: Value, first: int, end: int) -> Value:
    shape = (value.shape[0], end - first, *value.shape[2:])
    return replace(value, shape=shape)
