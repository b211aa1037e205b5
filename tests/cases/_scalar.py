# SPDX-License-Identifier: Apache-2.0
"""The ops once more, element by element in Python numbers: what judges the numpy meanings.

Written from TensorFlow Lite Micro's and gemmlowp's texts with their truncating divisions, masks
and nudges, and on purpose without a line of `iseul.numerics` or `iseul.graph.ops`. Reals are
Python floats (double). Slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np

from iseul.graph.ir import Graph, Value

Array = np.ndarray
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
RANGE = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "int32": (INT32_MIN, INT32_MAX),
}


# --- gemmlowp


def divide(a: int, b: int) -> int:
    """C's division: truncated towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def high_mul(a: int, b: int) -> int:
    """SaturatingRoundingDoublingHighMul."""
    if a == b == INT32_MIN:
        return INT32_MAX
    nudge = (1 << 30) if a * b >= 0 else 1 - (1 << 30)
    return divide(a * b + nudge, 1 << 31)


def divide_by_pot(x: int, exponent: int) -> int:
    """RoundingDivideByPOT."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if (x & mask) > threshold else 0)


def multiply_by_pot(x: int, exponent: int) -> int:
    """SaturatingRoundingMultiplyByPOT."""
    if exponent < 0:
        return divide_by_pot(x, -exponent)
    threshold = (1 << (31 - exponent)) - 1
    if x > threshold:
        return INT32_MAX
    return INT32_MIN if x < -threshold else x << exponent


def exp_quarter(a: int) -> int:
    """exp_on_interval_between_negative_one_quarter_and_0_excl, Q0.31."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    inner = high_mul(multiply_by_pot(x4, -2) + x3, 715827883) + x2
    return 1895147668 + high_mul(1895147668, x + multiply_by_pot(inner, -1))


def exp_negative(a: int, integer_bits: int) -> int:
    """exp_on_negative_values; a has `integer_bits`, the result is Q0.31."""
    if a == 0:
        return INT32_MAX
    fraction = 31 - integer_bits
    quarter = 1 << (fraction - 2)
    mod = (a & (quarter - 1)) - quarter
    result = exp_quarter(multiply_by_pot(mod, integer_bits))
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for exponent, factor in zip(range(-2, 5), factors, strict=True):
        if integer_bits > exponent and (mod - a) & (1 << (fraction + exponent)):
            result = high_mul(result, factor)
    if integer_bits > 5 and a < -(1 << (36 - integer_bits)):
        return 0
    return result


def one_over_one_plus(a: int) -> int:
    """one_over_one_plus_x_for_x_in_0_1, Q0.31."""
    total = a + INT32_MAX
    half = divide(total + (1 if total >= 0 else -1), 2)
    x = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        x += multiply_by_pot(high_mul(x, (1 << 29) - high_mul(half, x)), 2)
    return multiply_by_pot(x, 1)


# --- TensorFlow Lite Micro


def quantize_multiplier(real: float) -> tuple[int, int]:
    """QuantizeMultiplier."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    q = c_round(fraction * (1 << 31))
    if q == 1 << 31:
        q, shift = q // 2, shift + 1
    return (0, 0) if shift < -31 else (q, shift)


def multiply(x: int, multiplier: int, shift: int) -> int:
    """MultiplyByQuantizedMultiplier, double rounding."""
    left, right = (shift, 0) if shift > 0 else (0, -shift)
    assert INT32_MIN <= x << left <= INT32_MAX, "undefined in the reference"
    return divide_by_pot(high_mul(x << left, multiplier), right)


def multiply_wide(x: int, multiplier: int, shift: int) -> int:
    """MultiplyByQuantizedMultiplier of an int64."""
    assert -(1 << 47) <= x < 1 << 47 and -31 <= shift < 8, "undefined in the reference"
    reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    total_shift = 15 - shift
    return as_int32((x * reduced + (1 << (total_shift - 1))) >> total_shift)


def as_int32(x: int) -> int:
    """What is left of x in 32 bits."""
    low = x & 0xFFFFFFFF
    return low - (1 << 32) if low > INT32_MAX else low


def c_round(x: float) -> int:
    """C's round: ties away from zero, exact."""
    whole = math.trunc(x)
    return whole + (int(math.copysign(1, x)) if abs(x - whole) >= 0.5 else 0)


