# SPDX-License-Identifier: Apache-2.0
"""Kernels of SVDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _joined as joined
from iseul.compile.kernels import _recurrent as shared
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.svdf import BIAS, FEATURE, STATE, TIME, X, macs, scales
from iseul.numerics.requantize import wrap_int32

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Field, Fields, Rule
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.graph.ops.svdf import Attrs
    from iseul.numerics import Array

STATES = (X, STATE)


def _common(attrs: Attrs, io: Io) -> dict[str, Field]:
    batch, n_in = io.inputs[X].shape
    units = io.outputs[0].shape[1]
    kind = np.float32 if io.inputs[X].is_float else np.int32
    bias = io.inputs[BIAS].data if len(io.inputs) > BIAS else None
    return {
        "batch": batch,
        "in_size": n_in,
        "memory": io.inputs[TIME].shape[1],
        "units": units,
        "rank": attrs.rank,
        "feature": fields.data_of(io.inputs[FEATURE]),
        "time": fields.data_of(io.inputs[TIME]),
        "bias": np.zeros(units, kind) if bias is None else bias,
    }


def _scales(attrs: Attrs, io: Io) -> dict[str, Field]:
    first, last = scales(io)
    return {
        "state_multiplier": first[0],
        "state_shift": first[1],
        "multiplier": last[0],
        "shift": last[1],
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, attrs.activation),
    }


def cost_s8(attrs: Attrs, io: Io) -> int:
    """3.3 per MAC with features, 6 per MAC over time, 70 per filter, 50 per output."""
    batch, filters = io.inputs[X].shape[0], io.inputs[TIME].shape[0]
    over_time = 6 * batch * io.inputs[TIME].n_elements
    with_features = 33 * batch * io.inputs[FEATURE].n_elements // 10
    return with_features + over_time + 70 * batch * filters + 50 * io.outputs[0].n_elements


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_svdf_s8_t`."""
    return {
        **_common(attrs, io),
        "in_zero_point": zero_point(io.inputs[X]),
        "state_zero_point": zero_point(io.inputs[STATE]),
        **_scales(attrs, io),
    }


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_svdf_s16_t`."""
    return {
        **_common(attrs, io),
        "in_zero_point": zero_point(io.inputs[X]),
        **_scales(attrs, io),
    }


# --- rows joined two by two, for the DSP extension


def _filters(io: Io) -> tuple[Array, Array]:
    """Weights of the features, filled up to fours, and the biases that take zero points off."""
    rows = joined.filled(fields.data_of(io.inputs[FEATURE]), 4)
    return rows, wrap_int32(-zero_point(io.inputs[X]) * rows.astype(np.int64).sum(1))


def rows_can_be_joined(attrs: Attrs, io: Io) -> str | None:
    """of four filters each two have weights that fit into 16 bits together, sums into 24"""
    return "they do not" if joined.joinable_order(*_filters(io)) is None else None


def newest_have_a_bit_to_spare(attrs: Attrs, io: Io) -> str | None:
    """what goes into the memory fits into 31 bits, shifted left where its scale is 1 or more"""
    rows, bias = _filters(io)
    reach = int((128 * np.abs(rows.astype(np.int64)).sum(1) + np.abs(bias)).max())
    shift = scales(io)[0][1]
    return None if shared.is_narrow(reach, shift) else f"it reaches {reach:,} at 2^{shift}"


def outputs_are_scaled_down(attrs: Attrs, io: Io) -> str | None:
    """sums over the memory are scaled by less than 1/4 and by 2^-24 or more"""
    shift = scales(io)[1][1]
    return None if shift in dsp.SHIFTS else f"the scale is near 2^{shift}"


def _window(io: Io) -> int:
    """Values of the memory that are multiplied at once."""
    return 4 if io.inputs[STATE].dtype == "int8" else 2


def memory_fills_a_word(attrs: Attrs, io: Io) -> str | None:
    """a filter's memory takes four bytes or more"""
    n = io.inputs[TIME].shape[1]
    return f"it holds {n} of {io.inputs[STATE].dtype}" if n < _window(io) else None


def cost_joined(attrs: Attrs, io: Io) -> int:
    """0.9 per MAC with features, 9 per word of memory, 27 per filter, 20 per output."""
    filters, n = io.inputs[TIME].shape
    words = filters * -(-n // _window(io))
    with_features = 9 * filters * io.inputs[X].shape[1] // 10
    one = with_features + 9 * words + 27 * filters + 20 * io.outputs[0].shape[1]
    return io.inputs[X].shape[0] * one


def _pairs_over_time(io: Io) -> Array:
    """Weights over time as words: of windows that do not overlap, but for the last one, whose
    weights stand at its end.
    """
    weights = fields.data_of(io.inputs[TIME]).astype(np.int16)
    filters, n = weights.shape
    at_once = _window(io)
    whole = (n - 1) // at_once * at_once
    full = np.zeros((filters, whole + at_once), np.int16)
    full[:, :whole] = weights[:, :whole]
    full[:, whole + at_once - (n - whole) :] = weights[:, whole:]
    if at_once == 4:  # the pairs (0, 2) and (1, 3)
        full = full.reshape(filters, -1, 2, 2).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(full).reshape(-1).astype("<i2").view("<i4").astype(np.int32)


def emit_joined(attrs: Attrs, io: Io) -> Fields:
    """`iseul_svdf_dsp_t`."""
    common = _common(attrs, io)
    rows, offsets = _filters(io)
    order = joined.joinable_order(rows, offsets)
    assert order is not None
    feature = joined.fours_in_order(rows, offsets, order)
    first, (multiplier, shift) = scales(io)
    zero = zero_point(io.inputs[STATE])
    sums = fields.data_of(io.inputs[TIME]).astype(np.int64).sum(1).reshape(-1, attrs.rank).sum(1)
    bias = np.asarray(common["bias"]).astype(np.int64)
    return {
        **{name: common[name] for name in ("batch", "in_size", "memory", "units", "rank")},
        "feature": feature.reshape(-1),
        "time": _pairs_over_time(io),
        "bias": wrap_int32(bias - zero * sums).astype(np.int32),
        "state_zero_point": zero,
        "newest": shared.narrow(*first),
        "multiplier": multiplier,
        "shift": -1 - shift,
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, attrs.activation),
    }


def proofs_of_rows(attrs: Attrs, io: Io) -> tuple[Proof, ...]:
    """That rows are joined exactly, in the order in which they are."""
    rows, offsets = _filters(io)
    order = joined.joinable_order(rows, offsets)
    return () if order is None else (joined.proof(rows[order], offsets[order]),)


def bytes_of_sample(attrs: Attrs, io: Io) -> int:
    """A sample's input as 16-bit values, filled up to fours, and a word per filter."""
    filters, n_in = _filters(io)[0].shape
    return 2 * n_in + 4 * filters


def cost_f32(attrs: Attrs, io: Io) -> int:
    """6 per MAC, 40 per filter, 20 per output."""
    filters = io.inputs[X].shape[0] * io.inputs[TIME].shape[0]
    return 6 * macs(attrs, io) + 40 * filters + 20 * io.outputs[0].n_elements


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_svdf_f32_t`."""
    return {**_common(attrs, io), **fields.clamp_f32(attrs.activation)}


def state_is_int8(attrs: Attrs, io: Io) -> str | None:
    """the state is int8"""
    return _unless(io, "int8")


def state_is_int16(attrs: Attrs, io: Io) -> str | None:
    """the state is int16"""
    return _unless(io, "int16")


def _unless(io: Io, dtype: str) -> str | None:
    state = io.inputs[STATE]
    return None if state.dtype == dtype else f'"{state.name}" is {state.dtype}'


def _joined(kind: str, state_rule: Rule) -> tuple[Card, ...]:
    rules = (
        state_rule,
        memory_fills_a_word,
        outputs_are_scaled_down,
        rows_can_be_joined,
        newest_have_a_bit_to_spare,
    )
    return dsp.on_both(
        Card(
            f"iseul_svdf_{kind}_dsp",
            "iseul_svdf_dsp_t",
            rules,
            cost_joined,
            emit_joined,
            inputs=STATES,
            scratch_bytes=bytes_of_sample,
            in_place=((STATE, 1),),
            proofs=proofs_of_rows,
        )
    )


CARDS = (
    *_joined("s8", state_is_int8),
    *_joined("s16", state_is_int16),
    Card("iseul_svdf_s8", "iseul_svdf_s8_t", (state_is_int8,), cost_s8, emit_s8, inputs=STATES),
    Card("iseul_svdf_s16", "iseul_svdf_s16_t", (state_is_int16,), cost_s8, emit_s16, inputs=STATES),
    Card(
        "iseul_svdf_f32", "iseul_svdf_f32_t", (kinds("float32"),), cost_f32, emit_f32, inputs=STATES
    ),
)
