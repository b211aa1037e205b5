# SPDX-License-Identifier: Apache-2.0
"""C of a step that runs several nodes by bands of rows: the calls of each band, in loops where
bands differ in nothing but where they read and write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iseul.compile.emit._c_node import described, with_names
from iseul.compile.emit._c_text import comment, glued, initialiser, printable, shorten, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile.bands import Band, Call
    from iseul.compile.emit._c_model import Model
    from iseul.compile.fuse import Fused
    from iseul.compile.plan import Buffer
    from iseul.graph.ir import Node

KEEP_ROWS = "iseul_keep_rows"


def keeps_rows(fused: Fused) -> bool:
    """Whether rows move between the bands of a group."""
    return any(band.keeps for band in fused.bands.bands)


def inside(model: Model, fused: Fused) -> list[Buffer]:
    """The buffers that a group has inside its step's own bytes, with their offsets in the arena."""
    scratch = _scratch(model, fused)
    if scratch is None:
        return []
    return [
        replace(
            buffer,
            name=f"- {_held(fused, buffer)}",
            offset=scratch.offset + buffer.offset,
            first_step=scratch.first_step,
            last_step=scratch.last_step,
        )
        for buffer in fused.workspace
    ]


def _held(fused: Fused, buffer: Buffer) -> str:
    bands = fused.bands
    if buffer.kind == "scratch":
        return buffer.name
    height = bands.graph.values[buffer.name].shape[1]
    return f"{bands.held[buffer.name]} of {height} rows: {buffer.name}"


def _scratch(model: Model, fused: Fused) -> Buffer | None:
    name = f"{fused.names[-1]} scratch"
    return next((b for b in model.plan.buffers if b.name == name and b.kind == "scratch"), None)


def step_of_bands(model: Model, i: int, fused: Fused) -> str:
    """The C function of a group."""
    bands = fused.bands
    heights = f"{bands.n_rows} of {bands.graph.values[bands.output].shape[1]} rows"
    head = f"{i}, by bands: {len(fused.nodes)} nodes in turns, for {heights} of the last at a time"
    text = [head, *(described(model, i, node) for node in fused.nodes)]
    structs = [struct for node in fused.nodes for struct in _structs(model, fused, node)]
    blocks = _Writer(model, fused).blocks()
    return "\n".join(
        [
            comment("\n".join(text)),
            f"ISEUL_NOINLINE void {model.steps[i].symbol}({model.name}_t *m) {{",
            *structs,
            *blocks,
            "}\n",
        ]
    )


def _structs(model: Model, fused: Fused, node: Node) -> list[str]:
    """The parameters of a node's calls, one struct for each of their shapes."""
    found = []
    card = fused.choices[node.name].card
    for k, call in enumerate(fused.bands.calls_of(node)):
        fields = with_names(model, model.constants.calls[node.name, call.shape])
        pads = [
            f"{n} of padding {where}"
            for n, where in ((call.above, "above"), (call.below, "below"))
            if n
        ]
        read = ", ".join([*dict.fromkeys(f"{e - f} rows" for f, e in call.reads.values()), *pads])
        name = shorten(printable(node.name), 48)
        told = f'"{name}": {read} -> {call.end - call.first} rows'
        head = f"ISEUL_CONSTANT static const {card.params} {_param(call, k)} ="
        found += [comment(told, "  "), initialiser(head, fields, "  ")]
    return found


def _param(call: Call, k: int) -> str:
    return f"p{call.node}_{k}"


@dataclass(frozen=True)
class _Line:
    """A statement of a band. Places are byte offsets that may grow from band to band.

    text: with a `{}` for each place
    """

    text: str
    places: tuple[int, ...]


