# SPDX-License-Identifier: Apache-2.0
"""Kernels of gated recurrent units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _recurrent as shared
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops.gru import BIASES, RECURRENT, WEIGHTS, Attrs, macs

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def _size(io: Io) -> int:
    return io.inputs[BIASES.start].shape[0]


def cost_f32(attrs: Attrs, io: Io) -> int:
    """6 per MAC, 350 per unit and step."""
    return 6 * macs(attrs, io) + 350 * shared.calls(attrs, io) * _size(io)


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_gru_f32_t`."""
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        "weights": shared.by_unit(io.inputs[WEIGHTS]),
        "recurrent": shared.by_unit(io.inputs[RECURRENT]),
        "bias": shared.by_unit(io.inputs[BIASES]),
        "is_linear_before_reset": int(attrs.linear_before_reset),
    }


def scratch_bytes(attrs: Attrs, io: Io) -> int:
    """A float per unit: the reset gates."""
    return 4 * _size(io)


CARDS = (
    Card(
        "iseul_gru_f32",
        "iseul_gru_f32_t",
        (kinds("float32"),),
        cost_f32,
        emit_f32,
        inputs=(0, 1),
        scratch_bytes=scratch_bytes,
    ),
)
REMEDY = "leave the layer float32, or use an LSTM, which has integer kernels"
