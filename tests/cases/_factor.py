# SPDX-License-Identifier: Apache-2.0
"""Cases of requantization "float", and its text element by element.

Written from ONNX Runtime's kernels (qlinearconv.cc, mlas/lib/quantize.cpp, qladd_avx2.cpp,
qlmul.cpp, qlinear_pool.cc, qlgavgpool.cpp, upsample.cc), in exact fractions that are rounded to
float32 where these hold one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from cases import _scalar as scalar
from cases._case import Case, Net, balanced, quant

Array = np.ndarray
_FLOAT = {"requantization": "float"}


# --- arithmetic


def f32(x: Fraction | int | float) -> Fraction:
    """The nearest float32, ties to even; for numbers that are not subnormal."""
    x = Fraction(x)
    exponent = math.frexp(float(x))[1] - 24
    if exponent < 0:
        return Fraction(round(x * (1 << -exponent)), 1 << -exponent)
    return Fraction(round(x / (1 << exponent)) << exponent)


def whole(x: Fraction, low: int, high: int) -> int:
    """nearbyint, saturated. Python's round is half to even."""
    return min(max(round(x), low), high)


def limits(op: scalar.Op, offset: int = 0) -> tuple[int, int]:
    low, high = scalar.RANGE["int8"]
    low = int(scalar.clamp(low, getattr(op.attrs, "activation", "none"), op.out))
    high = int(scalar.clamp(high, getattr(op.attrs, "activation", "none"), op.out))
    return low + offset, high + offset


def s(value: Any, i: int = 0) -> Fraction:
    return Fraction(scalar.scale(value, i))


# --- the ops


def conv2d(op: scalar.Op) -> Array:
    n_out, *kernel, depth = op.x[1].shape
    per_group = n_out // (op.x[0].shape[3] // depth)
    w = op.x[1].tolist()

    def taps(n: int, y: int, x: int, o: int) -> Iterator[tuple[int, int]]:
        first = o // per_group * depth
        for i, j, r, c in scalar.window(op, y, x, tuple(kernel), op.attrs.dilation):
            for k in range(depth):
                yield op.x[0][n, r, c, first + k].item(), w[o][i][j][k]

    return _sums(op, taps)


