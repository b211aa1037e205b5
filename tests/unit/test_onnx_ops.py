# SPDX-License-Identifier: Apache-2.0
"""Each converter of the ONNX reader on random shapes and attributes, judged by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unit._onnx_models import Model, agree, node

Rng = np.random.Generator
Array = np.ndarray
SEEDS = range(3)


def reals(rng: Rng, *shape: int, scale: float = 1.0) -> Array:
    return (scale * rng.normal(size=shape)).astype(np.float32)


def sizes(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


def pick(rng: Rng, *options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def image(rng: Rng, channels: int | None = None) -> Array:
    c = channels or int(rng.integers(1, 7))
    return reals(rng, 1, c, int(rng.integers(5, 9)), int(rng.integers(5, 9)))


# --- windows


def conv(rng: Rng) -> Model:
    groups = pick(rng, 1, 1, 2, 3)
    n_in, n_out = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    n = pick(rng, 1, 2)
    kernel = [int(rng.integers(1, 4)) for _ in range(n)]
    attrs: dict[str, Any] = {
        "group": groups,
        "strides": [int(rng.integers(1, 3)) for _ in range(n)],
        "dilations": [int(rng.integers(1, 3)) for _ in range(n)],
    }
    padding = pick(rng, "none", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if padding == "pads":
        attrs["pads"] = [int(rng.integers(0, 3)) for _ in range(2 * n)]
    elif padding != "none":
        attrs |= {"auto_pad": padding, "dilations": [1] * n}  # the runtime refuses both
    x = reals(rng, 1, n_in, *(int(rng.integers(7, 10)) for _ in range(n)))
    weights = {"w": reals(rng, n_out, n_in // groups, *kernel), "b": reals(rng, n_out)}
    inputs = pick(rng, "x w b", "x w")
    return Model(
        [node("Conv", inputs, **attrs)], {"x": x}, {k: weights[k] for k in inputs.split()[1:]}
    )


def depthwise(rng: Rng) -> Model:
    c, m = int(rng.integers(2, 6)), pick(rng, 1, 2)
    w = reals(rng, c * m, 1, 3, 2)
    return Model([node("Conv", "x w", group=c, pads=[1, 0, 1, 1])], {"x": image(rng, c)}, {"w": w})


def conv_transpose(rng: Rng) -> Model:
    groups, n = pick(rng, 1, 2), pick(rng, 1, 2)
    n_in, per_group = 2 * groups, int(rng.integers(1, 4))
    kernel = [int(rng.integers(2, 4)) for _ in range(n)]
    strides = [int(rng.integers(1, 3)) for _ in range(n)]
    attrs: dict[str, Any] = {"group": groups, "strides": strides}
    if pick(rng, True, False):
        attrs["pads"] = [int(rng.integers(0, 2)) for _ in range(2 * n)]
        attrs["output_padding"] = [int(rng.integers(0, s)) for s in strides]
        attrs["dilations"] = [int(rng.integers(1, 3)) for _ in range(n)]
    x = reals(rng, 1, n_in, *(int(rng.integers(4, 7)) for _ in range(n)))
    constants = {"w": reals(rng, n_in, per_group, *kernel), "b": reals(rng, per_group * groups)}
    return Model([node("ConvTranspose", "x w b", **attrs)], {"x": x}, constants)


def pool(rng: Rng) -> Model:
    op = pick(rng, "MaxPool", "AveragePool")
    n = pick(rng, 1, 2)
    kernel = [int(rng.integers(2, 4)) for _ in range(n)]
    attrs: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": [int(rng.integers(1, 3)) for _ in range(n)],
        "ceil_mode": pick(rng, 0, 1),
    }
    if pick(rng, True, False):
        attrs["pads"] = [1] * 2 * n
    if op == "AveragePool":
        attrs["count_include_pad"] = 0 if attrs["ceil_mode"] else pick(rng, 0, 1)
    x = reals(rng, 1, 3, *(int(rng.integers(6, 10)) for _ in range(n)))
    return Model([node(op, "x", **attrs)], {"x": x}, opset=19)


def global_pool(rng: Rng) -> Model:
    op = pick(rng, "GlobalAveragePool", "GlobalMaxPool")
    return Model([node(op, "x")], {"x": pick(rng, image(rng), reals(rng, 1, 3, 7))})


def resize(rng: Rng) -> Model:
    mode = pick(rng, "nearest", "linear")
    coordinates = pick(rng, "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    x = reals(rng, 1, 2, 4, 6)
    if coordinates == "align_corners" or pick(rng, True, False):
        constants = {"n": sizes(1, 2, *pick(rng, (8, 12), (7, 9), (2, 3)))}
        inputs = "x - - n"
    else:
        constants = {"s": np.array(pick(rng, [1, 1, 2, 3], [1, 1, 0.5, 0.5]), np.float32)}
        inputs = "x - s"
    attrs = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attrs["nearest_mode"] = pick(
            rng, "floor", "ceil", "round_prefer_floor", "round_prefer_ceil"
        )
    return Model([node("Resize", inputs, **attrs)], {"x": x}, constants)


def old_upsample(rng: Rng) -> Model:
    scales = {"s": np.array([1, 1, 2, 3], np.float32)}
    return Model([node("Upsample", "x s", mode="nearest")], {"x": image(rng)}, scales, opset=9)


# --- matrices


def gemm(rng: Rng) -> Model:
    m, k, n = pick(rng, 1, 3), 5, 4
    a, b = pick(rng, 0, 1), pick(rng, 0, 1)
    constants = {"w": reals(rng, *((n, k) if b else (k, n)))}
    inputs = "x w"
    if pick(rng, True, False):
        constants["c"] = reals(rng, *pick(rng, (n,), (1, n), (1,), (m, 1), (m, n), ()))
        inputs = "x w c"
    attrs = {"transA": a, "transB": b, "alpha": pick(rng, 1.0, 0.5), "beta": pick(rng, 1.0, 2.0)}
    x = reals(rng, *((k, m) if a else (m, k)))
    return Model([node("Gemm", inputs, **attrs)], {"x": x}, constants)


def matmul(rng: Rng) -> Model:
    shape = pick(rng, (3, 5), (1, 3, 5), (2, 3, 4, 5), (5,))
    nodes = [node("MatMul", "x w", "m"), node("Add", "m b")]
    return Model(nodes, {"x": reals(rng, *shape)}, {"w": reals(rng, 5, 4), "b": reals(rng, 4)})


def constant_times(rng: Rng) -> Model:
    w = {"w": reals(rng, 4, 5)}
    return Model([node("MatMul", "w x")], {"x": reals(rng, *pick(rng, (5, 3), (2, 5, 3)))}, w)


def flattened(rng: Rng) -> Model:
    """The weights' columns move, not the data."""
    nodes = [
        node("Conv", "x w", "a"),
        node("Relu", "a", "r"),
        pick(rng, node("Flatten", "r", "f"), node("Reshape", "r s", "f")),
        node("Gemm", "f v c", "y", transB=1),
    ]
    x = reals(rng, 1, 2, 5, 6)
    constants = {"w": reals(rng, 3, 2, 2, 3), "s": sizes(1, -1), "c": reals(rng, 4)}
    return Model(nodes, {"x": x}, {**constants, "v": reals(rng, 4, 3 * 4 * 4)})


