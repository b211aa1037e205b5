# SPDX-License-Identifier: Apache-2.0
"""What integer ops share: multipliers, the way from accumulator to output, common rules.

Number kinds of a weighted op (convolution, fully connected), all with int8 weights, with scales
per channel or per tensor, and a bias of scale s_in * s_w; floats with such weights: `_hybrid.py`.

    int8   activations and weights with zero points, sums and bias of 32 bits; weights may be int4
    int16  activations with zero point 0; a bias of int64 makes sums of 64 bits and multipliers
           of 16 (`requantize_wide`), else sums are int32 and wrap around as the reference's do

The way from sum to output is TensorFlow Lite's fixed point, or, for int8 with
`requantization = "float"`, ONNX Runtime's float32 factor (`numerics/float_requantize.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.numerics import float_requantize
from iseul.numerics.affine import (
    INTEGER_RANGE,
    Activation,
    Quantization,
    activation_range,
    dequantize,
    real_range,
)
from iseul.numerics.requantize import (
    WIDE_LIMIT,
    WIDE_SHIFT,
    quantize_multiplier,
    quantize_multipliers,
    requantize,
    requantize_wide,
    wrap_int32,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array
    from iseul.numerics.float_requantize import Requantization

    Rule = Callable[[Any, Io], str | None]

# Integers up to here are exact in the float type, and so are all partial sums below it
EXACT_FLOAT32 = 1 << 24


def quant_of(value: Value) -> Quantization:
    """The quantization of an integer value that must have one (verify has checked it)."""
    assert value.quant is not None, f"{value.name} has no quantization"
    return value.quant


def zero_point(value: Value) -> int:
    """Zero point of a per-tensor quantized value; 0 for floats."""
    return value.quant.zero_point[0] if value.quant is not None else 0


def reach(value: Value) -> int:
    """Largest |q - zero_point| of a per-tensor quantized value."""
    low, high = INTEGER_RANGE[value.dtype]
    return max(high - zero_point(value), zero_point(value) - low)


def output_multipliers(io: Io, n_channels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(multiplier, shift) per output channel of s_in * s_w / s_out, computed in double.

    One exception, as in TensorFlow Lite (GetQuantizedConvolutionMultipler): s_in * s_w is a
    float32 product where weights with a single scale belong to a fully connected op (rank 2), or
    have a zero point, which is how those of uint8 models are.
    """
    s_in, s_out = quant_of(io.inputs[0]).scale[0], quant_of(io.outputs[0]).scale[0]
    s_w = np.array(quant_of(io.inputs[1]).scale, np.float64)
    product = np.float64(s_in) * s_w
    if len(s_w) == 1 and (len(io.inputs[1].shape) == 2 or any(quant_of(io.inputs[1]).zero_point)):
        product = (np.float32(s_in) * s_w.astype(np.float32)).astype(np.float64)
    multipliers, shifts = quantize_multipliers(product / np.float64(s_out))
    return np.broadcast_to(multipliers, n_channels), np.broadcast_to(shifts, n_channels)


def output_factors(io: Io, n_channels: int) -> NDArray[np.float32]:
    """s_in * s_w / s_out per output channel, rounded to float32 after each step.

    ONNX Runtime: core/providers/cpu/quantization/qlinearconv.cc, ComputeOutputScale
    """
    s_in, s_out = (np.float32(quant_of(v).scale[0]) for v in (io.inputs[0], io.outputs[0]))
    factors = (s_in * np.array(quant_of(io.inputs[1]).scale, np.float32)) / s_out
    return np.ascontiguousarray(np.broadcast_to(factors, (n_channels,)))


def rescale(x: Any, first: Value, last: Value) -> Any:
    """Integers of one quantization as those of another, before clamping to the output's range.

    x: int64 array or tensor of q; requantize(q - zp_in) + zp_out, as TFLM's Requantize
    """
    ratio = float(np.float64(quant_of(first).scale[0]) / np.float64(quant_of(last).scale[0]))
    return requantize(x - zero_point(first), *quantize_multiplier(ratio)) + zero_point(last)


def exact_operands(x: Array, w: Array, io: Io, axis: int) -> tuple[Array, Array]:
    """x and w less their zero points, in the narrowest float in which every sum is exact.

    Floats pass unchanged, and integer weights of floats become reals. Integers: BLAS has float
    kernels only, and a float matrix product of integers is exact, whatever its order of
    summation, while no partial sum can reach 2^24 (float32) or 2^53 (float64). The bound is that
    of these very weights.

    axis: the output channel axis of w
    """
    if io.outputs[0].is_float:
        is_real = io.inputs[1].is_float
        return x, w if is_real else dequantize(w, quant_of(io.inputs[1]))
    w = w.astype(np.int64) - quant_of(io.inputs[1]).zero_points(w.ndim)
    bound = reach(io.inputs[0]) * int(_absolute_sums(w, axis).max(initial=0))
    kind = np.float32 if bound < EXACT_FLOAT32 else np.float64
    centred: Array = x.astype(kind)
    np.subtract(centred, zero_point(io.inputs[0]), out=centred)
    return centred, w.astype(kind)