class _Writer:
    """Statements of the bands of a group."""

    def __init__(self, model: Model, fused: Fused) -> None:
        self.model, self.fused, self.bands = model, fused, fused.bands
        scratch = _scratch(model, fused)
        base = scratch.offset if scratch is not None else 0
        self.offsets = {buffer.name: base + buffer.offset for buffer in fused.workspace}
        self.variants = {
            call.shape: _param(call, k)
            for node in fused.nodes
            for k, call in enumerate(self.bands.calls_of(node))
        }

    def blocks(self) -> list[str]:
        """All bands; those that follow each other in equal steps as one loop."""
        lines = [self._lines(band) for band in self.bands.bands]
        found: list[str] = []
        at = 0
        while at < len(lines):
            n, steps = _run(lines, at)
            found += self._block(at, n, lines[at], steps)
            at += n
        return found

    def _block(
        self, at: int, n: int, lines: Sequence[_Line], steps: Sequence[Sequence[int]]
    ) -> list[str]:
        first = self.bands.bands[at].calls[-1].first
        end = self.bands.bands[at + n - 1].calls[-1].end - 1
        rows = f"rows {first} to {end}" if end > first else f"row {first}"
        indent = "    " if n > 1 else "  "
        head = [f"  // {rows}"]
        if n > 1:
            head.append(f"  for (int32_t i = 0; i < {n}; ++i) {{")
        body = []
        for line, step in zip(lines, steps, strict=True):
            places = [_sum(place, by) for place, by in zip(line.places, step, strict=True)]
            body += wrap([line.text.format(*map(glued, places))], indent)
        return [*head, *body, *(["  }"] if n > 1 else [])]

    def _lines(self, band: Band) -> list[_Line]:
        found = []
        for number, node in enumerate(self.bands.nodes):
            keep = band.keeps.get(number)
            if keep is not None:
                row = self.bands.row_bytes(keep.value)
                place = glued(f"m->arena + {self.offsets[keep.value]}")
                text = f"{KEEP_ROWS}({place}, {keep.shift * row}, {keep.n * row});"
                found.append(_Line(text, ()))
            call = next((call for call in band.calls if call.node == number), None)
            if call is not None:
                found.append(self._call(band, node, call))
        return found

    def _call(self, band: Band, node: Node, call: Call) -> _Line:
        card = self.fused.choices[node.name].card
        arguments = [f"&{self.variants[call.shape]}"]
        places: list[int] = []
        for k in card.passed(node.attrs, self.model.graph.io(node)):
            first = call.reads[k][0] if k in call.reads else None
            arguments.append(self._pointer(band, node.inputs[k], first, True, places))
        arguments.append(self._pointer(band, node.outputs[0], call.first, False, places))
        name = f"{node.name} scratch"
        if name in self.offsets:
            arguments.append(glued(f"ISEUL_AT(void, m->arena, {self.offsets[name]})"))
        return _Line(f"{card.symbol}({', '.join(arguments)});", tuple(places))

    def _pointer(
        self, band: Band, value: str, row: int | None, const: bool, places: list[int]
    ) -> str:
        """A pointer to a row of a value, its place written as `{}`; None: to a constant."""
        if row is None:
            return glued(self.model.address(value, const))
        row_bytes = self.bands.row_bytes(value)
        if value in self.bands.held:
            at = self.offsets[value] + (row - band.starts[value]) * row_bytes
            return glued(self.model.pointer(value, const, "m->arena", at))
        places.append(row * row_bytes)
        return glued(self.model.address(value, const, "{}"))


def _run(lines: Sequence[Sequence[_Line]], at: int) -> tuple[int, list[tuple[int, ...]]]:
    """How many bands from `at` on differ in their places only, by equal steps; and these."""
    texts = [line.text for line in lines[at]]
    none = [(0,) * len(line.places) for line in lines[at]]
    if at + 1 == len(lines) or [line.text for line in lines[at + 1]] != texts:
        return 1, none
    steps = _steps(lines[at], lines[at + 1])
    n = 2
    while at + n < len(lines) and [line.text for line in lines[at + n]] == texts:
        if _steps(lines[at + n - 1], lines[at + n]) != steps:
            break
        n += 1
    return n, steps


def _steps(before: Sequence[_Line], after: Sequence[_Line]) -> list[tuple[int, ...]]:
    return [
        tuple(b - a for a, b in zip(one.places, other.places, strict=True))
        for one, other in zip(before, after, strict=True)
    ]


def _sum(place: int, step: int) -> str:
    """C text of `place + step * i`."""
    if not step:
        return str(place)
    moving = f"{step} * i"
    return f"{place} + {moving}" if place else moving