# --- elements


_UNARY: dict[str, dict[str, Any]] = {
    "Abs": {},
    "Ceil": {},
    "Celu": {"alpha": 1.5},
    "Cos": {},
    "Elu": {"alpha": 0.7},
    "Erf": {},
    "Exp": {},
    "Floor": {},
    "HardSigmoid": {"alpha": 0.25, "beta": 0.4},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.2},
    "Mish": {},
    "Neg": {},
    "Reciprocal": {},
    "Relu": {},
    "Round": {},
    "Selu": {},
    "Sigmoid": {},
    "Sign": {},
    "Sin": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
    "ThresholdedRelu": {"alpha": 0.3},
}


def unary(op: str) -> Callable[[Rng], Model]:
    def make(rng: Rng) -> Model:
        x = pick(rng, image(rng), reals(rng, 1, 7), reals(rng, 2, 3, 5)) * np.float32(2)
        return Model([node(op, "x", **_UNARY[op])], {"x": x}, opset=18)

    return make


def positive(rng: Rng) -> Model:
    op = pick(rng, "Sqrt", "Log")
    return Model([node(op, "x")], {"x": np.abs(reals(rng, 1, 9)) + np.float32(0.1)})


def gelu(rng: Rng) -> Model:
    approximate = pick(rng, "none", "tanh")
    return Model([node("Gelu", "x", approximate=approximate)], {"x": reals(rng, 1, 9)}, opset=20)