def _absolute_sums(w: Array, axis: int) -> NDArray[np.int64]:
    """Sum of |w| per output channel."""
    others = tuple(i for i in range(w.ndim) if i != axis % w.ndim)
    return np.abs(w.astype(np.int64)).sum(axis=others)


def finish(
    total: Array,
    bias: Sequence[Array],
    io: Io,
    activation: Activation,
    requantization: Requantization = "fixed_point",
) -> Array:
    """Sums of products (..., C_out) to the output: bias, then clamp or requantize and clamp.

    total: float32, or integers held exactly in a float
    bias:  no or one array (C_out)
    """
    if io.outputs[0].is_float:
        y = total + bias[0] if bias else total
        return clamp_real(y, activation).astype(np.float32, copy=False)
    accumulator = total.astype(np.int64)
    if bias:
        accumulator += bias[0]
    low, high = activation_range(activation, quant_of(io.outputs[0]), io.dtype)
    if requantization == "float":
        zero, factors = zero_point(io.outputs[0]), output_factors(io, accumulator.shape[-1])
        q = float_requantize.requantize_float(accumulator, factors, low - zero, high - zero)
        return (q + zero).astype(io.dtype)
    multiplier, shift = output_multipliers(io, accumulator.shape[-1])
    q = requantize_sums(accumulator, multiplier, shift, io)
    q += zero_point(io.outputs[0])
    return np.clip(q, low, high, out=q).astype(io.dtype)


def has_wide_sums(io: Io) -> bool:
    """Whether sums have 64 bits: int16 activations with a bias of int64."""
    return io.dtype == "int16" and len(io.inputs) > 2 and io.inputs[2].dtype == "int64"


def requantize_sums(sums: Any, multiplier: Any, shift: Any, io: Io) -> Any:
    """Sums of products, bias included, in steps of the output, before zero point and clamp.

    sums:              int64 array or tensor (..., C_out)
    multiplier, shift: of `output_multipliers`
    """
    if io.dtype != "int16":
        return requantize(sums, multiplier, shift)
    if has_wide_sums(io):
        return requantize_wide(sums, multiplier, shift)
    left = shift * (shift > 0)
    return requantize(wrap_int32(wrap_int32(sums) * (1 << left)), multiplier, shift - left)


def exact_operands_torch(x: Any, w: Any, io: Io) -> tuple[Any, Any]:
    """Reals as float tensors; int64 tensors less their zero points in float64 (exact)."""
    import torch

    if io.inputs[1].is_float:
        return x, w
    quant = quant_of(io.inputs[1])
    centred = w.double() - torch.tensor(quant.zero_points(w.ndim), device=w.device)
    if io.outputs[0].is_float:
        return x, centred.float() * torch.tensor(quant.scales(w.ndim), device=w.device)
    return x.double() - zero_point(io.inputs[0]), centred


def finish_torch(
    total: Any,
    bias: Sequence[Any],
    io: Io,
    activation: Activation,
    requantization: Requantization = "fixed_point",
) -> Any:
    """`finish` on a torch tensor (..., C_out): float in, or integers held in float64."""
    import torch

    if io.outputs[0].is_float:
        return clamp_torch(total + bias[0] if bias else total, activation)
    accumulator = total.round().to(torch.int64) + (bias[0] if bias else 0)
    if requantization == "float":
        factors = torch.tensor(output_factors(io, accumulator.shape[-1]), device=total.device)
        zero = zero_point(io.outputs[0])
        low, high = activation_range(activation, quant_of(io.outputs[0]), io.dtype)
        return (
            float_requantize.requantize_float(accumulator, factors, low - zero, high - zero) + zero
        )
    multiplier, shift = (
        torch.tensor(np.array(part), device=accumulator.device)
        for part in output_multipliers(io, accumulator.shape[-1])
    )
    low, high = activation_range(activation, quant_of(io.outputs[0]), io.dtype)
    q = requantize_sums(accumulator, multiplier, shift, io)
    return (q + zero_point(io.outputs[0])).clamp(low, high)


def clamp_real(y: NDArray[np.floating], activation: Activation) -> NDArray[np.floating]:
    """Fused activation on reals."""
    low, high = real_range(activation)
    return y if activation == "none" else np.clip(y, low, high)


def clamp_torch(y: Any, activation: Activation) -> Any:
    """Fused activation on a torch float tensor."""
    low, high = real_range(activation)
    return y if activation == "none" else y.clamp(low, None if np.isinf(high) else high)


