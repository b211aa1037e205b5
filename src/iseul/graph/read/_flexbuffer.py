# SPDX-License-Identifier: Apache-2.0
"""A small FlexBuffers reader that trusts nothing: the options of custom ops, maps of numbers.

A FlexBuffer ends with its root: the value, its packed type, its width in bytes. A map is a
vector of values with their packed types behind them and, in front of its length, the width and
the place of the vector of its keys; places are distances backwards. Nothing is followed deeper
than one map, and there are limits on entries and keys, so no file can make it work for long.

Format: https://flatbuffers.dev/flexbuffers/ . The code is our own.
"""

from __future__ import annotations

import struct

from iseul.core.errors import DataError

_INT, _UINT, _FLOAT, _INDIRECT_INT, _INDIRECT_UINT, _INDIRECT_FLOAT = 1, 2, 3, 6, 7, 8
_MAP, _BOOL = 9, 26
_FORMATS = {_INT: "bhiq", _UINT: "BHIQ", _FLOAT: " efd", _BOOL: "BHIQ"}
_DIRECT = {_INDIRECT_INT: _INT, _INDIRECT_UINT: _UINT, _INDIRECT_FLOAT: _FLOAT}
_MOST_ENTRIES = 256
_LONGEST_KEY = 64


def numbers(data: bytes) -> dict[str, int | float]:
    """The numbers of a map by their keys; entries of other kinds are left out.

    Raises DataError if the bytes are not a map.
    """
    if not data:
        return {}
    width, kind = _byte(data, len(data) - 1), _byte(data, len(data) - 2)
    if width not in (1, 2, 4, 8) or kind >> 2 != _MAP:
        raise DataError("corrupt: the options are no map of FlexBuffers")
    place = len(data) - 2 - width
    values = _behind(data, place, width)
    width = 1 << (kind & 3)
    count = _unsigned(data, values - width, width)
    if count > _MOST_ENTRIES:
        raise DataError(f"corrupt: options with {count} entries, must be at most {_MOST_ENTRIES}")
    key_width = _unsigned(data, values - 2 * width, width)
    if key_width not in (1, 2, 4, 8):
        raise DataError(f"corrupt: keys of options take {key_width} bytes each")
    keys = _behind(data, values - 3 * width, width)
    found: dict[str, int | float] = {}
    for i in range(count):
        key = _string(data, _behind(data, keys + i * key_width, key_width))
        number = _number(data, values + i * width, width, _byte(data, values + count * width + i))
        if number is not None:
            found[key] = number
    return found


def _number(data: bytes, place: int, width: int, packed: int) -> int | float | None:
    kind = packed >> 2
    if kind in _DIRECT:
        place, width, kind = _behind(data, place, width), 1 << (packed & 3), _DIRECT[kind]
    forms = _FORMATS.get(kind)
    form = forms[width.bit_length() - 1] if forms else " "
    if form == " ":
        return None
    number: int | float = struct.unpack(f"<{form}", _span(data, place, width))[0]
    return number


def _span(data: bytes, start: int, n_bytes: int) -> bytes:
    if start < 0 or start + n_bytes > len(data):
        raise DataError(f"corrupt: offset {start} lies outside of {len(data)} bytes of options")
    return data[start : start + n_bytes]


def _byte(data: bytes, place: int) -> int:
    return _span(data, place, 1)[0]


def _unsigned(data: bytes, place: int, width: int) -> int:
    return int.from_bytes(_span(data, place, width), "little")


def _behind(data: bytes, place: int, width: int) -> int:
    """What the distance at a place points back at."""
    return place - _unsigned(data, place, width)


def _string(data: bytes, start: int) -> str:
    raw = data[max(start, 0) : max(start, 0) + _LONGEST_KEY]
    end = raw.find(b"\0")
    if start < 0 or end < 0:
        raise DataError("corrupt: a key of the options has no end")
    return raw[:end].decode("utf-8", "replace")
