# SPDX-License-Identifier: Apache-2.0
"""Random one-op int8 models with TensorFlow Lite Micro's own outputs, for the unit tests.

    python -m venv /tmp/tflm && /tmp/tflm/bin/pip install tflite-micro "pydantic>=2.11"
    PYTHONPATH=src:tests /tmp/tflm/bin/python scripts/make_tflm_ops.py

writes tests/unit/tflm_ops.npz: per case `<op>_<i>.model` (the `.tflite` bytes), `.in<j>`,
`.out`. The cases reach what the third-party corpus does not: dilation, depth multipliers,
broadcasting, odd paddings, every fused activation, unequal quantization.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unit._tflite_bytes import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    Case = tuple[Model, list[int], int]  # model, inputs, output

OUT = Path(__file__).parents[1] / "tests/unit/tflm_ops.npz"
N_CASES = 10


def _scale(rng: Generator, low: float = 1e-3, high: float = 1.0) -> float:
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _zero_point(rng: Generator) -> int:
    return int(rng.choice([-128, 127, 0, int(rng.integers(-128, 128))]))


def _shape(rng: Generator, n: int, most: int) -> tuple[int, ...]:
    return tuple(int(size) for size in rng.integers(1, most + 1, n))


def _reach(same: bool, size: int, kernel: int, stride: int, dilation: int) -> int:
    return -(-size // stride) if same else (size - (kernel - 1) * dilation - 1) // stride + 1


def convolution(rng: Generator, depthwise: bool) -> Case:
    net = Model()
    h, w, c = _shape(rng, 3, 8)
    kernel, stride = _shape(rng, 2, 4), _shape(rng, 2, 3)
    dilation = _shape(rng, 2, 2)
    same = any((k - 1) * d >= n for k, d, n in zip(kernel, dilation, (h, w), strict=True)) or bool(
        rng.integers(2)
    )
    multiplier = int(rng.integers(1, 4))
    n_out = c * multiplier if depthwise else int(rng.integers(1, 9))
    n_taps = kernel[0] * kernel[1] * (1 if depthwise else c)
    s_in = _scale(rng)
    n_scales = n_out if rng.random() < 0.7 else 1
    s_w = np.array([_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    s_out = s_in * float(s_w.mean()) * 9000 * n_taps**0.5 / rng.uniform(20, 400)
    shape = (1, *kernel, n_out) if depthwise else (n_out, *kernel, c)
    weights = rng.integers(-127, 128, shape)
    inputs = [
        net.tensor((1, h, w, c), scale=s_in, zero_point=_zero_point(rng)),
        net.tensor(shape, scale=s_w, axis=3 if depthwise else 0, data=weights),
    ]
    if rng.random() < 0.8:
        bias = rng.integers(-20_000, 20_000, n_out)
        inputs.append(net.tensor((n_out,), "int32", scale=s_w * np.float32(s_in), data=bias))
    sizes = [
        _reach(same, n, k, s, d)
        for n, k, s, d in zip((h, w), kernel, stride, dilation, strict=True)
    ]
    y = net.tensor((1, *sizes, n_out), scale=s_out, zero_point=_zero_point(rng))
    options: list[Any] = [("i1", 0 if same else 1), ("i4", stride[1]), ("i4", stride[0])]
    options += [("i4", multiplier)] if depthwise else []
    options += [("i1", int(rng.integers(4))), ("i4", dilation[1]), ("i4", dilation[0])]
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    net.operator(kind, inputs, [y], dict(enumerate(options)), 2 if depthwise else 1)
    return net, inputs[:1], y


def fully_connected(rng: Generator) -> Case:
    net = Model()
    n_in, n_out, rows = _shape(rng, 3, 30)
    rows = rows % 3 + 1
    s_in = _scale(rng)
    n_scales = n_out if rng.random() < 0.3 else 1
    s_w = np.array([_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    s_out = s_in * float(s_w.mean()) * 9000 * n_in**0.5 / rng.uniform(20, 400)
    shapes = [
        ((rows, n_in), (rows, n_out)),
        ((1, rows, n_in), (1, rows, n_out)),
        ((1, rows, n_in), (rows, n_out)),
        ((1, n_in, 1, 1), (1, n_out)),
    ]
    x_shape, y_shape = shapes[int(rng.integers(4))]
    inputs = [
        net.tensor(x_shape, scale=s_in, zero_point=_zero_point(rng)),
        net.tensor((n_out, n_in), scale=s_w, data=rng.integers(-127, 128, (n_out, n_in))),
    ]
    if rng.random() < 0.7:
        bias = rng.integers(-20_000, 20_000, n_out)
        inputs.append(net.tensor((n_out,), "int32", scale=s_w * np.float32(s_in), data=bias))
    y = net.tensor(y_shape, scale=s_out, zero_point=_zero_point(rng))
    options = {0: ("i1", int(rng.integers(4))), 2: ("u1", int(len(y_shape) == 3))}
    net.operator("FULLY_CONNECTED", inputs, [y], options, 8)
    return net, inputs[:1], y


def add(rng: Generator) -> Case:
    net = Model()
    shape = _shape(rng, 4, 6)
    other = tuple(1 if rng.random() < 0.3 else size for size in shape)
    data = rng.integers(-128, 128, other) if rng.random() < 0.3 else None
    a = net.tensor(shape, scale=_scale(rng), zero_point=_zero_point(rng))
    b = net.tensor(other, scale=_scale(rng), zero_point=_zero_point(rng), data=data)
    y = net.tensor(shape, scale=_scale(rng, 1e-3, 2), zero_point=_zero_point(rng))
    net.operator("ADD", [a, b], [y], {0: ("i1", int(rng.integers(4)))}, 11)
    return net, [a, b] if data is None else [a], y


def pool(rng: Generator, kind: str) -> Case:
    net = Model()
    h, w, c = _shape(rng, 3, 9)
    same = bool(rng.integers(2))
    kernel = (int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1)))
    stride = _shape(rng, 2, 3)
    quant = {"scale": _scale(rng), "zero_point": _zero_point(rng)}
    sizes = [_reach(same, n, k, s, 1) for n, k, s in zip((h, w), kernel, stride, strict=True)]
    x, y = net.tensor((1, h, w, c), **quant), net.tensor((1, *sizes, c), **quant)
    sides = [("i4", stride[1]), ("i4", stride[0]), ("i4", kernel[1]), ("i4", kernel[0])]
    options = [("i1", 0 if same else 1), *sides, ("i1", int(rng.integers(4)))]
    net.operator(kind, [x], [y], dict(enumerate(options)), 5)
    return net, [x], y


def pad(rng: Generator) -> Case:
    net = Model()
    rank = int(rng.integers(2, 5))
    shape, amount = _shape(rng, rank, 5), rng.integers(0, 4, (rank, 2))
    amount[0] = 0
    quant = {"scale": _scale(rng), "zero_point": _zero_point(rng)}
    inputs = [net.tensor(shape, **quant), net.tensor((rank, 2), "int32", data=amount)]
    if rng.random() < 0.5:
        inputs.append(net.tensor((1,), **quant, data=[int(rng.integers(-128, 128))]))
    wide = tuple(n + int(a.sum()) for n, a in zip(shape, amount, strict=True))
    y = net.tensor(wide, **quant)
    net.operator("PAD" if len(inputs) == 2 else "PADV2", inputs, [y])
    return net, inputs[:1], y


def softmax(rng: Generator) -> Case:
    net = Model()
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 100)))
    x = net.tensor(shape, scale=_scale(rng, 1e-3, 2), zero_point=_zero_point(rng))
    y = net.tensor(shape, scale=1 / 256, zero_point=-128)
    net.operator("SOFTMAX", [x], [y], {0: ("f4", float(rng.choice([0.5, 1.0, 2.0])))}, 9)
    return net, [x], y


def elementwise(rng: Generator, kind: str) -> Case:
    net = Model()
    quant = {"scale": _scale(rng, 1e-2), "zero_point": _zero_point(rng)}
    other = {"scale": _scale(rng, 1e-2), "zero_point": _zero_point(rng)}
    shape = (1, 256)
    x = net.tensor(shape, "float32") if kind == "QUANTIZE" else net.tensor(shape, **quant)
    if kind == "DEQUANTIZE":
        y = net.tensor(shape, "float32")
    else:  # ReLU6 keeps its quantization
        y = net.tensor(shape, **(quant if kind == "RELU6" else other))
    net.operator("QUANTIZE" if kind == "REQUANTIZE" else kind, [x], [y])
    return net, [x], y


CASES: dict[str, Callable[[Generator], Case]] = {
    "conv2d": lambda rng: convolution(rng, depthwise=False),
    "depthwise_conv2d": lambda rng: convolution(rng, depthwise=True),
    "fully_connected": fully_connected,
    "add": add,
    "average_pool2d": lambda rng: pool(rng, "AVERAGE_POOL_2D"),
    "max_pool2d": lambda rng: pool(rng, "MAX_POOL_2D"),
    "pad": pad,
    "softmax": softmax,
    "quantize": lambda rng: elementwise(rng, "QUANTIZE"),
    "requantize": lambda rng: elementwise(rng, "REQUANTIZE"),
    "dequantize": lambda rng: elementwise(rng, "DEQUANTIZE"),
    "relu": lambda rng: elementwise(rng, "RELU"),
    "relu6": lambda rng: elementwise(rng, "RELU6"),
}


def _input(net: Model, index: int, rng: Generator) -> Any:
    fields = net.tensors[index]
    shape = fields[0][2]
    if fields[1][1] == 0:  # float32
        return rng.normal(0, 30, shape).astype(np.float32)
    return rng.integers(-128, 128, shape).astype(np.int8)


def main() -> None:
    from tflite_micro.python.tflite_micro import runtime

    arrays: dict[str, Any] = {}
    for number, (name, make) in enumerate(CASES.items()):
        for i in range(N_CASES):
            rng = np.random.default_rng([2024, number, i])
            net, inputs, output = make(rng)
            data = net.encode(inputs, [output])
            interpreter = runtime.Interpreter.from_bytes(data)
            for j, index in enumerate(inputs):
                arrays[f"{name}_{i}.in{j}"] = _input(net, index, rng)
                interpreter.set_input(arrays[f"{name}_{i}.in{j}"], j)
            interpreter.invoke()
            arrays[f"{name}_{i}.out"] = interpreter.get_output(0)
            arrays[f"{name}_{i}.model"] = np.frombuffer(data, np.uint8)
    np.savez_compressed(OUT, **arrays)
    print(f"{OUT}: {len(CASES) * N_CASES} cases, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