def power(rng: Rng) -> Model:
    x = np.abs(reals(rng, 1, 3, 4)) + np.float32(0.2)
    exponent = np.array(pick(rng, 2.0, 3.0, 4.0, 0.5, -0.5, -1.0, 1.0), np.float32)
    return Model([node("Pow", "x p")], {"x": x}, {"p": exponent})


def clip(rng: Rng) -> Model:
    low, high = pick(rng, (0.0, 6.0), (-1.0, 1.0), (0.0, 1.0), (-0.3, 0.7))
    constants = {"l": np.array(low, np.float32), "h": np.array(high, np.float32)}
    inputs = pick(rng, "x l h", "x l", "x - h")
    x = image(rng) * np.float32(4)
    return Model(
        [node("Clip", inputs)],
        {"x": x},
        {n: constants[n] for n in inputs.split() if n in constants},
    )


def prelu(rng: Rng) -> Model:
    slope = pick(rng, reals(rng, 3, 1, 1), reals(rng, 1))
    return Model([node("PRelu", "x s")], {"x": image(rng, 3)}, {"s": slope})


def binary(rng: Rng) -> Model:
    op = pick(rng, "Add", "Sub", "Mul", "Div")
    other = pick(rng, (1, 3, 1, 1), (3, 1, 1), (), (1,), (5,), (1, 3, 4, 5), (4, 1))
    y = np.abs(reals(rng, *other)) + np.float32(0.5)
    constants, inputs = {}, {"x": reals(rng, 1, 3, 4, 5)}
    (constants if pick(rng, True, False) else inputs)["z"] = np.asarray(y, np.float32)
    return Model([node(op, pick(rng, "x z", "z x") if op != "Div" else "x z")], inputs, constants)


def on_channels(rng: Rng) -> Model:
    """A constant that is turned with the layout of what it meets."""
    op = pick(rng, "Add", "Sub", "Mul", "Max", "PRelu", "Where", "Greater")
    other = pick(rng, (3, 1, 1), (1, 4), (3, 5, 1), (3, 5, 4)) if op != "PRelu" else (3, 1, 1)
    nodes = [node("Conv", "x w", "c"), node("Relu", "c", "r")]
    if op == "Where":
        nodes += [node("Greater", "r k", "g"), node("Where", "g r k")]
    else:
        nodes.append(node(op, pick(rng, "r k", "k r") if op != "PRelu" else "r k"))
    constants = {"w": reals(rng, 3, 2, 3, 3), "k": reals(rng, *other)}
    return Model(nodes, {"x": reals(rng, 1, 2, 7, 6)}, constants)


def behind_a_convolution(rng: Rng) -> Model:
    """Sums and products per channel go into the weights."""
    nodes = [node("Conv", "x w", "c"), node("Mul", "c g", "m"), node("Add", "m o", "a")]
    nodes += [node("Sub", "a o", "s"), node("Div", "s g")]
    gain = np.abs(reals(rng, 3, 1, 1)) + np.float32(0.5)
    constants = {"w": reals(rng, 3, 2, 3, 3), "g": gain, "o": reals(rng, 1, 3, 1, 1)}
    return Model(nodes, {"x": reals(rng, 1, 2, 6, 5)}, constants)


