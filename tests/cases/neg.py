# SPDX-License-Identifier: Apache-2.0
"""Cases of neg."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, int8_case, int16_case, plain_case, ramp, real_case, wrapped
from cases._scalar import Op

_WRAPS = {"fake_quantize": "the lowest integer has no negative and stays"}

CASES = (
    int8_case("neg", "int8", (0.05, 0), (0.05, 0), skips=_WRAPS),
    int16_case("neg", "int16", (3.1e-4, 0), (3.1e-4, 0), skips=_WRAPS),
    plain_case("neg"),
    real_case("neg", ramp(-9, 9)),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: -x)
    bits = {"int8": 8, "int16": 16, "int32": 32}[op.out.dtype]
    return each(op, lambda q: wrapped(-q, bits))
