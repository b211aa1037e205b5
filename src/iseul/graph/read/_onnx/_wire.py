# SPDX-License-Identifier: Apache-2.0
"""Protocol Buffers' wire format, read with bounds checks: no schema compiler, no recursion.

A message is a run of (field number, wire type, payload). `Message` notes where its fields lie
when it is first asked for one and decodes them on demand, so a nested message costs nothing
until somebody looks into it, and nothing is copied but what is asked for.
Format: protobuf.dev/programming-guides/encoding. Groups (wire types 3 and 4) do not occur in ONNX.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_KINDS = {_VARINT: "a number", _FIXED64: "8 bytes", _BYTES: "a run of bytes", _FIXED32: "4 bytes"}
# Fields of one message: more are a file made to fill memory, not a model
_MOST_FIELDS = 1 << 18
_LONGEST_VARINT = 10


class Message:
    """A message inside a file.

    raw: its bytes; `what` names it in errors
    """

    def __init__(self, raw: memoryview, what: str) -> None:
        self.raw = raw
        self.what = what
        self._found: dict[int, list[tuple[int, Any]]] | None = None

    def _fields(self) -> dict[int, list[tuple[int, Any]]]:
        """{field number: [(wire type, payload)]}: payloads are ints or views of bytes."""
        if self._found is None:
            self._found = _scan(self.raw, self.what)
        return self._found

    def has(self, number: int) -> bool:
        return number in self._fields()

    def _all(self, number: int, wire: int) -> list[Any]:
        entries = self._fields().get(number, [])
        for found, _ in entries:
            if found != wire:
                raise DataError(
                    f"corrupt: field {number} of {self.what} is {_KINDS[found]}, "
                    f"must be {_KINDS[wire]}"
                )
        return [payload for _, payload in entries]

    def _last(self, number: int, wire: int) -> Any:
        entries = self._all(number, wire)
        return entries[-1] if entries else None

    def integer(self, number: int, default: int = 0) -> int:
        """A signed 64-bit number."""
        value = self._last(number, _VARINT)
        return default if value is None else _signed(value)

    def real(self, number: int, default: float = 0.0) -> float:
        """A float32."""
        value = self._last(number, _FIXED32)
        return default if value is None else float(struct.unpack("<f", value)[0])

    def data(self, number: int) -> memoryview:
        """Bytes as they stand in the file; empty if the field is absent."""
        value = self._last(number, _BYTES)
        return memoryview(b"") if value is None else value

    def text(self, number: int) -> str:
        return _text(self.data(number), self.what)

    def texts(self, number: int) -> list[str]:
        return [_text(raw, self.what) for raw in self._all(number, _BYTES)]

    def message(self, number: int, what: str) -> Message | None:
        """The nested message of a field, or None."""
        value = self._last(number, _BYTES)
        return None if value is None else Message(value, what)

    def messages(self, number: int, what: str) -> list[Message]:
        return [Message(raw, what) for raw in self._all(number, _BYTES)]

    def integers(self, number: int) -> NDArray[np.int64]:
        """Repeated numbers, packed or one by one."""
        parts: list[NDArray[np.int64]] = []
        loose: list[int] = []
        for wire, payload in self._fields().get(number, []):
            if wire == _VARINT:
                loose.append(_signed(payload))
            elif wire == _BYTES:
                parts += [np.array(loose, np.int64), _packed(payload, self.what)]
                loose = []
            else:
                raise DataError(f"corrupt: field {number} of {self.what} is {_KINDS[wire]}")
        return np.concatenate([*parts, np.array(loose, np.int64)])

    def reals(self, number: int, dtype: str = "<f4") -> NDArray[np.floating]:
        """Repeated float32 (`<f4`) or float64 (`<f8`), packed or one by one."""
        kind = np.dtype(dtype)
        wire = _FIXED32 if kind.itemsize == 4 else _FIXED64
        raws = []
        for found, payload in self._fields().get(number, []):
            if found not in (wire, _BYTES) or len(payload) % kind.itemsize:
                raise DataError(f"corrupt: field {number} of {self.what} is {_KINDS[found]}")
            raws.append(payload)
        if len(raws) == 1:
            return np.frombuffer(raws[0], kind)
        return np.frombuffer(b"".join(raws), kind)


def _scan(raw: memoryview, what: str) -> dict[int, list[tuple[int, Any]]]:
    found: dict[int, list[tuple[int, Any]]] = {}
    at, end, n = 0, len(raw), 0
    while at < end:
        key, at = _varint(raw, at, what)
        number, wire = key >> 3, key & 7
        payload: Any
        if wire == _VARINT:
            payload, at = _varint(raw, at, what)
        elif wire in (_BYTES, _FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
            if wire == _BYTES:
                size, at = _varint(raw, at, what)
            if size > end - at:
                raise DataError(f"cut: a field of {what} has {size} bytes, {end - at} are left")
            payload = raw[at : at + size]
            at += size
        else:
            raise DataError(f"corrupt: {what} has a field of wire type {wire}")
        n += 1
        if number == 0 or n > _MOST_FIELDS:
            raise DataError(f"corrupt: {what} has a field 0, or more than {_MOST_FIELDS} fields")
        found.setdefault(number, []).append((wire, payload))
    return found


def _varint(raw: memoryview, at: int, what: str) -> tuple[int, int]:
    """(unsigned 64-bit number at `at`, position behind it)."""
    value = 0
    for i, byte in enumerate(raw[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value & ((1 << 64) - 1), at + i + 1
    raise DataError(f"corrupt: {what} has a number without an end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _packed(raw: memoryview, what: str) -> NDArray[np.int64]:
    """Packed varints, all at once."""
    data = np.frombuffer(raw, np.uint8)
    ends = np.flatnonzero(data < 0x80)
    if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
        raise DataError(f"corrupt: {what} has a number without an end")
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])[: len(ends)]
    lengths = ends - starts + 1
    if lengths.max(initial=0) > _LONGEST_VARINT:
        raise DataError(f"corrupt: {what} has a number of more than {_LONGEST_VARINT} bytes")
    value = np.zeros(len(ends), np.uint64)
    for i in range(int(lengths.max(initial=0))):
        has = lengths > i
        bits = (data[starts[has] + i] & 0x7F).astype(np.uint64)
        value[has] |= bits << np.uint64(7 * i)
    return value.view(np.int64)


def _text(raw: memoryview, what: str) -> str:
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        raise DataError(f"corrupt: a name in {what} is not UTF-8") from None
