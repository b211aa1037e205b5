# SPDX-License-Identifier: Apache-2.0
"""Quantized ONNX files become integer graphs whose every int8 is ONNX Runtime's.

Weights of 8 signed bits are quantized to 7 (`reduce_range`) where activations are unsigned: on
x86-64 without VNNI the runtime's own sums of such products saturate in 16 bits, which is no
meaning of the file.
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnxruntime import quantization as ort

from iseul.core.errors import UnsupportedError
from iseul.graph.files import load_graph
from iseul.graph.ir import Graph
from unit._onnx_models import Array, Model, agree, by_graph, by_runtime, node

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="integers of the runtime's x86-64 kernels"
)

U8, S8 = ort.QuantType.QUInt8, ort.QuantType.QInt8
KINDS = {
    "uint8, weights of 7 bits per channel": (U8, S8, True, True),
    "uint8, uint8 weights with zero points": (U8, U8, False, False),
    "int8, per tensor": (S8, S8, False, True),
    "int8, per channel": (S8, S8, True, True),
}


def _reals(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).astype(np.float32)


def residual(rng: np.random.Generator) -> Model:
    """Convolutions, a depthwise one, a sum, pools, a dense layer, softmax."""
    nodes = [
        node("Conv", "x w0 b0", "c0", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", "c0", "r0"),
        node("Conv", "r0 w1 b1", "c1", pads=[1, 1, 1, 1], group=8),
        node("Clip", "c1 zero six", "r1"),
        node("Conv", "r1 w2 b2", "c2"),
        node("Add", "c2 r0", "a"),
        node("MaxPool", "a", "m", kernel_shape=[2, 2], strides=[2, 2]),
        node("AveragePool", "m", "v", kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1]),
        node("GlobalAveragePool", "v", "g"),
        node("Flatten", "g", "f"),
        node("Gemm", "f w3 b3", "d", transB=1),
        node("Softmax", "d"),
    ]
    constants = {
        "w0": _reals(rng, 8, 3, 3, 3),
        "w1": _reals(rng, 8, 1, 3, 3),
        "w2": _reals(rng, 8, 8, 1, 1),
        "w3": _reals(rng, 10, 8),
        "zero": np.array(0, np.float32),
        "six": np.array(6, np.float32),
        **{f"b{i}": _reals(rng, n) for i, n in enumerate((8, 8, 8, 10))},
    }
    return Model(nodes, {"x": _reals(rng, 1, 3, 16, 16)}, constants)


def gates(rng: np.random.Generator) -> Model:
    """Squeeze and excite, a table of every function, concatenation, a flatten of NHWC."""
    nodes = [
        node("Conv", "x w0 b0", "c0", pads=[1, 1, 1, 1]),
        node("HardSwish", "c0", "h"),
        node("ReduceMean", "h", "p", axes=[2, 3], keepdims=1),
        node("Conv", "p w1 b1", "e"),
        node("Sigmoid", "e", "s"),
        node("Mul", "h s", "g"),
        node("LeakyRelu", "c0", "l", alpha=0.1),
        node("Concat", "g l", "k", axis=1),
        node("Resize", "k - up", "u", mode="nearest", nearest_mode="floor"),
        node("Transpose", "u", "t", perm=[0, 1, 3, 2]),
        node("Flatten", "t", "f"),
        node("MatMul", "f w2"),
    ]
    constants = {
        "w0": _reals(rng, 4, 2, 3, 3),
        "b0": _reals(rng, 4),
        "w1": _reals(rng, 4, 4, 1, 1),
        "b1": _reals(rng, 4),
        "w2": _reals(rng, 8 * 8 * 10, 3),
        "up": np.array([1, 1, 2, 2], np.float32),
    }
    return Model(nodes, {"x": _reals(rng, 1, 2, 4, 5)}, constants)


def segments(rng: np.random.Generator) -> Model:
    """A small U: down, bilinear up, beside what was there before; up again to odd sizes."""
    linear = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    nodes = [
        node("Conv", "x w0 b0", "c0", pads=[1, 1, 1, 1]),
        node("Relu", "c0", "r0"),
        node("Conv", "r0 w1 b1", "c1", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Resize", "c1 - twice", "u", **linear),
        node("Concat", "u r0", "k", axis=1),
        node("Conv", "k w2 b2", "c2"),
        node("Resize", "c2 - - size", "y", **{**linear, **ALIGNED}),
    ]
    constants = {
        "w0": _reals(rng, 4, 2, 3, 3),
        "w1": _reals(rng, 6, 4, 3, 3),
        "w2": _reals(rng, 3, 10, 1, 1),
        "twice": np.array([1, 1, 2, 2], np.float32),
        "size": np.array([1, 3, 11, 13], np.int64),
        **{f"b{i}": _reals(rng, n) for i, n in enumerate((4, 6, 3))},
    }
    return Model(nodes, {"x": _reals(rng, 1, 2, 6, 8)}, constants)


ALIGNED = {"coordinate_transformation_mode": "align_corners"}
NETS = {"residual": residual, "gates": gates, "segments": segments}


class Reader(ort.CalibrationDataReader):
    def __init__(self, model: Model, rng: np.random.Generator) -> None:
        self.samples: Iterator[dict[str, Array]] = iter(samples(model, rng, 6))

    def get_next(self) -> dict[str, Array] | None:
        return next(self.samples, None)


def samples(model: Model, rng: np.random.Generator, n: int) -> list[dict[str, Array]]:
    return [{k: _reals(rng, *x.shape) for k, x in model.inputs.items()} for _ in range(n)]


def quantized(
    model: Model, folder: Path, kind: str, form: ort.QuantFormat = ort.QuantFormat.QDQ
) -> Path:
    """The model as onnxruntime.quantization writes it."""
    activations, weights, per_channel, reduce_range = KINDS[kind]
    source, target = model.save(folder / "float.onnx"), folder / "quantized.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ort.quantize_static(
            str(source),
            str(target),
            Reader(model, np.random.default_rng(1)),
            quant_format=form,
            activation_type=activations,
            weight_type=weights,
            per_channel=per_channel,
            reduce_range=reduce_range,
        )
    return target


def with_integers(path: Path) -> Path:
    """The same model with every quantized value as an output."""
    model = onnx.load(path)
    for n in model.graph.node:
        if n.op_type == "QuantizeLinear":
            model.graph.output.append(onnx.ValueInfoProto(name=n.output[0]))
    target = path.with_name("integers.onnx")
    onnx.save(model, target)
    return target


def ops(graph: Graph) -> set[str]:
    return {n.op for n in graph.nodes}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("net", NETS)
def test_every_integer_is_onnx_runtimes(net: str, kind: str, tmp_path: Path) -> None:
    model = NETS[net](np.random.default_rng([5, *net.encode()]))
    path = with_integers(quantized(model, tmp_path, kind))
    graph = load_graph(path)
    assert graph.level == "quantized"
    for feed in samples(model, np.random.default_rng(2), 4):
        got, want = by_graph(graph, feed), by_runtime(path, feed)
        assert len(got) == len(want) > 7
        for mine, theirs in zip(got, want, strict=True):
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("net", NETS)
def test_the_chip_computes_in_integers(net: str, tmp_path: Path) -> None:
    model = NETS[net](np.random.default_rng([5, *net.encode()]))
    graph = load_graph(quantized(model, tmp_path, "int8, per channel"))
    floats = [n for n in graph.nodes if graph.values[n.outputs[0]].is_float]
    assert {n.op for n in floats} <= {"dequantize", "reshape"}, floats
    assert "quantize" in [n.op for n in graph.nodes][:3]
    assert all(n.attrs.model_dump().get("requantization", "float") == "float" for n in graph.nodes)


@pytest.mark.parametrize("net", ["residual", "segments"])
def test_operators_on_integers(net: str, tmp_path: Path) -> None:
    model = NETS[net](np.random.default_rng(8))
    kind = "uint8, uint8 weights with zero points"
    path = quantized(model, tmp_path, kind, ort.QuantFormat.QOperator)
    assert any(n.op_type == "QLinearConv" for n in onnx.load(path).graph.node)
    graph = load_graph(path)
    for feed in samples(model, np.random.default_rng(3), 4):
        # optimized, the runtime may turn images and resize them in fixed point
        wanted = by_runtime(path, feed, optimized=net != "segments")
        for got, want in zip(by_graph(graph, feed), wanted, strict=True):
            np.testing.assert_array_equal(got, want)


def _qdq(nodes: Sequence[onnx.NodeProto], constants: dict[str, Array], x: Array) -> Model:
    return Model(nodes, {"x": x}, constants)


def _quantize(name: str, output: str) -> list[onnx.NodeProto]:
    return [
        node("QuantizeLinear", f"{name} s z", f"{output}_q"),
        node("DequantizeLinear", f"{output}_q s z", output),
    ]


def test_halves_are_rounded_to_even(tmp_path: Path) -> None:
    steps = np.arange(-300, 301, dtype=np.float32).reshape(1, -1) / 2
    constants = {"s": np.array(1.0, np.float32), "z": np.array(3, np.int8)}
    model = _qdq(_quantize("x", "y"), constants, steps)
    path = model.save(tmp_path / "m.onnx")
    np.testing.assert_array_equal(
        by_graph(load_graph(path), model.inputs)[0], by_runtime(path, model.inputs)[0]
    )


def test_integer_inputs_and_outputs_keep_their_dtype(tmp_path: Path) -> None:
    """A model whose interface is uint8: int8 inside, uint8 at the border."""
    rng = np.random.default_rng(4)
    constants = {
        "s": np.array(0.05, np.float32),
        "z": np.array(120, np.uint8),
        "w": rng.integers(-63, 64, (3, 2, 3, 3)).astype(np.int8),
        "ws": np.array([0.01, 0.02, 0.03], np.float32),
        "wz": np.zeros(3, np.int8),
    }
    nodes = [
        node("DequantizeLinear", "x s z", "xr"),
        node("DequantizeLinear", "w ws wz", "wr", axis=0),
        node("Conv", "xr wr", "c"),
        node("QuantizeLinear", "c s z"),
    ]
    x = rng.integers(0, 256, (1, 2, 6, 5)).astype(np.uint8)
    model = Model(nodes, {"x": x}, constants)
    path = model.save(tmp_path / "m.onnx")
    graph = load_graph(path)
    assert graph.values[graph.inputs[0]].dtype == "uint8"
    (got,), (want,) = by_graph(graph, model.inputs), by_runtime(path, model.inputs)
    assert got.dtype == want.dtype == np.uint8
    np.testing.assert_array_equal(got, want)


def test_what_no_integer_op_takes_is_a_float_island(tmp_path: Path) -> None:
    """An op between a DequantizeLinear and no QuantizeLinear stays float."""
    rng = np.random.default_rng(6)
    constants = {
        "s": np.array(0.05, np.float32),
        "z": np.array(-3, np.int8),
        "w": _reals(rng, 4, 5),
    }
    nodes = [
        *_quantize("x", "a"),
        node("MatMul", "a w", "m"),
        node("Erf", "m", "e"),
        *_quantize("e", "y"),
    ]
    model = _qdq(nodes, constants, _reals(rng, 3, 4))
    path = model.save(tmp_path / "m.onnx")
    graph = load_graph(path)
    assert ops(graph) >= {"quantize", "dequantize", "fully_connected", "erf"}
    np.testing.assert_allclose(
        by_graph(graph, model.inputs)[0], by_runtime(path, model.inputs)[0], atol=1e-6
    )


def _held(
    rng: np.random.Generator, name: str, shape: Sequence[int], axis: int, n: int
) -> dict[str, Array]:
    """int8 weights, their scales and their zero points."""
    ends = {"int8": (-127, 128), "uint8": (0, 256)}[name]
    zeros = np.zeros(n) if name == "int8" else rng.integers(100, 150, n)
    return {
        "w": rng.integers(*ends, shape).astype(name),
        "ws": (rng.random(n) / 50 + 0.001).astype(np.float32),
        "wz": zeros.astype(name),
    }


@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize(
    ("op", "x", "w", "axis", "attrs"),
    [
        ("Conv", (1, 4, 6, 5), (7, 4, 3, 3), 0, {"pads": [1, 1, 1, 1]}),
        ("Conv", (1, 6, 6, 5), (6, 1, 3, 3), 0, {"group": 6}),
        ("Conv", (1, 4, 9), (7, 4, 3), 0, {}),
        ("Gemm", (3, 8), (5, 8), 0, {"transB": 1}),
        ("Gemm", (3, 8), (8, 5), 1, {"alpha": 0.5}),
        ("MatMul", (2, 3, 8), (8, 5), 1, {}),
    ],
)
def test_integer_weights_of_reals_stay_integers(
    op: str, x: Any, w: Any, axis: int, attrs: dict[str, Any], kind: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng([7, *op.encode()])
    nodes = [
        node("DequantizeLinear", "w ws wz", "wr", axis=axis),
        node(op, "x wr", "c", **attrs),
        node("Relu", "c"),
    ]
    constants = _held(rng, kind, w, axis, w[axis])
    model = Model(nodes, {"x": _reals(rng, *x)}, constants)
    # optimized, the runtime quantizes the inputs of such a MatMul too
    graph = agree(model.save(tmp_path / "m.onnx"), model.inputs, optimized=False)
    held = [v.dtype for v in graph.values.values() if v.is_constant and len(v.shape) > 1]
    assert held == (["float32"] if "alpha" in attrs else ["int8"])


def test_scales_chosen_at_run_time_are_refused(tmp_path: Path) -> None:
    nodes = [node("DynamicQuantizeLinear", "x", "y s z")]
    path = Model(nodes, {"x": np.zeros((1, 4), np.float32)}, outputs=["y"]).save(
        tmp_path / "m.onnx"
    )
    with pytest.raises(UnsupportedError, match="chooses its scales at run time"):
        load_graph(path)


def test_scales_per_channel_of_computed_values_are_refused(tmp_path: Path) -> None:
    constants = {"s": np.ones(3, np.float32), "z": np.zeros(3, np.int8)}
    nodes = [
        node("QuantizeLinear", "x s z", "q", axis=1),
        node("DequantizeLinear", "q s z", axis=1),
    ]
    path = _qdq(nodes, constants, np.zeros((1, 3, 4), np.float32)).save(tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match="3 scales on a computed value"):
        load_graph(path)
