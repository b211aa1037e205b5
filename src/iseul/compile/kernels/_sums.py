# SPDX-License-Identifier: Apache-2.0
"""The cards of add and sub: int8 and int16 share a kernel, which has a sign for b."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _mve as mve
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._overlap import value_by_value
from iseul.compile.proofs import LinearSum
from iseul.graph.ir import Io
from iseul.graph.ops._addition import integers, multipliers
from iseul.graph.ops._quantized import quant_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Fields
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Value
    from iseul.numerics import Array


def table(io: Io, sign: int, low: int, high: int) -> Array:
    """The op's results of all pairs of int8, (256, 256), clamped."""
    every = np.arange(-128, 128)
    return np.clip(integers(every[:, None], every[None, :], io, sign), low, high)


@lru_cache(maxsize=64)
def _proof(a: Value, b: Value, out: Value, sign: int, low: int, high: int) -> LinearSum | None:
    io = Io((a, b), (out,))
    factors = [float(quant_of(v).scale[0]) / float(quant_of(out).scale[0]) for v in (a, b)]
    wanted = table(io, sign, low, high)
    form = prove.linear(wanted, factors[0], sign * factors[1], low, high)
    return LinearSum(form, wanted) if form else None


def linear_form(attrs: Any, io: Io, sign: int) -> LinearSum | None:
    """The proven linear form of an int8 addition, if there is one."""
    clamp = fields.clamp_s8(io, binary.activation_of(attrs))
    return _proof(*io.inputs, io.outputs[0], sign, clamp["low"], clamp["high"])


def one_shape(attrs: Any, io: Io) -> str | None:
    """operands and result have one shape"""
    shapes = [value.shape for value in (*io.inputs, *io.outputs)]
    return None if len(set(shapes)) == 1 else f"they are {shapes}"


def linear_card(form_of: Callable[[Any, Io], LinearSum | None]) -> Card:
    """One multiplication per operand, where that is proven.

    form_of: gives the proven linear form, if there is one
    """

    def is_linear(attrs: Any, io: Io) -> str | None:
        """a linear form gives the same results for all pairs of int8"""
        return None if form_of(attrs, io) else "none was found"

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_linear_t`."""
        found = form_of(attrs, io)
        assert found is not None, "the rule says so"
        form = found.form
        return {
            "n": io.outputs[0].n_elements,
            "a_factor": form.a,
            "b_factor": form.b,
            "constant": form.constant,
            "shift": form.shift,
            "low": form.low,
            "high": form.high,
        }

    def proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
        found = form_of(attrs, io)
        return (found,) if found is not None else ()

    def cost(attrs: Any, io: Io) -> int:
        """8.3 per value."""
        return 83 * io.outputs[0].n_elements // 10 + 30

    return Card(
        "iseul_add_linear_s8",
        "iseul_linear_t",
        (binary.operands("int8"), one_shape, is_linear),
        cost,
        emit,
        inputs=(0, 1),
        overlap=value_by_value,
        proofs=proofs,
    )


def sums(op: str, b_sign: int) -> tuple[Card, ...]:
    """The cards of `op`, which adds b_sign * b."""

    def emit(attrs: Any, io: Io) -> Fields:
        return binary.aligned(attrs, io, multipliers, b_sign)

    clamp, real = binary.plain_clamp, binary.real_clamp
    linear = linear_card(partial(linear_form, sign=b_sign))
    return (
        binary.lookup(op),
        mve.linear(linear),
        linear,
        binary.card("iseul_add_s8", "iseul_aligned_t", ("int8",), 75, emit),
        binary.card("iseul_add_s16", "iseul_aligned_t", ("int16",), 69, emit),
        binary.card(f"iseul_{op}_s32", "iseul_plain_t", ("int32",), 17, clamp),
        binary.card(f"iseul_{op}_f32", "iseul_real_pair_t", ("float32",), 19, real),
    )