def round_half_away_torch(x: Any) -> Any:
    """`affine.round_half_away` on a torch float tensor."""
    whole = x.trunc()
    return whole + ((x - whole).abs() >= 0.5) * x.sign()


def clamp_integers(q: Any, io: Io, activation: Activation = "none") -> Any:
    """int64 array or tensor clamped to the output's activation range."""
    return q.clip(*activation_range(activation, quant_of(io.outputs[0]), io.dtype))


def bias_quantization(io: Io) -> Quantization:
    """The quantization of a weighted op's integer bias: s_in * s_w, zero points 0."""
    s_in, weights = quant_of(io.inputs[0]).scale[0], quant_of(io.inputs[1])
    scale = tuple(float(np.float32(s_in * s_w)) for s_w in weights.scale)
    return Quantization(scale, (0,) * len(scale), 0 if weights.per_channel else None)


# --- rules; the docstring is printed when one is broken and becomes the support table


def _of(value: Value) -> str:
    return f'"{value.name}" is {value.dtype}'


def kinds_float_or_int8(attrs: Any, io: Io) -> str | None:
    """activations are all float32 or all int8"""
    values = [v for v in (*io.inputs, *io.outputs) if not v.is_constant]
    if len({v.dtype for v in values}) == 1 and values[0].dtype in ("float32", "int8"):
        return None
    return ", ".join(_of(v) for v in values)


def kinds_among(*kinds: str) -> Rule:
    """The rule that all computed values have one dtype, which is one of `kinds`."""

    def rule(attrs: Any, io: Io) -> str | None:
        values = [v for v in (*io.inputs, *io.outputs) if not v.is_constant]
        if len({v.dtype for v in values}) == 1 and values[0].dtype in kinds:
            return None
        return ", ".join(_of(v) for v in values)

    rule.__name__ = f"kinds_among_{'_'.join(kinds)}"
    rule.__doc__ = f"activations are {' or '.join(f'all {kind}' for kind in kinds)}"
    return rule


def all_float(attrs: Any, io: Io) -> str | None:
    """all values are float32"""
    others = [_of(v) for v in (*io.inputs, *io.outputs) if not v.is_float]
    return ", ".join(others) or None


def quantized_per_tensor(attrs: Any, io: Io) -> str | None:
    """integer activations have one scale and one zero point"""
    for value in (*io.inputs, *io.outputs):
        if value.is_constant or value.is_float:
            continue
        if value.quant is None:
            return f'"{value.name}" is {value.dtype} without quantization'
        if value.quant.per_channel:
            return f'"{value.name}" has {len(value.quant.scale)} scales'
    return None


def float_factors_for_int8(attrs: Any, io: Io) -> str | None:
    """requantization by float32 factors is for int8 activations"""
    if getattr(attrs, "requantization", "fixed_point") == "fixed_point" or io.dtype == "int8":
        return None
    return _of(io.outputs[0])


def weights_are_constant(attrs: Any, io: Io) -> str | None:
    """weights and bias are constants"""
    loose = [v.name for v in io.inputs[1:] if not v.is_constant]
    return f"computed at run time: {', '.join(loose)}" if loose else None


def zero_points_of_int16(attrs: Any, io: Io) -> str | None:
    """int16 activations have zero point 0"""
    for value in (*io.inputs, *io.outputs):
        if value.dtype == "int16" and not value.is_constant and zero_point(value):
            return f'"{value.name}" has zero point {zero_point(value)}'
    return None


def weights_fit(attrs: Any, io: Io) -> str | None:
    """weights are float32, or int8 or int4 with scales; those of int16 int8 with zero point 0"""
    weights = io.inputs[1]
    if io.outputs[0].is_float and weights.is_float:
        return None
    wanted = ("int8",) if io.dtype == "int16" else ("int8", "int4")
    if weights.dtype not in wanted or weights.quant is None:
        return _of(weights)
    if io.dtype == "int16" and any(weights.quant.zero_point):
        return f'"{weights.name}" has a zero point other than 0'
    return None


_BIAS_KINDS = {"float32": ("float32",), "int16": ("int32", "int64")}


def bias_fits(attrs: Any, io: Io) -> str | None:
    """bias is float32 for floats, int32 with scale s_in * s_w for int8, or int64 too for int16"""
    if len(io.inputs) < 3:
        return None
    bias, wanted = io.inputs[2], _BIAS_KINDS.get(io.dtype, ("int32",))
    if bias.dtype not in wanted:
        return f"{_of(bias)}, must be {' or '.join(wanted)}"
    if bias.quant is None or io.outputs[0].is_float or not _quantized_as_weighted(io):
        return None
    expected = bias_quantization(io).scale
    if len(bias.quant.scale) not in (1, len(expected)) or any(bias.quant.zero_point):
        return f'"{bias.name}" has {len(bias.quant.scale)} scales and zero points'
    # converters may have rounded the product on the way; TFLM allows 2 % of the output's scale
    allowed = 0.02 * quant_of(io.outputs[0]).scale[0]
    if not np.allclose(bias.quant.scale, expected, rtol=1e-3, atol=allowed):
        return f'"{bias.name}" has scale {bias.quant.scale[0]:g}, s_in * s_w is {expected[0]:g}'
    return None


