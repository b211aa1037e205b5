# SPDX-License-Identifier: Apache-2.0
"""A tiny writer of FlexBuffers: maps of numbers, as the options of custom ops are."""

from __future__ import annotations

import struct

_BOOL, _INT, _FLOAT, _MAP = 26, 1, 3, 9


def encode(numbers: dict[str, int | float | bool]) -> bytes:
    """A map, its keys sorted; whole numbers take 4 bytes each, as do floats."""
    out, starts = bytearray(), {}
    for key in sorted(numbers):
        starts[key] = len(out)
        out += key.encode() + b"\0"
    out.extend(b"\0" * (-len(out) % 4))
    out += struct.pack("<I", len(numbers))
    keys = len(out)
    for key in sorted(numbers):
        out += struct.pack("<I", len(out) - starts[key])
    out += struct.pack("<III", len(out) - keys, 4, len(numbers))
    values = len(out)
    for _, value in sorted(numbers.items()):
        out += struct.pack("<f" if isinstance(value, float) else "<i", value)
    for _, value in sorted(numbers.items()):
        kind = _BOOL if isinstance(value, bool) else _FLOAT if isinstance(value, float) else _INT
        out.append(kind << 2 | 2)
    place = len(out)
    return bytes(out) + bytes([place - values, _MAP << 2 | 2, 1])