def depthwise_conv2d(op: scalar.Op) -> Array:
    m = op.out.shape[3] // op.x[0].shape[3]
    w = op.x[1].tolist()

    def taps(n: int, y: int, x: int, o: int) -> Iterator[tuple[int, int]]:
        for i, j, r, c in scalar.window(op, y, x, op.x[1].shape[1:3], op.attrs.dilation):
            yield op.x[0][n, r, c, o // m].item(), w[0][i][j][o]

    return _sums(op, taps)


def fully_connected(op: scalar.Op) -> Array:
    n_out, n_in = op.x[1].shape
    rows, w = op.x[0].reshape(-1, n_in).tolist(), op.x[1].tolist()
    result = np.zeros((len(rows), n_out))
    for n, o in np.ndindex(result.shape):
        result[n, o] = _sum(op, zip(rows[n], w[o], strict=True), o)
    return result.reshape(op.out.shape)


def _sums(op: scalar.Op, taps: Callable[..., Iterator[tuple[int, int]]]) -> Array:
    result = np.zeros(op.out.shape)
    for place in np.ndindex(op.out.shape):
        result[place] = _sum(op, taps(*place), place[-1])
    return result


def _sum(op: scalar.Op, taps: Any, o: int) -> int:
    zeros = op.values[1].quant.zero_point
    total = sum(
        (a - scalar.zero(op.values[0])) * (b - zeros[o if len(zeros) > 1 else 0]) for a, b in taps
    )
    if len(op.x) > 2:
        total += op.x[2][o].item()
    factor = f32(f32(s(op.values[0]) * s(op.values[1], o)) / s(op.out))
    zero = scalar.zero(op.out)
    low, high = limits(op)
    return whole(f32(f32(total) * factor), low - zero, high - zero) + zero


def add(op: scalar.Op) -> Array:
    a, b = (x + op.attrs.offset for x in np.broadcast_arrays(*(x.astype(int) for x in op.x)))
    s_a, s_b = (f32(s(value) / s(op.out)) for value in op.values)
    z_a, z_b, z_y = (scalar.zero(v) + op.attrs.offset for v in (*op.values, op.out))
    fixed = f32(z_y - f32(s_a * z_a + f32(s_b * z_b)))
    low, high = limits(op, op.attrs.offset)
    flat = [
        whole(f32(x * s_a + f32(y * s_b + fixed)), low, high) - op.attrs.offset
        for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    return np.array(flat).reshape(op.out.shape)


def mul(op: scalar.Op) -> Array:
    a, b = np.broadcast_arrays(*(x.astype(int) for x in op.x))
    factor = f32(f32(s(op.values[0]) * s(op.values[1])) / s(op.out))
    z_a, z_b, z_y = (scalar.zero(v) for v in (*op.values, op.out))
    low, high = limits(op, op.attrs.offset)
    flat = []
    for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True):
        shifted = f32(f32((x - z_a) * (y - z_b) * factor) + z_y + op.attrs.offset)
        flat.append(whole(shifted, low, high) - op.attrs.offset)
    return np.array(flat).reshape(op.out.shape)


def average_pool2d(op: scalar.Op) -> Array:
    result = np.zeros(op.out.shape)
    kernel = op.attrs.kernel_size
    low, high = limits(op, op.attrs.offset)
    for n, y, x, k in np.ndindex(op.out.shape):
        taps = [op.x[0][n, r, c, k] for _, _, r, c in scalar.window(op, y, x, kernel, (1, 1))]
        total = Fraction(0)
        for q in taps:
            total = f32(total + f32(s(op.values[0]) * (int(q) - scalar.zero(op.values[0]))))
        count = kernel[0] * kernel[1] if op.attrs.count_include_pad else len(taps)
        shifted = f32(f32(f32(total / count) / s(op.out)) + scalar.zero(op.out) + op.attrs.offset)
        result[n, y, x, k] = whole(shifted, low, high) - op.attrs.offset
    return result


def mean(op: scalar.Op) -> Array:
    axes = tuple(axis % op.x[0].ndim for axis in op.attrs.axes)
    n = int(np.prod([op.x[0].shape[axis] for axis in axes]))
    totals = op.x[0].astype(int).sum(axis=axes) - scalar.zero(op.values[0]) * n
    factor = f32(s(op.values[0]) / f32(s(op.out) * n))
    zero = scalar.zero(op.out)
    flat = [
        whole(f32(f32(total) * factor), -128 - zero, 127 - zero) + zero
        for total in np.ravel(totals).tolist()
    ]
    return np.array(flat).reshape(op.out.shape)


def resize_bilinear(op: scalar.Op) -> Array:
    a, (_, height, width, _) = op.attrs, op.x[0].shape
    zero, z_x = scalar.zero(op.out), scalar.zero(op.values[0])
    result = np.zeros(op.out.shape)
    for n, y, x, c in np.ndindex(op.out.shape):
        rows = _corners(y, height, a.size[0], a.coordinates)
        columns = _corners(x, width, a.size[1], a.coordinates)
        total = Fraction(0)
        for row, v in rows:
            for column, h in columns:
                q = op.x[0][n, row, column, c].item()
                real = Fraction(q + a.offset) if a.offset else f32((q - z_x) * s(op.values[0]))
                total = f32(total + f32(f32(h * v) * real))
        if a.offset:
            result[n, y, x, c] = math.floor(total) - a.offset
        else:
            result[n, y, x, c] = whole(f32(total / s(op.out)), -128 - zero, 127 - zero) + zero
    return result


def _corners(i: int, n_in: int, n_out: int, where: str) -> tuple[tuple[int, Fraction], ...]:
    """(pixel, weight), twice."""
    half = Fraction(1, 2) if where == "half_pixel" else Fraction(0)
    if where == "align_corners":
        at = f32(f32(i * (n_in - 1)) / max(n_out - 1, 1))
    else:
        at = f32(f32((i + half) / f32(Fraction(n_out, n_in))) - half)
    at = min(max(at, Fraction(0)), Fraction(n_in - 1))
    low = math.floor(at)
    if low == n_in - 1:
        return (low, Fraction(1, 2)), (low, Fraction(1, 2))
    return (low, f32(low + 1 - at)), (low + 1, f32(at - low))


def softmax(op: scalar.Op) -> Array:
    """Rows; exponentials as double, then float32."""
    n = op.x[0].shape[-1]
    step, zero = scalar.scale(op.values[0]), scalar.zero(op.out)
    shift = (
        max(0.0, math.log(float(np.float32(np.finfo(np.float32).max) / np.float32(max(n, 2)))) - 5)
        / step
    )
    factor = math.floor(f32(1 / s(op.out)))
    flat: list[int] = []
    for row in op.x[0].reshape(-1, n).tolist():
        e = [Fraction(float(np.float32(math.exp((q - max(row) + shift) * step)))) for q in row]
        total = Fraction(0)
        for one in e:
            total = f32(total + one)
        flat += [whole(f32(f32(one * factor) / total), -128 - zero, 127 - zero) + zero for one in e]
    return np.array(flat).reshape(op.out.shape)


# --- the tables


def _case(op: str, what: str, build: Callable[[Net], str], **more: Any) -> Case:
    return Case(f"{op}/float factors, {what}", build, **more)


def _convolution(
    op: str,
    what: str,
    x: tuple[int, ...],
    w: tuple[int, ...],
    axis: int,
    *,
    zero: int = 3,
    zero_out: int = -5,
    single: float | None = None,
    out: float | None = None,
    bias: int = 4000,
    **attrs: Any,
) -> Case:
    def build(net: Net) -> str:
        weights = net.weights(w, axis, per_tensor_scale=single)
        biases = [net.bias(w[axis], bias)] if bias else []
        n_taps = int(np.prod(w)) // w[axis]
        scale = balanced(n_taps) if out is None else out
        inputs = [net.int8(x, 0.05, zero), weights, *biases]
        return net.node(op, inputs, quant=quant(scale, zero_out), **_FLOAT, **attrs)

    return _case(op, what, build)


def _same(pad: int = 1) -> dict[str, Any]:
    return {"pads": (pad,) * 4}


_CONV2D = tuple(
    _convolution("conv2d", what, x, w, 0, **more)
    for what, x, w, more in (
        ("3x3 same", (1, 5, 4, 3), (7, 3, 3, 3), _same()),
        ("zero points at the ends", (1, 4, 4, 4), (4, 1, 1, 4), {"zero": -128, "zero_out": 127}),
        ("one scale, no bias", (1, 4, 5, 2), (5, 2, 2, 2), {"single": 0.013, "bias": 0}),
        ("relu6", (1, 4, 4, 5), (6, 3, 3, 5), {**_same(), "activation": "relu6", "out": 0.05}),
        ("saturates", (1, 3, 3, 4), (4, 1, 1, 4), {"out": 0.001}),
        ("ties", (1, 3, 3, 1), (4, 1, 1, 1), {"single": 0.5, "out": 0.05, "bias": 0}),
        ("sums beyond 2^24", (1, 2, 2, 3), (3, 1, 1, 3), {"bias": 1 << 30, "out": 9000.0}),
        ("two groups", (1, 4, 4, 6), (10, 3, 2, 3), _same(1)),
        (
            "stride 2, dilation 2",
            (1, 7, 6, 3),
            (5, 2, 3, 3),
            {"stride": (2, 2), "dilation": (2, 2)},
        ),
    )
)
_DEPTHWISE = tuple(
    _convolution("depthwise_conv2d", what, x, w, 3, **more)
    for what, x, w, more in (
        ("3x3 same", (1, 5, 4, 7), (1, 3, 3, 7), _same()),
        ("multiplier 3", (1, 4, 4, 2), (1, 2, 3, 6), {"activation": "relu"}),
        ("stride 2, one scale", (1, 6, 5, 4), (1, 3, 3, 4), {"stride": (2, 2), "single": 0.01}),
        ("dilated", (1, 6, 6, 5), (1, 2, 2, 5), {"dilation": (2, 3)}),
        ("3x3, odd rows of a tail", (1, 9, 13, 7), (1, 3, 3, 7), _same()),
        ("3x3, relu6", (1, 12, 12, 4), (1, 3, 3, 4), {**_same(), "activation": "relu6"}),
        ("3x3 without pads, one scale", (1, 15, 14, 5), (1, 3, 3, 5), {"single": 0.01}),
    )
)
_FULLY_CONNECTED = tuple(
    _convolution("fully_connected", what, x, w, 0, **more)
    for what, x, w, more in (
        ("per channel", (1, 37), (10, 37), {}),
        ("one scale", (1, 64), (9, 64), {"single": 0.02}),
        ("rows", (1, 3, 5, 8), (6, 8), {"keep_dims": True}),
        ("relu, no bias", (1, 16), (5, 16), {"activation": "relu", "bias": 0}),
    )
)


def _pair(op: str, what: str, a: Any, b: Any, out: Any, every: int = 5, **attrs: Any) -> Case:
    """Both operands through their integers, every so-manyth of them."""
    values = np.arange(-128, 128, every).astype(np.int8)
    n = len(values)

    def build(net: Net) -> str:
        x = net.int8((1, n, 1), *a, name="a")
        y = net.int8((1, 1, n), *b, name="b")
        return net.node(op, [x, y], quant=quant(*out), **_FLOAT, **attrs)

    def feed() -> list[Array]:
        return [values.reshape(1, 1, n, 1), values.reshape(1, 1, 1, n)]

    return _case(op, what, build, feed=feed)


def _image(op: str, what: str, b: tuple[int, ...], constant: bool = False, **attrs: Any) -> Case:
    scale = attrs.pop("scale", 0.04)

    def build(net: Net) -> str:
        x = net.int8((1, 5, 4, 3), 0.031, -7, name="a")
        if constant:
            data = net.random.integers(-128, 127, b, endpoint=True).astype(np.int8)
            y = net.constant("b", data, quant=quant(0.02, 9))
        else:
            y = net.int8(b, 0.02, 9, name="b")
        return net.node(op, [x, y], quant=quant(scale, 11), **_FLOAT, **attrs)

    return _case(op, what, build)


def _pairs(op: str, out: tuple[float, int]) -> tuple[Case, ...]:
    return (
        _pair(op, "all pairs", (0.031, -7), (0.0207, 19), out, every=1),
        _pair(op, "pairs of uint8", (0.0311, -128), (0.01207, 127), out, offset=128),
        _pair(op, "pairs, ties", (0.5, 0), (0.25, 1), (0.5 if op == "add" else 0.25, 3)),
        _pair(op, "pairs, relu6", (0.05, 3), (0.03, -3), (0.06, -100), activation="relu6"),
        _pair(op, "pairs, far scales", (3.0, 5), (0.001, -5), (0.02, 0)),
        _image(op, "image, ties", (1, 5, 4, 3)),
        _image(op, "image", (1, 5, 4, 3), scale=0.0417),
        _image(op, "a row for all", (1, 1, 1, 3)),
        _image(op, "a constant for all channels", (3,), constant=True, offset=128),
        _image(op, "one constant number", (1, 1, 1, 1), constant=True),
    )


def _pool(what: str, size: tuple[int, ...], kernel: tuple[int, int], **more: Any) -> Case:
    first, last = more.pop("first", (0.05, 3)), more.pop("last", (0.031, -9))

    def build(net: Net) -> str:
        x = net.int8(size, *first)
        attrs = {"kernel_size": kernel, "stride": (1, 1), **more}
        return net.node("average_pool2d", [x], quant=quant(*last), **_FLOAT, **attrs)

    return _case("average_pool2d", what, build)


def _mean(what: str, shape: tuple[int, ...], axes: tuple[int, ...], **more: Any) -> Case:
    first, last = more.pop("first", (0.05, 3)), more.pop("last", (0.031, -9))

    def build(net: Net) -> str:
        x = net.int8(shape, *first)
        return net.node("mean", [x], quant=quant(*last), axes=axes, **_FLOAT, **more)

    return _case("mean", what, build)


def _softmax(what: str, shape: tuple[int, ...], first: Any, last: Any) -> Case:
    def build(net: Net) -> str:
        return net.node("softmax", [net.int8(shape, *first)], quant=quant(*last), **_FLOAT)

    return _case("softmax", what, build)


def _resize(what: str, size: tuple[int, int], where: str, **more: Any) -> Case:
    first, last = more.pop("first", (0.05, 3)), more.pop("last", (0.04, -9))

    def build(net: Net) -> str:
        x = net.int8((1, 3, 4, 5), *first)
        attrs = {"size": size, "coordinates": where, **_FLOAT, **more}
        return net.node("resize_bilinear", [x], quant=quant(*last), **attrs)

    return _case("resize_bilinear", what, build)


_SAME = {"first": (0.1, 7), "last": (0.1, 7)}

CASES: dict[str, tuple[Case, ...]] = {
    "resize_bilinear": (
        _resize("twice, ties", (6, 8), "half_pixel", **_SAME),
        _resize("asymmetric", (7, 9), "asymmetric"),
        _resize("aligned", (5, 11), "align_corners"),
        _resize("to one row, saturates", (1, 3), "align_corners", last=(0.004, -20)),
        _resize("smaller", (2, 3), "half_pixel", last=(0.05, -128)),
        _resize("uint8, truncated", (6, 7), "half_pixel", offset=128, **_SAME),
        _resize("uint8, truncated, aligned", (5, 7), "align_corners", offset=128, **_SAME),
    ),
    "softmax": (
        _softmax("classes", (1, 10), (0.1, 20), (1 / 256, -128)),
        _softmax("another scale", (1, 10), (0.17, -20), (1 / 255, -128)),
        _softmax("coarse input", (1, 3), (0.9, 0), (1 / 200, -120)),
        _softmax("rows", (1, 4, 3, 5), (0.03, -128), (1 / 255, -128)),
        _softmax("one class", (1, 1), (0.1, 3), (1 / 255, -128)),
        _softmax("many", (2, 300), (0.05, 3), (0.0007, -128)),
    ),
    "conv2d": _CONV2D,
    "depthwise_conv2d": _DEPTHWISE,
    "fully_connected": _FULLY_CONNECTED,
    "add": _pairs("add", (0.0553, 22)),
    "mul": _pairs("mul", (0.0253, -22)),
    "average_pool2d": (
        _pool("2x2", (1, 5, 6, 3), (2, 2), stride=(2, 2)),
        _pool("same scale, ties", (1, 6, 6, 4), (2, 2), first=(0.0371, -4), last=(0.0371, -4)),
        _pool("uint8, ties", (1, 6, 6, 4), (2, 2), first=(0.1, 7), last=(0.1, -8), offset=128),
        _pool("3x3 pads", (1, 5, 4, 2), (3, 3), pads=(1, 1, 1, 1)),
        _pool(
            "3x3 padding counts", (1, 5, 4, 2), (3, 3), pads=(1, 1, 1, 1), count_include_pad=True
        ),
        _pool("relu, saturates", (1, 4, 4, 3), (2, 2), last=(0.004, -20), activation="relu"),
    ),
    "mean": (
        _mean("image", (1, 5, 7, 6), (1, 2)),
        _mean("same scale, ties", (1, 4, 4, 9), (1, 2), first=(0.05, 7), last=(0.05, 7)),
        _mean("axes left out", (1, 3, 8), (-1,), keep_dims=False),
        _mean("saturates", (1, 9, 5), (1,), last=(0.002, 100)),
    ),
}
