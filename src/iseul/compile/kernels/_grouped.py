# SPDX-License-Identifier: Apache-2.0
"""Cards of the general convolution kernels, for conv2d, depthwise_conv2d and fully_connected.

To these kernels a depthwise convolution has groups of one channel, and a fully connected op is a
window of one tap over a batch of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._hybrid import is_dynamic
from iseul.graph.ops._quantized import quant_of, zero_point
from iseul.numerics.affine import pack_nibbles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.compile.kernels._card import Cost, Fields, Rule
    from iseul.graph.ir import DType, Io
    from iseul.numerics import Array
    from iseul.targets._target import Core

    Arrange = Callable[[Any, Io], "Arranged"]
    Overlap = Callable[[Any, Io], Mapping[int, int]]


def centred(attrs: Any, io: Io) -> str | None:
    """weights have zero point 0"""
    return "they have others" if any(quant_of(io.inputs[1]).zero_point) else None


def sums_in_two_parts(attrs: Any, io: Io) -> str | None:
    """weights with zero points have less than 32,768 taps per output"""
    weights = io.inputs[1]
    n_taps = weights.n_elements // max(1, io.outputs[0].shape[-1])
    return f"{n_taps:,} taps" if n_taps >= 1 << 15 and centred(attrs, io) is not None else None


def weights_of(*dtypes: DType) -> Rule:
    """The rule that weights have one of these dtypes."""

    def rule(attrs: Any, io: Io) -> str | None:
        weights = io.inputs[1]
        return None if weights.dtype in dtypes else f'"{weights.name}" is {weights.dtype}'

    rule.__doc__ = f"weights are {' or '.join(dtypes)}"
    return rule


def quantizes_samples(attrs: Any, io: Io) -> str | None:
    """samples are quantized at run time"""
    return None if is_dynamic(attrs) else "they stay floats"


def keeps_samples(attrs: Any, io: Io) -> str | None:
    """samples stay floats"""
    return "they are quantized at run time" if is_dynamic(attrs) else None


def linear_costs(
    n_macs: Callable[[Any, Io], int], m0plus: tuple[float, int], riscv: tuple[float, int]
) -> dict[Core, Cost]:
    """Costs of plain int8 kernels on small cores: (per MAC, per output) of each."""

    def cost_of(per_mac: float, per_output: int) -> Cost:
        def cost(attrs: Any, io: Io) -> int:
            return int(per_mac * n_macs(attrs, io)) + per_output * io.outputs[0].n_elements

        return cost

    return {"cortex-m0plus": cost_of(*m0plus), "riscv32imc": cost_of(*riscv)}


INT8 = (kinds("int8"), weights_of("int8"))
FLOATS = (kinds("float32"), weights_of("float32"))
HYBRID = (kinds("float32"), weights_of("int8", "int4"))


@dataclass(frozen=True, eq=False)
class Arranged:
    """An op as a convolution in groups.

    window:    `iseul_window_t`
    group_in:  input channels per group
    group_out: output channels per group
    weights:   (out_c, kernel_h, kernel_w, group_in), a view of the op's own
    """

    window: dict[str, int]
    group_in: int
    group_out: int
    weights: Array

    @property
    def groups(self) -> dict[str, int]:
        """`iseul_groups_t`."""
        return {"group_in": self.group_in, "group_out": self.group_out}

    @property
    def n_outputs(self) -> int:
        w = self.window
        return w["batch"] * w["out_h"] * w["out_w"] * w["out_c"]

    @property
    def n_runs(self) -> int:
        """Runs of the innermost loop: rows of each window, or taps."""
        dense = self.window["dilation_w"] == 1 and self.group_in == self.window["in_c"]
        taps = self.window["kernel_h"] * (1 if dense else self.window["kernel_w"])
        return self.n_outputs * taps

    @property
    def n_macs(self) -> int:
        return self.n_outputs * int(np.prod(self.weights.shape[1:]))


def of_conv2d(attrs: Any, io: Io) -> Arranged:
    """conv2d."""
    weights = fields.data_of(io.inputs[1])
    n_out, kernel_h, kernel_w, group_in = weights.shape
    groups = io.inputs[0].shape[3] // group_in
    window = fields.window(attrs, io, (kernel_h, kernel_w))
    return Arranged(window, group_in, n_out // groups, weights)


def of_depthwise_conv2d(attrs: Any, io: Io) -> Arranged:
    """depthwise_conv2d: a group per input channel."""
    weights = fields.data_of(io.inputs[1]).transpose(3, 1, 2, 0)
    window = fields.window(attrs, io, (weights.shape[1], weights.shape[2]))
    return Arranged(window, 1, weights.shape[0] // io.inputs[0].shape[3], weights)


def of_fully_connected(attrs: Any, io: Io) -> Arranged:
    """fully_connected: one tap, a batch of rows."""
    weights = fields.data_of(io.inputs[1])
    n_out, n_in = weights.shape
    window = dict.fromkeys(fields.WINDOW, 1) | {"pad_top": 0, "pad_left": 0}
    window |= {"batch": io.outputs[0].n_elements // n_out, "in_c": n_in, "out_c": n_out}
    return Arranged(window, n_in, n_out, weights.reshape(n_out, 1, 1, n_in))


def cards(arrange: Arrange, overlap: Overlap) -> tuple[Card, ...]:
    """The general cards of an op that `arrange` makes a convolution in groups.

    overlap: how far its output may lie over its input, position by position
    """

    def n_macs(attrs: Any, io: Io) -> int:
        return arrange(attrs, io).n_macs

    def emit_s8(attrs: Any, io: Io) -> Fields:
        """`iseul_grouped_conv_s8_t`."""
        made = arrange(attrs, io)
        n = made.window["out_c"]
        return {
            "window": made.window,
            "groups": made.groups,
            "weights": made.weights,
            "weights_zero_point": np.array(quant_of(io.inputs[1]).zero_point, np.int8),
            "bias": fields.bias(io, n),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": fields.output_s8(io, attrs.activation, n),
        }

    def emit_s4(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_s4_t`."""
        return {**emit_s8(attrs, io), "weights": pack_nibbles(arrange(attrs, io).weights)}

    def emit_s16(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_s16_t`."""
        made = arrange(attrs, io)
        n = made.window["out_c"]
        return {
            "window": made.window,
            "groups": made.groups,
            "weights": made.weights,
            "bias": fields.bias_s16(io, n),
            "output": fields.output_s16(io, attrs.activation, n),
        }

    def emit_f32_s8(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_f32_s8_t`."""
        made = arrange(attrs, io)
        quant = quant_of(io.inputs[1])
        return {
            "window": made.window,
            "groups": made.groups,
            "weights": made.weights,
            "scale": np.array(quant.scale, np.float32),
            "zero_point": np.array(quant.zero_point, np.int8),
            "bias": fields.bias(io, made.window["out_c"]),
            "step": int(len(quant.scale) > 1),
            **fields.clamp_f32(attrs.activation),
        }

    def emit_dynamic(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_dynamic_t`."""
        given = dict(emit_f32_s8(attrs, io))
        names = ("window", "groups", "weights", "scale", "bias", "step")
        return {
            **{name: given[name] for name in names},
            "is_asymmetric": int(attrs.input_quantization == "asymmetric"),
            **fields.clamp_f32(attrs.activation),
        }

    def sample_bytes(attrs: Any, io: Io) -> int:
        """One sample in int8."""
        window = arrange(attrs, io).window
        return window["in_h"] * window["in_w"] * window["in_c"]

    def cost_f32_s8(attrs: Any, io: Io) -> int:
        """13 per MAC, 9 per run of taps, 115 per output."""
        made = arrange(attrs, io)
        return 13 * made.n_macs + 9 * made.n_runs + 115 * made.n_outputs

    def cost_dynamic(attrs: Any, io: Io) -> int:
        """7 per MAC, 12 per run of taps, 75 per output, 50 per value that goes in."""
        made = arrange(attrs, io)
        given = 50 * io.inputs[0].n_elements
        return 7 * made.n_macs + 12 * made.n_runs + 75 * made.n_outputs + given

    def cost_s8(attrs: Any, io: Io) -> int:
        """4 per MAC, 20 per run of taps, 55 per output; 9, 25 and 90 where groups are small."""
        made = arrange(attrs, io)
        per_mac, per_run, per_output = (4, 20, 55) if made.group_out >= 4 else (9, 25, 90)
        return per_mac * made.n_macs + per_run * made.n_runs + per_output * made.n_outputs

    def cost_s4(attrs: Any, io: Io) -> int:
        """10 per MAC, 24 per run of taps, 85 per output."""
        made = arrange(attrs, io)
        return 10 * made.n_macs + 24 * made.n_runs + 85 * made.n_outputs

    def cost_s16(attrs: Any, io: Io) -> int:
        """9 per MAC, 24 per run of taps, 115 per output."""
        made = arrange(attrs, io)
        return 9 * made.n_macs + 24 * made.n_runs + 115 * made.n_outputs

    return (
        Card(
            "iseul_grouped_conv2d_s8",
            "iseul_grouped_conv_s8_t",
            (*INT8, sums_in_two_parts),
            cost_s8,
            emit_s8,
            overlap=overlap,
            costs=linear_costs(n_macs, m0plus=(9, 250), riscv=(6, 90)),
        ),
        Card(
            "iseul_conv2d_s4",
            "iseul_conv_s4_t",
            (kinds("int8"), weights_of("int4")),
            cost_s4,
            emit_s4,
            overlap=overlap,
        ),
        Card(
            "iseul_conv2d_s16",
            "iseul_conv_s16_t",
            (kinds("int16"),),
            cost_s16,
            emit_s16,
            overlap=overlap,
        ),
        Card(
            "iseul_conv2d_f32_s8",
            "iseul_conv_f32_s8_t",
            (*HYBRID, keeps_samples),
            cost_f32_s8,
            emit_f32_s8,
            overlap=overlap,
        ),
        Card(
            "iseul_conv2d_dynamic",
            "iseul_conv_dynamic_t",
            (*HYBRID, quantizes_samples),
            cost_dynamic,
            emit_dynamic,
            scratch_bytes=sample_bytes,
        ),
    )