def scale(value: Value, i: int = 0) -> float:
    assert value.quant is not None
    scales = value.quant.scale
    return scales[i] if len(scales) > 1 else scales[0]


def zero(value: Value) -> int:
    return value.quant.zero_point[0] if value.quant is not None else 0


def weight_zero(op: Op, channel: int) -> int:
    """Zero point of an output channel's weights; 0 where these are reals."""
    quant = op.values[1].quant
    return 0 if quant is None or op.real else quant.zero_point[channel % len(quant.zero_point)]


def symmetric(sample: Array) -> Array:
    """SymmetricQuantizeFloats, and back to reals."""
    reach = np.float32(np.abs(sample).max())
    if reach == 0:
        return np.zeros(sample.shape)
    inverse, scale = np.float32(127) / reach, float(reach / np.float32(127))
    q = [min(max(c_round(float(x * inverse)), -127), 127) for x in sample.ravel()]
    return np.array(q).reshape(sample.shape) * scale


def asymmetric(sample: Array) -> Array:
    """AsymmetricQuantizeFloats, and back to reals."""
    low, high = min(0.0, float(sample.min())), max(0.0, float(sample.max()))
    if low == high:
        return np.zeros(sample.shape)
    step = (high - low) / 255.0
    from_low, from_high = -128 - low / step, 127 - high / step
    nearer = 128 + abs(low / step) < 127 + abs(high / step)
    zero_point = c_round(min(max(from_low if nearer else from_high, -128), 127))
    scale = np.float32(step)
    inverse = np.float32(1.0 / float(scale))
    q = [c_round(float(np.float32(zero_point) + x * inverse)) for x in sample.ravel()]
    centred = [min(max(value, -128), 127) - zero_point for value in q]
    return np.array(centred).reshape(sample.shape) * float(scale)


def to_integer(real: float, value: Value) -> int:
    """float32 division, round, zero point: not saturated."""
    return c_round(float(np.float32(real) / np.float32(scale(value)))) + zero(value)


def clamp(q: float, activation: str, value: Value) -> float:
    """CalculateActivationRange(Quantized), then min and max."""
    ends = {"none": (None, None), "relu": (0.0, None), "relu6": (0.0, 6.0)}
    low, high = ends.get(activation, (-1.0, 1.0))
    if value.dtype == "float32":
        q = q if low is None else max(q, low)
        return q if high is None else min(q, high)
    least, most = RANGE[value.dtype]
    least = least if low is None else max(least, to_integer(low, value))
    most = most if high is None else min(most, to_integer(high, value))
    return min(max(q, least), most)


def saturate(q: int, value: Value) -> int:
    low, high = RANGE[value.dtype]
    return min(max(q, low), high)


class Op:
    """What an op's function gets: attributes, values, and the arrays of one sample."""

    def __init__(self, graph: Graph, inputs: list[Array], state: Mapping[str, Array]) -> None:
        self.node = graph.nodes[0]
        self.attrs: Any = self.node.attrs
        io = graph.io(self.node)
        self.values, self.out, self.outs = io.inputs, io.outputs[0], io.outputs
        arrays = dict(zip(graph.inputs, inputs, strict=True))
        arrays |= state
        self.x = [arrays[v.name] if v.data is None else v.data for v in io.inputs]
        self.real = self.out.dtype == "float32"

    def finish(self, total: float, channel: int, multiplier: float) -> float:
        """Bias, requantize, zero point, activation of a sum of products."""
        if len(self.x) > 2:
            total += self.x[2][channel].item()
        pair = quantize_multiplier(multiplier)
        if self.out.dtype == "int16" and len(self.x) > 2 and self.x[2].dtype == np.int64:
            total = multiply_wide(int(total), *pair)
        elif self.out.dtype == "int16":  # int32 sums wrap around, shifted or not
            left = max(0, pair[1])
            total = multiply(as_int32(int(total) << left), pair[0], pair[1] - left)
        elif not self.real:
            assert INT32_MIN <= total <= INT32_MAX, "undefined in the reference"
            total = multiply(int(total), *pair) + zero(self.out)
        return clamp(total, self.attrs.activation, self.out)

    def weights(self) -> Array:
        """The second input, as reals where the activations are."""
        quant = self.values[1].quant
        if not self.real or quant is None:
            return self.x[1]
        shape = [-1 if i == quant.axis else 1 for i in range(self.x[1].ndim)]
        zeros, scales = (np.array(part).reshape(shape) for part in (quant.zero_point, quant.scale))
        return (self.x[1].astype(float) - zeros) * scales

    def samples(self, x: Array) -> Array:
        """Activations (N, ...), each on a grid of its own where they are quantized at run time."""
        kind = getattr(self.attrs, "input_quantization", "none")
        grid = {"none": lambda sample: sample, "symmetric": symmetric, "asymmetric": asymmetric}
        return np.stack([grid[kind](sample) for sample in x])

    def conv_multiplier(self, channel: int) -> float:
        """GetQuantizedConvolutionMultiplier per channel, in double."""
        if self.real:
            return 1.0
        weights = self.values[1]
        if len(weights.quant.scale) == 1 and any(weights.quant.zero_point):  # the uint8 kernels'
            product = np.float32(scale(self.values[0])) * np.float32(scale(weights))
            return float(product) / scale(self.out)
        return scale(self.values[0]) * scale(weights, channel) / scale(self.out)