def variadic(rng: Rng) -> Model:
    op = pick(rng, "Max", "Min", "Sum", "Mean")
    inputs = {"a": image(rng, 2), "b": reals(rng, 1, 2, 1, 1)}
    return Model([node(op, "a b c")], inputs, {"c": reals(rng, 1)})


def compare(rng: Rng) -> Model:
    op = pick(rng, "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal")
    nodes = [node(op, "x z", "m"), node("Not", "m", "n"), node("Where", "n x z")]
    x = np.round(image(rng, 2))
    return Model(nodes, {"x": x}, {"z": np.round(reals(rng, 2, 1, 1))})


def logic(rng: Rng) -> Model:
    op = pick(rng, "And", "Or", "Xor")
    nodes = [node("Greater", "x z", "a"), node("Less", "x z", "b"), node(op, "a b", "c")]
    nodes.append(node("Cast", "c", to=pick(rng, 1, 6, 7, 9)))
    return Model(nodes, {"x": reals(rng, 1, 9)}, {"z": reals(rng, 1, 9)})


def cast(rng: Rng) -> Model:
    nodes = [node("Cast", "x", "i", to=pick(rng, 6, 7)), node("Cast", "i", to=1)]
    return Model(nodes, {"x": reals(rng, 1, 9, scale=5.0)})


# --- normalizations


def batch_norm(rng: Rng) -> Model:
    nodes = [node("Conv", "x w", "c"), node("BatchNormalization", "c s b m v")]
    if pick(rng, True, False):
        nodes[0] = node("Relu", "x", "c")
    n = 4
    constants = {"w": reals(rng, n, n, 3, 3), "v": np.abs(reals(rng, n)) + np.float32(0.1)}
    constants |= {name: reals(rng, n) for name in "sbm"}
    return Model(nodes, {"x": image(rng, n)}, constants, opset=15)


def instance_norm(rng: Rng) -> Model:
    x = pick(rng, image(rng, 3), reals(rng, 1, 3, 9))
    return Model(
        [node("InstanceNormalization", "x s b")], {"x": x}, {n: reals(rng, 3) for n in "sb"}
    )


def layer_norm(rng: Rng) -> Model:
    axis = pick(rng, -1, -2, 1)
    x = reals(rng, 1, 4, 6)
    row = x.shape[axis:]
    constants = {"s": reals(rng, *row), "b": reals(rng, *row)}
    inputs = pick(rng, "x s b", "x s")
    return Model([node("LayerNormalization", inputs, axis=axis)], {"x": x}, constants)


def lrn(rng: Rng) -> Model:
    return Model([node("LRN", "x", size=3, alpha=0.1, bias=1.5)], {"x": image(rng, 5)})


def softmax(rng: Rng) -> Model:
    op, opset = pick(rng, "Softmax", "LogSoftmax"), pick(rng, 9, 13)
    x = pick(rng, image(rng, 3), reals(rng, 1, 7))
    axis = pick(rng, 1, 1, -1)
    return Model([node(op, "x", axis=axis)], {"x": x}, opset=opset)


# --- reductions


def reduce(rng: Rng) -> Model:
    ops = ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2")
    op = pick(rng, *ops, "ReduceSumSquare", "ReduceLogSumExp")
    axes = pick(rng, [2, 3], [1], [-1], [1, 2, 3])
    attrs = {"axes": axes, "keepdims": pick(rng, 0, 1)}
    return Model([node(op, "x", **attrs)], {"x": image(rng)}, opset=13)


def reduce_sum(rng: Rng) -> Model:
    keep, axes = pick(rng, 0, 1), pick(rng, (2, 3), (1,))
    return Model([node("ReduceSum", "x a", keepdims=keep)], {"x": image(rng)}, {"a": sizes(*axes)})


def arg(rng: Rng) -> Model:
    attrs = {"axis": pick(rng, 1, 2, -1), "keepdims": pick(rng, 0, 1)}
    return Model([node(pick(rng, "ArgMax", "ArgMin"), "x", **attrs)], {"x": image(rng)})


