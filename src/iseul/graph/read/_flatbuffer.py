# SPDX-License-Identifier: Apache-2.0
"""A small FlatBuffers reader that trusts nothing: every offset is checked against the file.

A FlatBuffer is tables, vectors and strings that point to each other by relative offsets. A
table's fields are found through its vtable by number (`_tflite_schema.py` has the numbers).
Nothing here follows pointers on its own, so there is no recursion. A hostile file could point
many times at the same bytes and so ask for far more memory than it is long; therefore all that
is read is counted, and reading more than a few times the file's length is an error.

Format: https://flatbuffers.dev/internals/ . The code is our own, so no schema compiler is needed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.core.errors import DataError

if TYPE_CHECKING:
    from iseul.numerics import Array

Kind = Literal["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]

_FORMATS: dict[str, struct.Struct] = {
    "bool": struct.Struct("<B"),
    "i1": struct.Struct("<b"),
    "u1": struct.Struct("<B"),
    "i2": struct.Struct("<h"),
    "u2": struct.Struct("<H"),
    "i4": struct.Struct("<i"),
    "u4": struct.Struct("<I"),
    "i8": struct.Struct("<q"),
    "u8": struct.Struct("<Q"),
    "f4": struct.Struct("<f"),
    "f8": struct.Struct("<d"),
}

# an honest file is read about once; shared vectors and buffers are read a few times
_READS_PER_BYTE = 4
_READS_FREE = 1 << 16
_TABLE_BYTES = 16  # what reading one table of a vector counts for
_STRING_BYTES = 4096  # longer names are cut


@dataclass
class Source:
    """The bytes of a file, and how many more may be read from them."""

    data: bytes
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = _READS_PER_BYTE * len(self.data) + _READS_FREE

    def number(self, position: int, kind: Kind) -> int | float:
        """The number at a position. Raises DataError if it lies outside the file."""
        form = _FORMATS[kind]
        if position < 0 or position + form.size > len(self.data):
            raise DataError(
                f"corrupt or truncated: offset {position} points outside the file "
                f"of {len(self.data)} bytes"
            )
        number: int | float = form.unpack_from(self.data, position)[0]
        return number

    def integer(self, position: int, kind: Kind) -> int:
        """`number` for integer kinds."""
        return int(self.number(position, kind))

    def spend(self, n_bytes: int) -> None:
        """Count bytes as read. Raises DataError when the file asks for far more than it holds."""
        self.left -= n_bytes
        if self.left < 0:
            raise DataError("corrupt: the file points at the same bytes again and again")

    def span(self, start: int, n_bytes: int) -> memoryview:
        """Bytes of the file, not copied. Raises DataError if they lie outside."""
        if start < 0 or n_bytes < 0 or start + n_bytes > len(self.data):
            raise DataError(
                f"corrupt or truncated: {n_bytes} bytes at offset {start} lie outside the file "
                f"of {len(self.data)} bytes"
            )
        self.spend(n_bytes)
        return memoryview(self.data)[start : start + n_bytes]


@dataclass(frozen=True)
class Table:
    """A table: fields by number, absent ones at their default."""

    source: Source
    position: int
    vtable: int
    vtable_bytes: int

    def _at(self, number: int) -> int | None:
        """Position of a field's value, None if the table does not have the field."""
        entry = 4 + 2 * number
        if entry + 2 > self.vtable_bytes:
            return None
        offset = self.source.integer(self.vtable + entry, "u2")
        return self.position + offset if offset else None

    def _follow(self, number: int) -> int | None:
        """Position that an offset field points at."""
        at = self._at(number)
        return None if at is None else at + self.source.integer(at, "u4")

    def has(self, number: int) -> bool:
        """Whether the file states the field."""
        return self._at(number) is not None

    def integer(self, number: int, kind: Kind, default: int = 0) -> int:
        """An integer field."""
        at = self._at(number)
        return default if at is None else self.source.integer(at, kind)

    def real(self, number: int, default: float = 0.0) -> float:
        """A float32 field."""
        at = self._at(number)
        return default if at is None else float(self.source.number(at, "f4"))

    def flag(self, number: int, default: bool = False) -> bool:
        """A bool field."""
        return self.integer(number, "bool", int(default)) != 0

    def table(self, number: int) -> Table | None:
        """A table field."""
        at = self._follow(number)
        return None if at is None else _table(self.source, at)

    def string(self, number: int) -> str:
        """A string field, empty if absent; what is not UTF-8 is replaced, long ones are cut."""
        at = self._follow(number)
        if at is None:
            return ""
        length = self.source.integer(at, "u4")
        raw = self.source.span(at + 4, length)
        return bytes(raw[:_STRING_BYTES]).decode("utf-8", "replace")

    def vector(self, number: int, kind: Kind) -> Array:
        """A vector of numbers as a read-only view of the file; empty if absent."""
        dtype = np.dtype("u1" if kind == "bool" else f"<{kind}")
        at = self._follow(number)
        if at is None:
            return np.zeros(0, dtype)
        length = self.source.integer(at, "u4")
        return np.frombuffer(self.source.span(at + 4, length * dtype.itemsize), dtype)

    def tables(self, number: int) -> list[Table]:
        """A vector of tables; empty if absent."""
        at = self._follow(number)
        if at is None:
            return []
        length = self.source.integer(at, "u4")
        self.source.spend(length * _TABLE_BYTES)
        places = range(at + 4, at + 4 + 4 * length, 4)
        return [_table(self.source, place + self.source.integer(place, "u4")) for place in places]


def root(data: bytes, identifier: bytes) -> Table:
    """The root table of a file whose bytes 4 to 8 are `identifier`. Raises DataError."""
    if len(data) < 8 or data[4:8] != identifier:
        raise DataError(
            f"bytes 4 to 8 are {data[4:8]!r}, must be {identifier!r}",
            "is it a file of this kind, downloaded whole?",
        )
    source = Source(data)
    return _table(source, source.integer(0, "u4"))


def empty(source: Source) -> Table:
    """A table that states no field, so that all read as their defaults."""
    return Table(source, 0, 0, 0)


def _table(source: Source, position: int) -> Table:
    vtable = position - source.integer(position, "i4")
    n_bytes = source.integer(vtable, "u2")
    if n_bytes < 4 or vtable + n_bytes > len(source.data):
        raise DataError(f"corrupt or truncated: no table at offset {position}")
    return Table(source, position, vtable, n_bytes)
