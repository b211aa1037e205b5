# SPDX-License-Identifier: Apache-2.0
"""Kernels of SVDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.svdf import BIAS, FEATURE, STATE, TIME, X, macs, scales

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Field, Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.svdf import Attrs

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


CARDS = (
    Card("iseul_svdf_s8", "iseul_svdf_s8_t", (state_is_int8,), cost_s8, emit_s8, inputs=STATES),
    Card("iseul_svdf_s16", "iseul_svdf_s16_t", (state_is_int16,), cost_s8, emit_s16, inputs=STATES),
    Card(
        "iseul_svdf_f32", "iseul_svdf_f32_t", (kinds("float32"),), cost_f32, emit_f32, inputs=STATES
    ),
)
