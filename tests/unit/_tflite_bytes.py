# SPDX-License-Identifier: Apache-2.0
"""A tiny writer of `.tflite` bytes, so that tests make the models they need.

Tables are dicts {field number: value}; a value is ("i4", 3), ("f4", 0.5), ("str", "name"),
("vec", "i4", [1, 2]), ("table", {...}) or ("tables", [{...}, ...]).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from iseul.graph.read import _tflite_schema as schema

_FORMATS = {"i1": "<b", "u1": "<B", "i4": "<i", "u4": "<I", "i8": "<q", "u8": "<Q", "f4": "<f"}
_TYPES = {name: i for i, name in enumerate(schema.TENSOR_TYPES)}


def encode(root: dict[int, Any], identifier: bytes = b"TFL3") -> bytes:
    """A FlatBuffer with this root table."""
    out = bytearray(8)
    out[4:8] = identifier
    _patch(out, 0, _table(out, root))
    return bytes(out)


def _align(out: bytearray, n: int) -> None:
    out.extend(b"\0" * (-len(out) % n))


def _patch(out: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", out, place, target - place)


def _table(out: bytearray, fields: dict[int, Any]) -> int:
    """Vtable, then the table; what it points at follows it, as offsets are unsigned."""
    offsets: dict[int, int] = {}
    size = 4
    for number, value in fields.items():
        width = struct.calcsize(_FORMATS[value[0]]) if value[0] in _FORMATS else 4
        size += -size % width
        offsets[number] = size
        size += width
    n_fields = max(fields, default=-1) + 1
    _align(out, 8)
    vtable = len(out)
    entries = [offsets.get(i, 0) for i in range(n_fields)]
    out += struct.pack(f"<{2 + n_fields}H", 4 + 2 * n_fields, size, *entries)
    _align(out, 8)
    start = len(out)
    out += struct.pack("<i", start - vtable) + b"\0" * (size - 4)
    for number, value in fields.items():
        place = start + offsets[number]
        if value[0] in _FORMATS:
            struct.pack_into(_FORMATS[value[0]], out, place, value[1])
        else:
            _patch(out, place, _child(out, value))
    return start


def _child(out: bytearray, value: tuple[Any, ...]) -> int:
    if value[0] == "table":
        return _table(out, value[1])
    if value[0] == "str":
        raw = value[1] if isinstance(value[1], bytes) else value[1].encode()
        return _bytes(out, len(raw), raw + b"\0")
    if value[0] == "vec":
        raw = np.asarray(value[2]).astype(f"<{value[1]}").tobytes()
        return _bytes(out, len(value[2]), raw)
    _align(out, 4)
    start = len(out)
    out += struct.pack("<I", len(value[1])) + b"\0" * (4 * len(value[1]))
    for i, fields in enumerate(value[1]):
        _patch(out, start + 4 + 4 * i, _table(out, fields))
    return start


def _bytes(out: bytearray, length: int, raw: bytes) -> int:
    out.extend(b"\0" * (-(len(out) + 4) % 16))  # constants lie at multiples of 16
    out += struct.pack("<I", length) + raw
    return len(out) - len(raw) - 4


def _raw(data: np.ndarray, dtype: str) -> np.ndarray:
    """The bytes of a constant; two int4 in each, the first in the low half."""
    if dtype != "int4":
        return np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), "u1")
    halves = data.reshape(-1).astype(int) % 16
    halves = np.append(halves, [0] * (halves.size % 2))
    return (halves[0::2] + 16 * halves[1::2]).astype("u1")


@dataclass
class Model:
    """Tensors and operators of one subgraph, in the order they are added.

    called: further subgraphs, which share buffers and codes
    """

    tensors: list[dict[int, Any]] = field(default_factory=list)
    buffers: list[dict[int, Any]] = field(default_factory=lambda: [{}])
    codes: list[dict[int, Any]] = field(default_factory=list)
    operators: list[dict[int, Any]] = field(default_factory=list)
    called: list[Model] = field(default_factory=list)

    def subgraph(self) -> Model:
        """A new subgraph behind the others; its number is that of all `called`."""
        self.called.append(Model(buffers=self.buffers, codes=self.codes))
        return self.called[-1]

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str = "int8",
        *,
        scale: Any = None,
        zero_point: Any = 0,
        axis: int = 0,
        data: Any = None,
        name: str | bytes = "",
        **more: Any,
    ) -> int:
        """Index of a new tensor; `more`: further fields of the table as `f5=("u1", 1)`."""
        buffer = 0
        if data is not None:
            raw = _raw(np.asarray(data), dtype)
            self.buffers.append({schema.Buffer.DATA: ("vec", "u1", raw)})
            buffer = len(self.buffers) - 1
        made: dict[int, Any] = {
            schema.Tensor.SHAPE: ("vec", "i4", list(shape)),
            schema.Tensor.TYPE: ("i1", _TYPES[dtype]),
            schema.Tensor.BUFFER: ("u4", buffer),
            schema.Tensor.NAME: ("str", name or f"t{len(self.tensors)}"),
        }
        if scale is not None:
            scales = np.atleast_1d(scale)
            points = np.broadcast_to(np.atleast_1d(zero_point), scales.shape)
            made[schema.Tensor.QUANTIZATION] = (
                "table",
                {2: ("vec", "f4", scales), 3: ("vec", "i8", points), 6: ("i4", axis)},
            )
        made |= {int(key[1:]): value for key, value in more.items()}
        self.tensors.append(made)
        return len(self.tensors) - 1

    def operator(
        self,
        kind: str,
        inputs: list[int],
        outputs: list[int],
        options: dict[int, Any] | None = None,
        union: int = 0,
    ) -> None:
        """Add an operator; `options` with the number of their kind in BuiltinOptions."""
        number = schema.OPERATORS.index(kind)
        narrow = min(number, schema.PLACEHOLDER)
        self.codes.append({0: ("i1", narrow), 2: ("i4", 1), 3: ("i4", number)})
        made: dict[int, Any] = {
            0: ("u4", len(self.codes) - 1),
            1: ("vec", "i4", inputs),
            2: ("vec", "i4", outputs),
        }
        if options is not None:
            made |= {3: ("u1", union), 4: ("table", options)}
        self.operators.append(made)

    def custom(
        self, kind: str, inputs: list[int], outputs: list[int], options: bytes = b""
    ) -> None:
        """Add an operator that has a name of its own; `options` as its kernel wants them."""
        self.codes.append({0: ("i1", schema.CUSTOM), 1: ("str", kind), 3: ("i4", schema.CUSTOM)})
        self.operators.append(
            {
                0: ("u4", len(self.codes) - 1),
                1: ("vec", "i4", inputs),
                2: ("vec", "i4", outputs),
                5: ("vec", "u1", list(options)),
            }
        )

    def _subgraph(self, inputs: list[int], outputs: list[int]) -> dict[int, Any]:
        return {
            0: ("tables", self.tensors),
            1: ("vec", "i4", inputs),
            2: ("vec", "i4", outputs),
            3: ("tables", self.operators),
            4: ("str", "main"),
        }

    def encode(self, inputs: list[int], outputs: list[int], n_subgraphs: int = 1) -> bytes:
        """The file's bytes. n_subgraphs: how often the first one is there, before those called."""
        subgraphs = [self._subgraph(inputs, outputs)] * n_subgraphs
        subgraphs += [other._subgraph([], []) for other in self.called]
        return encode(
            {
                0: ("u4", schema.VERSION),
                1: ("tables", self.codes),
                2: ("tables", subgraphs),
                3: ("str", "made by a test"),
                4: ("tables", self.buffers),
            }
        )
