# SPDX-License-Identifier: Apache-2.0
"""The cards of comparisons: one kernel per number kind, for every relation.

A relation is the set of outcomes that it holds for; bools are compared by a table of truth.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.graph.ops import _comparing as comparing
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.graph.ir import Io

_RELATIONS = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
}
# (bit of `wanted`, a pair of numbers with that outcome)
_OUTCOMES = ((0, (float("nan"), 0.0)), (1, (0.0, 1.0)), (2, (0.0, 0.0)), (4, (1.0, 0.0)))


def cards(op: str) -> tuple[Card, ...]:
    """The cards of a comparison."""
    relation = _RELATIONS[op]
    wanted = sum(int(relation(*pair)) << bit for bit, pair in _OUTCOMES)
    truth = sum(int(relation(a, b)) << (2 * a + b) for a in (0, 1) for b in (0, 1))

    def emit(attrs: Any, io: Io) -> Fields:
        return {"wanted": wanted}

    def emit_scaled(attrs: Any, io: Io) -> Fields:
        a, b = io.inputs
        first, second = comparing.multiplier(a), comparing.multiplier(b)
        return {
            "left_shift": comparing.LEFT_SHIFT,
            "a_zero_point": zero_point(a),
            "a_multiplier": first[0],
            "a_shift": first[1],
            "b_zero_point": zero_point(b),
            "b_multiplier": second[0],
            "b_shift": second[1],
            "wanted": wanted,
        }

    def emit_truth(attrs: Any, io: Io) -> Fields:
        return {"truth": truth}

    scaled, plain = "iseul_compare_scaled_t", "iseul_compare_t"
    return (
        binary.card("iseul_compare_s8", scaled, ("int8", "int8", "bool"), 64, emit_scaled),
        binary.card("iseul_compare_s16", scaled, ("int16", "int16", "bool"), 64, emit_scaled),
        binary.card("iseul_compare_s32", plain, ("int32", "int32", "bool"), 21, emit),
        binary.card("iseul_compare_s64", plain, ("int64", "int64", "bool"), 27, emit),
        binary.card("iseul_compare_f32", plain, ("float32", "float32", "bool"), 24, emit),
        binary.card("iseul_logical", "iseul_logical_t", ("bool",), 16, emit_truth),
    )