def window(op: Op, y: int, x: int, kernel: tuple[int, int], dilation: tuple[int, int]) -> Iterator:
    """(kernel row, column, input row, column) of the taps of an output inside the input."""
    (rows, columns), stride, pads = op.x[0].shape[1:3], op.attrs.stride, op.attrs.pads
    for i, j in product(range(kernel[0]), range(kernel[1])):
        row = y * stride[0] - pads[0] + i * dilation[0]
        column = x * stride[1] - pads[2] + j * dilation[1]
        if 0 <= row < rows and 0 <= column < columns:
            yield i, j, row, column


def conv2d(op: Op) -> Array:
    x, w = op.samples(op.x[0]).tolist(), op.weights().tolist()
    n_out, *kernel, depth = op.x[1].shape
    per_group = n_out // (op.x[0].shape[3] // depth)
    result = np.zeros(op.out.shape)
    for n, y, column, o in np.ndindex(op.out.shape):
        total = 0
        first = o // per_group * depth
        for i, j, r, c in window(op, y, column, kernel, op.attrs.dilation):
            for k in range(depth):
                weight = w[o][i][j][k] - weight_zero(op, o)
                total += (x[n][r][c][first + k] - zero(op.values[0])) * weight
        result[n, y, column, o] = op.finish(total, o, op.conv_multiplier(o))
    return result