def cumsum(rng: Rng) -> Model:
    attrs = {"exclusive": pick(rng, 0, 1), "reverse": pick(rng, 0, 1)}
    axis = {"a": np.array(pick(rng, 1, 2), np.int64)}
    return Model([node("CumSum", "x a", **attrs)], {"x": image(rng)}, axis)


# --- moving


def concat(rng: Rng) -> Model:
    nodes = [node("Conv", "x w", "c"), node("Concat", "c x k", axis=1)]
    constants = {"w": reals(rng, 3, 2, 1, 1), "k": reals(rng, 1, 1, 5, 4)}
    return Model(nodes, {"x": reals(rng, 1, 2, 5, 4)}, constants)


def split(rng: Rng) -> Model:
    nodes = [node("Split", "x n", "a b", axis=1), node("Concat", "b a", axis=1)]
    return Model(nodes, {"x": image(rng, 5)}, {"n": sizes(2, 3)})


def slices(rng: Rng) -> Model:
    constants = {"s": sizes(*pick(rng, (1, -4), (0, 1), (-2, 3))), "e": sizes(100, -1)}
    constants |= {"a": sizes(1, 3), "t": sizes(1, pick(rng, 1, 2))}
    return Model([node("Slice", "x s e a t")], {"x": reals(rng, 1, 4, 5, 7)}, constants)


def reverse(rng: Rng) -> Model:
    constants = {"s": sizes(-1), "e": sizes(-(2**31)), "a": sizes(2), "t": sizes(-1)}
    return Model([node("Slice", "x s e a t")], {"x": image(rng)}, constants)


def gather(rng: Rng) -> Model:
    index = pick(rng, [2, 0, 1], [[0, 1], [1, 2]], 1, [-1, 0], [0, 1, 2])
    axis = pick(rng, 1, 2, 3)
    return Model(
        [node("Gather", "x i", axis=axis)], {"x": image(rng, 4)}, {"i": np.array(index, np.int64)}
    )


def embedding(rng: Rng) -> Model:
    index = rng.integers(0, 6, (1, 4)).astype(np.int64)
    return Model([node("Gather", "t i", axis=0)], {"i": index}, {"t": reals(rng, 6, 3)})


def pad(rng: Rng) -> Model:
    mode = pick(rng, "constant", "reflect", "edge")
    pads = {"p": sizes(*pick(rng, (0, 0, 1, 2, 0, 0, 2, 1), (0, 1, 0, 0, 0, 1, 0, 1)))}
    if mode == "constant":
        pads["v"] = np.array(0.5, np.float32)
    inputs = "x p v" if mode == "constant" else "x p"
    return Model([node("Pad", inputs, mode=mode)], {"x": image(rng, 3)}, pads)


def crop(rng: Rng) -> Model:
    pads = {"p": sizes(0, 0, -1, 0, 0, 0, 0, -2)}
    return Model([node("Pad", "x p")], {"x": image(rng)}, pads)


def expand(rng: Rng) -> Model:
    op, shape = pick(rng, ("Expand", (1, 3, 4, 5)), ("Tile", (1, 1, 4, 2)))
    x = reals(rng, 1, 3, 1, 1) if op == "Expand" else image(rng)
    return Model([node(op, "x s")], {"x": x}, {"s": sizes(*shape)})


def blocks(rng: Rng) -> Model:
    op, attrs = pick(
        rng,
        ("DepthToSpace", {"blocksize": 2, "mode": "DCR"}),
        ("DepthToSpace", {"blocksize": 2, "mode": "CRD"}),
        ("SpaceToDepth", {"blocksize": 2}),
    )
    return Model([node(op, "x", **attrs)], {"x": reals(rng, 1, 8, 4, 6)})