def _quantized_as_weighted(io: Io) -> bool:
    """Whether scales of activations and weights are there, so that rules can compute with them."""
    return all(v.quant is not None for v in (io.inputs[0], io.inputs[1], io.outputs[0]))


def scales_per_channel(axis: int) -> Rule:
    """The rule that per-channel weight scales run along `axis`."""

    def rule(attrs: Any, io: Io) -> str | None:
        weights = io.inputs[1]
        if weights.quant is None or weights.is_float:
            return None
        if weights.quant.axis in (None, axis):
            return None
        return f'"{weights.name}" has scales along axis {weights.quant.axis}'

    rule.__name__ = f"scales_per_channel_{axis}"
    rule.__doc__ = f"weights have one scale, or one per output channel (axis {axis})"
    return rule


def accumulator_fits(axis: int) -> Rule:
    """The rule that no sum of products, bias included, can leave what the reference holds it in.

    Not for int16 activations with sums of 32 bits: these wrap around, as the reference's do.

    axis: the output channel axis of the weights
    """

    def rule(attrs: Any, io: Io) -> str | None:
        weights = io.inputs[1]
        if io.outputs[0].is_float or weights.data is None or not _quantized_as_weighted(io):
            return None
        is_wide = has_wide_sums(io)
        if io.dtype == "int16" and not is_wide:
            return None
        if len(quant_of(weights).scale) not in (1, weights.shape[axis]):
            return None  # another rule says so
        w = weights.data.astype(np.int64) - quant_of(weights).zero_points(len(weights.shape))
        bound = reach(io.inputs[0]) * _absolute_sums(w, axis).astype(np.float64)
        if len(io.inputs) > 2 and io.inputs[2].data is not None and not io.inputs[2].is_float:
            bound = bound + np.abs(io.inputs[2].data.astype(np.float64))
        is_float = getattr(attrs, "requantization", "fixed_point") == "float"
        shift = np.zeros(1) if is_float else output_multipliers(io, len(bound))[1]
        # as float: a left shift may be up to 30, so the product does not fit into int64
        worst = bound * (1.0 if is_wide else np.exp2(np.maximum(shift, 0)))
        channel = int(np.argmax(worst))
        if worst[channel] >= (WIDE_LIMIT if is_wide else 2**31):
            left = 0 if is_wide or is_float else max(0, shift[channel])
            most = "2^47 is the limit" if is_wide else f"2^31 is {2**31:,}"
            return f"output channel {channel} reaches {bound[channel]:,.0f} << {left}, {most}"
        if is_wide and shift.max() > WIDE_SHIFT:
            return f"output channel {int(np.argmax(shift))} is shifted left by {shift.max()}"
        return None

    rule.__name__ = f"accumulator_fits_{axis}"
    rule.__doc__ = (
        "accumulators fit into 32 bits, also after the left shift of requantization; "
        "with an int64 bias into 47 bits, and the left shift is at most 7"
    )
    return rule


def same_quantization(attrs: Any, io: Io) -> str | None:
    """input and output have the same scale and zero point (but with requantization "float")"""
    first, last = io.inputs[0], io.outputs[0]
    has_factor = getattr(attrs, "requantization", "fixed_point") == "float"
    if first.is_float or first.quant == last.quant or has_factor:
        return None
    return f'"{first.name}" has {first.quant}, "{last.name}" has {last.quant}'


def rescale_fits(attrs: Any, io: Io) -> str | None:
    """the input's scale is less than 2^22 times the output's, so that 32 bits hold the result"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or last.is_float or first.quant is None or last.quant is None:
        return None
    ratio = first.quant.scale[0] / last.quant.scale[0]
    if ratio * reach(first) < 2.0**30:
        return None
    return f"scales are {first.quant.scale[0]:g} and {last.quant.scale[0]:g}"


def weighted_rules(axis: int) -> tuple[Rule, ...]:
    """The rules of convolutions and fully connected; axis: the weights' output channel axis."""
    return (
        kinds_among("float32", "int8", "int16"),
        quantized_per_tensor,
        zero_points_of_int16,
        float_factors_for_int8,
        weights_are_constant,
        weights_fit,
        scales_per_channel(axis),
        bias_fits,
        accumulator_fits(axis),
    )