def depthwise_conv2d(op: Op) -> Array:
    x, w = op.samples(op.x[0]).tolist(), op.weights().tolist()
    m = op.out.shape[3] // op.x[0].shape[3]
    result = np.zeros(op.out.shape)
    for n, y, column, o in np.ndindex(op.out.shape):
        total = 0
        for i, j, r, c in window(op, y, column, op.x[1].shape[1:3], op.attrs.dilation):
            total += (x[n][r][c][o // m] - zero(op.values[0])) * (
                w[0][i][j][o] - weight_zero(op, o)
            )
        result[n, y, column, o] = op.finish(total, o, op.conv_multiplier(o))
    return result


def fully_connected(op: Op) -> Array:
    w = op.weights().tolist()
    n_out, n_in = op.x[1].shape
    rows = op.samples(op.x[0].reshape(-1, n_in)).tolist()
    result = np.zeros((len(rows), n_out))
    for n, o in np.ndindex(result.shape):
        pairs = zip(rows[n], w[o], strict=True)
        total = sum((a - zero(op.values[0])) * (b - weight_zero(op, o)) for a, b in pairs)
        multiplier = op.conv_multiplier(o)
        if not op.real and len(op.values[1].quant.scale) == 1:
            single = np.float32(scale(op.values[0])) * np.float32(scale(op.values[1]))
            multiplier = float(single) / scale(op.out)
        result[n, o] = op.finish(total, o, multiplier)
    return result.reshape(op.out.shape)


def average_pool2d(op: Op) -> Array:
    x = op.x[0].tolist()
    result = np.zeros(op.out.shape)
    for n, y, column, k in np.ndindex(op.out.shape):
        taps = [x[n][r][c][k] for _, _, r, c in window(op, y, column, op.attrs.kernel_size, (1, 1))]
        total, count = sum(taps), len(taps)
        if op.attrs.count_include_pad:
            total += (math.prod(op.attrs.kernel_size) - count) * zero(op.values[0])
            count = math.prod(op.attrs.kernel_size)
        if op.real:
            mean = total / count
        else:
            half, total = count // 2, total + op.attrs.offset * count
            mean = divide(total + half if total > 0 else total - half, count) - op.attrs.offset
        result[n, y, column, k] = clamp(mean, op.attrs.activation, op.out)
    return result


def max_pool2d(op: Op) -> Array:
    x = op.x[0].tolist()
    result = np.zeros(op.out.shape)
    for n, y, column, k in np.ndindex(op.out.shape):
        taps = [x[n][r][c][k] for _, _, r, c in window(op, y, column, op.attrs.kernel_size, (1, 1))]
        result[n, y, column, k] = clamp(max(taps), op.attrs.activation, op.out)
    return result


def _rescaled(op: Op, q: int) -> int:
    pair = quantize_multiplier(scale(op.values[0]) / scale(op.out))
    return multiply(q - zero(op.values[0]), *pair) + zero(op.out)


def _each(op: Op, function: Callable[[Any], float]) -> Array:
    return np.array([function(q) for q in op.x[0].ravel().tolist()]).reshape(op.out.shape)


def relu(op: Op) -> Array:
    return _each(op, lambda q: clamp(q if op.real else _rescaled(op, q), op.node.op, op.out))


relu6 = relu


def quantize(op: Op) -> Array:
    if op.values[0].dtype == "float32" and op.attrs.rounding == "even":
        step = np.float32(scale(op.out))
        return _each(
            op, lambda x: saturate(round(float(np.float32(x) / step)) + zero(op.out), op.out)
        )
    if op.values[0].dtype == "float32":
        return _each(op, lambda x: saturate(to_integer(x, op.out), op.out))
    return _each(op, lambda q: saturate(_rescaled(op, q), op.out))


def dequantize(op: Op) -> Array:
    s, z = np.float32(scale(op.values[0])), zero(op.values[0])
    return _each(op, lambda q: float(s * np.float32(q - z)))


def reshape(op: Op) -> Array:
    result = np.zeros(op.out.shape)
    for place, element in zip(np.ndindex(op.out.shape), op.x[0].ravel().tolist(), strict=True):
        result[place] = element
    return result


def pad(op: Op) -> Array:
    fill = op.attrs.value
    if op.out.quant is not None:
        fill = saturate(to_integer(fill, op.out), op.out)
    result = np.full(op.out.shape, fill, object)
    for place in np.ndindex(op.x[0].shape):
        at = tuple(i + before for i, (before, _) in zip(place, op.attrs.pads, strict=True))
        result[at] = op.x[0][place].item()
    return result


def batch_norm(op: Op) -> Array:
    x, gain, offset, mean, variance = (array.astype(float) for array in op.x)
    result = np.zeros(op.out.shape)
    for place in np.ndindex(op.out.shape):
        c = place[-1]
        root = math.sqrt(variance[c] + op.attrs.epsilon)
        result[place] = (x[place] - mean[c]) / root * gain[c] + offset[c]
    return result


def run_scalar(graph: Graph, inputs: list[Array], state: Mapping[str, Array]) -> list[Array]:
    """The outputs of a one-node graph for one sample, as float64 or object arrays (exact).

    The text of an op is `scalar` in its file of cases, or stands here under the op's name; that of
    requantization "float" stands in `_factor.py`.
    """
    op = Op(graph, inputs, state)
    name = op.node.op
    text = getattr(import_module(f"cases.{name}"), "scalar", None) or globals()[name]
    if getattr(op.attrs, "requantization", "fixed_point") == "float":
        text = getattr(import_module("cases._factor"), name)
    result: Array | list[Array] = text(op)
    return result if isinstance(result, list) else [result]