def channel_shuffle(rng: Rng) -> Model:
    nodes = [
        node("Conv", "x w", "c"),
        node("Reshape", "c s", "r"),
        node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "t u", "v"),
        node("Conv", "v w2"),
    ]
    constants = {"w": reals(rng, 6, 2, 1, 1), "w2": reals(rng, 4, 6, 1, 1)}
    constants |= {"s": sizes(1, 2, 3, 5, 4), "u": sizes(1, 6, 5, 4)}
    return Model(nodes, {"x": reals(rng, 1, 2, 5, 4)}, constants)


def shapes(rng: Rng) -> Model:
    """Shape arithmetic is folded; what stands beside it is moved."""
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Unsqueeze", "n zeros", "u"),
        node("Concat", "u minus", "t", axis=0),
        node("Relu", "x", "r"),
        node("Reshape", "r t", "f"),
        node("Unsqueeze", "f two", "v"),
        node("Squeeze", "v two", "w"),
        node("Transpose", "w", perm=[1, 0]),
    ]
    constants = {"zero": np.array(0, np.int64), "zeros": sizes(0), "minus": sizes(-1)}
    return Model(nodes, {"x": image(rng)}, {**constants, "two": sizes(2)}, opset=13)


def mask(rng: Rng) -> Model:
    """A mask made of constants, as exporters write them."""
    nodes = [
        node("ConstantOfShape", "s", "o"),
        node("Trilu", "o k", "t", upper=1),
        node("Add", "x t"),
    ]
    return Model(nodes, {"x": reals(rng, 1, 4, 4)}, {"s": sizes(4, 4), "k": np.array(1, np.int64)})


# --- recurrent


def recurrent(op: str, n_gates: int) -> Callable[[Rng], Model]:
    def make(rng: Rng) -> Model:
        steps, batch, n_in, size = 5, pick(rng, 1, 2), 3, 4
        direction = pick(rng, "forward", "reverse", "bidirectional")
        n = 2 if direction == "bidirectional" else 1
        constants = {
            "w": reals(rng, n, n_gates * size, n_in),
            "r": reals(rng, n, n_gates * size, size),
            "b": reals(rng, n, 2 * n_gates * size),
            "h": reals(rng, n, batch, size),
        }
        attrs: dict[str, Any] = {"hidden_size": size, "direction": direction}
        if op == "GRU":
            attrs["linear_before_reset"] = pick(rng, 0, 1)
        inputs, outputs = pick(
            rng, ("x w r b - h", "y last"), ("x w r", "y"), ("x w r b", "- last")
        )
        made = node(op, inputs, outputs.replace("-", "unused"), **attrs)
        wanted = [name for name in outputs.split() if name != "-"]
        if "unused" in made.output:
            made.output[0] = ""
        held = {name: constants[name] for name in inputs.split() if name in constants}
        return Model([made], {"x": reals(rng, steps, batch, n_in)}, held, wanted, opset=14)

    return make


CASES: dict[str, Callable[[Rng], Model]] = {
    **{f.__name__: f for f in (conv, depthwise, conv_transpose, pool, global_pool, resize)},
    **{f.__name__: f for f in (old_upsample, gemm, matmul, constant_times, flattened, positive)},
    **{
        f.__name__: f
        for f in (gelu, power, clip, prelu, binary, on_channels, behind_a_convolution, variadic)
    },
    **{f.__name__: f for f in (compare, logic, cast, batch_norm, instance_norm, layer_norm, lrn)},
    **{f.__name__: f for f in (softmax, reduce, reduce_sum, arg, cumsum, concat, split, slices)},
    **{f.__name__: f for f in (reverse, gather, embedding, pad, crop, expand, blocks)},
    **{f.__name__: f for f in (channel_shuffle, shapes, mask)},
    **{op: unary(op) for op in _UNARY},
    **{op: recurrent(op, n) for op, n in (("LSTM", 4), ("GRU", 3), ("RNN", 1))},
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CASES)
def test_equals_onnx_runtime(name: str, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([seed, *name.encode()])
    model = CASES[name](rng)
    agree(model.save(tmp_path / "m.onnx"), model.inputs)
