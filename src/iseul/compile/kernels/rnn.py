# SPDX-License-Identifier: Apache-2.0
"""Kernels of simple recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _recurrent as shared
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops.rnn import BIAS, RECURRENT, WEIGHTS, Attrs, macs

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.numerics.affine import Activation

_CODES = {"tanh": 1, "sigmoid": 2}  # ISEUL_RNN_TANH, ISEUL_RNN_LOGISTIC; clamps are 0


def _size(io: Io) -> int:
    return io.inputs[BIAS].shape[0]


def cost_f32(attrs: Attrs, io: Io) -> int:
    """6 per MAC, 110 per unit and step."""
    return 6 * macs(attrs, io) + 110 * shared.calls(attrs, io) * _size(io)


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_rnn_f32_t`."""
    is_clamp = attrs.function not in _CODES
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        "weights": fields.data_of(io.inputs[WEIGHTS]),
        "recurrent": fields.data_of(io.inputs[RECURRENT]),
        "bias": fields.data_of(io.inputs[BIAS]),
        "function": _CODES.get(attrs.function, 0),
        **fields.clamp_f32(cast("Activation", attrs.function) if is_clamp else "none"),
    }


CARDS = (
    Card(
        "iseul_rnn_f32",
        "iseul_rnn_f32_t",
        (kinds("float32"),),
        cost_f32,
        emit_f32,
        inputs=(0, 1),
    ),
)
REMEDY = "leave the layer float32, or use an LSTM, which has integer kernels"
