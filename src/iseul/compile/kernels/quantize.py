# SPDX-License-Identifier: Apache-2.0
"""Kernels of quantize: reals to integers, integers to those of another quantization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._clamping import REQUANTIZE
from iseul.compile.kernels._each import each, emit_n
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._quantized import quant_of, zero_point
from iseul.graph.ops.quantize import OUTPUTS

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import DType, Io
    from iseul.graph.ops.quantize import Attrs


def cost_float(attrs: Any, io: Io) -> int:
    """40 per value; the division is one of them."""
    return 40 * io.outputs[0].n_elements


def emit_float(attrs: Any, io: Io) -> Fields:
    """`iseul_affine_t` of the output."""
    out = io.outputs[0]
    return {
        "n": out.n_elements,
        "scale": float(quant_of(out).scale[0]),
        "zero_point": zero_point(out),
    }


def emit_requantize(attrs: Any, io: Io) -> Fields:
    """`iseul_requantize_t`."""
    return fields.rescale_s8(io, "none")


def same_reals(attrs: Attrs, io: Io) -> str | None:
    """scales are equal and zero points differ by 128"""
    first, last = (quant_of(v) for v in (*io.inputs, *io.outputs))
    apart = abs(first.zero_point[0] - last.zero_point[0])
    return None if first.scale == last.scale and apart == 128 else f"{first}, {last}"


def halves_away(attrs: Attrs, io: Io) -> str | None:
    """halves are rounded away from zero"""
    return None if attrs.rounding == "away" else attrs.rounding


def halves_to_even(attrs: Attrs, io: Io) -> str | None:
    """halves are rounded to even"""
    return None if attrs.rounding == "even" else attrs.rounding


def _of_floats(suffix: str, dtype: DType) -> tuple[Card, ...]:
    return tuple(
        Card(symbol, "iseul_affine_t", (kinds("float32", dtype), rule), cost_float, emit_float)
        for symbol, rule in (
            (f"iseul_quantize_{suffix}", halves_away),
            (f"iseul_quantize_even_{suffix}", halves_to_even),
        )
    )


_SHORT: dict[DType, str] = {"int8": "s8", "uint8": "u8", "int16": "s16", "int32": "s32"}


def _of_integers(first: DType, last: DType) -> Card:
    name = _SHORT[first] if first == last else f"{_SHORT[first]}_{_SHORT[last]}"
    symbol = f"iseul_requantize_{name}"
    return each(symbol, "iseul_requantize_t", (first, last), REQUANTIZE, emit_requantize)


CARDS = (
    lookup("quantize"),
    each("iseul_flip_8", "iseul_each_t", ("uint8", "int8"), 5, emit_n, same_reals),
    each("iseul_flip_8", "iseul_each_t", ("int8", "uint8"), 5, emit_n, same_reals),
    *(
        _of_integers(first, last)
        for first, others in OUTPUTS.items()
        for last in others
        if first != "float32"
    ),
    *_of_floats("s8", "int8"),
    *_of_floats("u8", "uint8"),
    *_of_floats("s16", "int16"),
)
