# SPDX-License-Identifier: Apache-2.0
"""The cards of add and sub: int8 and int16 share a kernel, which has a sign for b."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.graph.ops._addition import multipliers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.graph.ir import Io


def sums(op: str, b_sign: int) -> tuple[Card, ...]:
    """The cards of `op`, which adds b_sign * b."""

    def emit(attrs: Any, io: Io) -> Fields:
        return binary.aligned(attrs, io, multipliers, b_sign)

    clamp, real = binary.plain_clamp, binary.real_clamp
    return (
        binary.lookup(op),
        binary.card("iseul_add_s8", "iseul_aligned_t", ("int8",), 75, emit),
        binary.card("iseul_add_s16", "iseul_aligned_t", ("int16",), 69, emit),
        binary.card(f"iseul_{op}_s32", "iseul_plain_t", ("int32",), 17, clamp),
        binary.card(f"iseul_{op}_f32", "iseul_real_pair_t", ("float32",), 19, real),
    )
