# SPDX-License-Identifier: Apache-2.0
"""The `.tflite` reader, and that the ops mean what TensorFlow Lite Micro computes.

The corpus of third-party models with golden outputs lies outside the repository: in
$ISEUL_DATA, by default ../shared/data beside it. Tests that need it are skipped without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret, interpret_samples
from iseul.graph.read import _flatbuffer, tflite
from iseul.graph.read import _tflite_schema as schema
from iseul.numerics.affine import Quantization, storage
from unit._tflite_bytes import Model, encode

if TYPE_CHECKING:
    from iseul.graph.ir import Graph

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ISEUL_DATA", ROOT / "../shared/data")).resolve()
MODELS = DATA / "models"
needs_data = pytest.mark.skipif(
    not MODELS.is_dir(), reason="no models beside the repository; set ISEUL_DATA"
)

MLPERF = (
    "mlperf_ic_resnet8_int8",
    "mlperf_vww_mbv1_025_96_int8",
    "mlperf_kws_dscnn_int8",
    "mlperf_ad_ae_int8",
    "mlperf_sww_int8",
)
READABLE = (
    *MLPERF,
    "mlperf_ad_ae_f32",
    "mlperf_ic_resnet8_f32",
    "mlperf_vww_mbv1_025_96_f32",
    "mltk_magic_wand_int8_fio",
    "mltk_rps_int8_fio",
    "coral_keras_lstm_mnist",
    "tflm_dtln_lstm_int8",
    "tflm_hello_world_int8",
    "tflm_keyword_scrambled_8bit",
    "tflm_micro_speech_int8",
    "tflm_mnist_lstm_f32",
    "tflm_mnist_lstm_int8",
    "tflm_person_detect_int8",
    "tflm_sine_f32",
    "tinymaix_cifar10_f32",
    "tinymaix_cifar10_int8",
    "tinymaix_mnist_resnet_f32",
    "tinymaix_mnist_resnet_int8",
)
LAYERED = sorted({*MLPERF, *(path.stem for path in MODELS.glob("golden_layers/*.npz"))})
CORPUS = sorted(path.stem for path in MODELS.glob("tflite/*.tflite"))


@cache
def facts() -> dict[str, Any]:
    """models.json by name."""
    return {entry["name"]: entry for entry in json.loads((MODELS / "models.json").read_text())}


@cache
def model(name: str) -> Graph:
    return load_graph(MODELS / "tflite" / f"{name}.tflite")


def check_golden(name: str) -> None:
    """Outputs of all golden inputs: integers equal, floats near."""
    graph = model(name)
    with np.load(MODELS / "golden" / f"{name}.npz") as z:
        golden = {key: z[key] for key in z.files}
    n = sum(key.startswith("in") and key.endswith("_0") for key in golden)
    assert n > 0
    inputs = [np.stack([golden[f"in{i}_{j}"] for i in range(n)]) for j in range(len(graph.inputs))]
    outputs = interpret_samples(graph, inputs).outputs
    assert len(outputs) == sum(key.startswith("out0_") for key in golden)
    for j, got in enumerate(outputs):
        want = np.stack([golden[f"out{i}_{j}"] for i in range(n)])
        if graph.level == "quantized" and facts()[name]["oracle"] == "tflm":
            np.testing.assert_array_equal(got, want)
        else:  # float32 sums in another order
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


# --- the corpus


@needs_data
@pytest.mark.parametrize("name", READABLE)
def test_outputs_equal_the_golden_ones(name: str) -> None:
    check_golden(name)


@needs_data
@pytest.mark.parametrize("name", LAYERED)
def test_every_layer_equals_the_golden_one(name: str) -> None:
    graph = model(name)
    with np.load(MODELS / "golden" / f"{name}.npz") as z:
        values = interpret(graph, [z[f"in0_{j}"] for j in range(len(graph.inputs))]).values
    with np.load(MODELS / "golden_layers" / f"{name}.npz") as z:
        assert len(z.files) == len(graph.nodes)
        for key, node in zip(sorted(z.files), graph.nodes, strict=True):
            np.testing.assert_array_equal(values[node.outputs[0]], z[key], err_msg=node.name)


@needs_data
def test_keyword_spotting_gets_719_of_804() -> None:
    with np.load(DATA / "mlperf_tiny" / "kws01.npz") as z:
        x, y = z["mfcc_int8"].reshape(-1, 1, 49, 10, 1), z["y"]
    out = interpret_samples(model("mlperf_kws_dscnn_int8"), [x]).outputs[0].reshape(804, 12)
    assert int((out.argmax(1) == y).sum()) == 719
    assert (
        hashlib.sha256(out.tobytes()).hexdigest()
        == "e6d3bb8eb5ab478818438212c543a03af9ab4dbbbe7176227a971028cc7562ee"
    )


# the other files of the corpus are judged in device/test_corpus.py


@needs_data
def test_custom_ops_are_named_and_refused() -> None:
    path = MODELS / "tflite" / "coral_invalid.tflite"
    found = tflite.blockers(path)
    assert {blocker.op for blocker in found} == {"CUSTOM(fake-op-double)"}
    with pytest.raises(UnsupportedError) as caught:
        tflite.read(path)
    assert all(str(blocker) in str(caught.value) for blocker in found)
    assert all(blocker.name and blocker.problem and blocker.remedy for blocker in found)
    assert "try:" in str(caught.value)


# --- small models of our own


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    return path


def read(tmp_path: Path, net: Model, inputs: list[int], outputs: list[int]) -> Graph:
    return tflite.read(written(tmp_path, net.encode(inputs, outputs)))


def conv_options(padding: int, stride: tuple[int, int], dilation: tuple[int, int]) -> Any:
    fields = schema.Conv2DOptions
    return {
        fields.PADDING: ("i1", padding),
        fields.STRIDE_H: ("i4", stride[0]),
        fields.STRIDE_W: ("i4", stride[1]),
        fields.ACTIVATION: ("i1", 3),
        fields.DILATION_H: ("i4", dilation[0]),
        fields.DILATION_W: ("i4", dilation[1]),
    }


def tiny_net() -> tuple[Model, list[int], list[int]]:
    """One of each op that can be read, per-channel and per-tensor: 300 numbers, 6 KB."""
    rng = np.random.default_rng(5)
    net = Model()
    x = net.tensor((1, 6, 5, 2), "float32")
    q = net.tensor((1, 6, 5, 2), scale=0.05, zero_point=3)
    net.operator("QUANTIZE", [x], [q])
    w = rng.integers(-127, 128, (4, 3, 3, 2))
    weights = net.tensor(w.shape, scale=[0.01, 0.02, 0.005, 0.01], data=w)
    bias = net.tensor((4,), "int32", scale=[5e-4, 1e-3, 2.5e-4, 5e-4], data=[3, -50, 7, 0])
    y = net.tensor((1, 3, 5, 4), scale=0.02, zero_point=-128)
    net.operator("CONV_2D", [q, weights, bias], [y], conv_options(0, (2, 1), (1, 1)), 1)
    d = rng.integers(-127, 128, (1, 2, 2, 8))
    depthwise = net.tensor(d.shape, scale=0.01, data=d)
    z = net.tensor((1, 2, 4, 8), scale=0.03, zero_point=-5)
    options = {0: ("i1", 1), 1: ("i4", 1), 2: ("i4", 1), 3: ("i4", 2)}
    net.operator("DEPTHWISE_CONV_2D", [y, depthwise], [z], options, 2)
    window = {0: ("i1", 0), 1: ("i4", 2), 2: ("i4", 2), 3: ("i4", 3), 4: ("i4", 2)}
    pooled = net.tensor((1, 1, 2, 8), scale=0.03, zero_point=-5)
    net.operator("AVERAGE_POOL_2D", [z], [pooled], window, 5)
    highest = net.tensor((1, 1, 2, 8), scale=0.03, zero_point=-5)
    net.operator("MAX_POOL_2D", [z], [highest], window, 5)
    total = net.tensor((1, 1, 2, 8), scale=0.06, zero_point=0)
    net.operator("ADD", [pooled, highest], [total], {0: ("i1", 0)}, 11)
    amount = net.tensor((4, 2), "int32", data=[[0, 0], [0, 0], [1, 0], [0, 0]])
    wide = net.tensor((1, 1, 3, 8), scale=0.06, zero_point=0)
    net.operator("PAD", [total, amount], [wide])
    shape = net.tensor((2,), "int32", data=[1, -1])
    flat = net.tensor((1, 24), scale=0.06, zero_point=0)
    net.operator("RESHAPE", [wide, shape], [flat])
    f = rng.integers(-127, 128, (3, 24))
    rows = net.tensor(f.shape, scale=0.004, data=f)
    logits = net.tensor((1, 3), scale=0.1, zero_point=10)
    net.operator("FULLY_CONNECTED", [flat, rows, -1], [logits], {0: ("i1", 0)}, 8)
    positive = net.tensor((1, 3), scale=0.1, zero_point=10)
    net.operator("RELU", [logits], [positive])
    six = net.tensor((1, 3), scale=0.1, zero_point=10)
    net.operator("RELU6", [positive], [six])
    share = net.tensor((1, 3), scale=1 / 256, zero_point=-128)
    net.operator("SOFTMAX", [six], [share], {0: ("f4", 1.0)}, 9)
    real = net.tensor((1, 3), "float32")
    net.operator("DEQUANTIZE", [share], [real])
    return net, [x], [real]


def test_all_ops_are_read(tmp_path: Path) -> None:
    graph = read(tmp_path, *tiny_net())
    assert [node.op for node in graph.nodes] == [
        "quantize",
        "conv2d",
        "depthwise_conv2d",
        "average_pool2d",
        "max_pool2d",
        "add",
        "pad",
        "reshape",
        "fully_connected",
        "relu",
        "relu6",
        "softmax",
        "dequantize",
    ]
    assert graph.level == "quantized"
    assert graph.name == "model"
    assert all(not value.data.flags.writeable for value in graph.constants)
    assert graph.values["t2"].quant == Quantization(
        tuple(np.array([0.01, 0.02, 0.005, 0.01], np.float32).tolist()), (0, 0, 0, 0), 0
    )
    # values that became attributes are gone
    assert {"t10", "t12"}.isdisjoint(graph.values)
    x = np.random.default_rng(0).normal(size=(1, 6, 5, 2)).astype(np.float32)
    assert interpret(graph, [x]).outputs[0].sum() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("padding", "stride", "dilation", "size", "pads"),
    [
        (0, (1, 1), (1, 1), (8, 9), (1, 1, 1, 1)),
        (0, (2, 2), (1, 1), (4, 5), (0, 1, 1, 1)),  # the odd one below and right
        (0, (1, 1), (2, 3), (8, 9), (2, 2, 3, 3)),
        (1, (2, 1), (1, 2), (3, 5), (0, 0, 0, 0)),
    ],
)
def test_paddings_become_explicit(
    tmp_path: Path,
    padding: int,
    stride: tuple[int, int],
    dilation: tuple[int, int],
    size: tuple[int, int],
    pads: tuple[int, int, int, int],
) -> None:
    net = Model()
    x = net.tensor((1, 8, 9, 1), "float32")
    w = net.tensor((2, 3, 3, 1), "float32", data=np.ones((2, 3, 3, 1)))
    y = net.tensor((1, *size, 2), "float32")
    net.operator("CONV_2D", [x, w], [y], conv_options(padding, stride, dilation), 1)
    stated = {"stride", "dilation", "pads", "activation"}
    attrs = read(tmp_path, net, [x], [y]).nodes[0].attrs.model_dump(include=stated)
    assert attrs == {
        "stride": stride,
        "dilation": dilation,
        "pads": pads,
        "activation": "relu6",
    }


@pytest.mark.parametrize(
    ("x_shape", "y_shape", "ops", "keep_dims"),
    [
        ((2, 6), (2, 3), ["fully_connected"], False),
        ((1, 4, 6), (1, 4, 3), ["fully_connected"], True),
        ((1, 2, 3), (1, 3), ["fully_connected"], False),
        ((1, 4, 6), (4, 3), ["reshape", "fully_connected"], False),
    ],
)
def test_fully_connected_shapes(
    tmp_path: Path,
    x_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    ops: list[str],
    keep_dims: bool,
) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, 6)).astype(np.float32)
    net = Model()
    x = net.tensor(x_shape, "float32")
    w = net.tensor((3, 6), "float32", data=weights)
    y = net.tensor(y_shape, "float32")
    net.operator("FULLY_CONNECTED", [x, w, -1], [y], {2: ("u1", int(keep_dims))}, 8)
    graph = read(tmp_path, net, [x], [y])
    assert [node.op for node in graph.nodes] == ops
    assert graph.nodes[-1].attrs.model_dump()["keep_dims"] is keep_dims
    data = rng.normal(size=x_shape).astype(np.float32)
    want = (data.reshape(-1, 6) @ weights.T).reshape(y_shape)
    np.testing.assert_allclose(interpret(graph, [data]).outputs[0], want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("code", "value"), [("PAD", None), ("PADV2", -7)])
def test_pad_values(tmp_path: Path, code: str, value: int | None) -> None:
    net = Model()
    x = net.tensor((1, 3), scale=0.3, zero_point=20)
    ins = [x, net.tensor((2, 2), "int64", data=[[0, 0], [2, 1]])]
    if value is not None:
        ins.append(net.tensor((1,), scale=0.3, zero_point=20, data=[value]))
    y = net.tensor((1, 6), scale=0.3, zero_point=20)
    net.operator(code, ins, [y])
    graph = read(tmp_path, net, [x], [y])
    out = interpret(graph, [np.array([[1, 2, 3]], np.int8)]).outputs[0]
    border = 20 if value is None else value
    assert out.tolist() == [[border, border, 1, 2, 3, border]]


def test_reshape_by_options(tmp_path: Path) -> None:
    net = Model()
    x, y = net.tensor((1, 12), "float32"), net.tensor((1, 4, 3), "float32")
    net.operator("RESHAPE", [x], [y], {0: ("vec", "i4", [1, 4, 3])}, 17)
    graph = read(tmp_path, net, [x], [y])
    assert graph.level == "float"
    assert graph.nodes[0].attrs.model_dump() == {"shape": (1, 4, 3)}


def test_shapes_that_the_file_computes_are_known(tmp_path: Path) -> None:
    """SHAPE, STRIDED_SLICE, FILL, PACK, RESHAPE: what converters make of a flatten."""
    net = Model()
    x = net.tensor((1, 4, 3), "float32")
    shape, batch, rest = net.tensor((3,), "int32"), net.tensor((), "int32"), net.tensor((), "int32")
    packed, y = net.tensor((2,), "int32"), net.tensor((1, 12), "float32")
    begin, end, ones = (net.tensor((1,), "int32", data=[n]) for n in (0, 1, 1))
    none, value = net.tensor((0,), "int32", data=[]), net.tensor((), "int32", data=np.array(-1))
    net.tensors[none][0] = ("vec", "i4", [1])  # readers of files without sizes below 1
    net.operator("SHAPE", [x], [shape], {0: ("i1", 2)}, 55)
    net.operator("STRIDED_SLICE", [shape, begin, end, ones], [batch], {4: ("i4", 1)}, 32)
    net.operator("FILL", [begin, value], [rest])
    net.operator("PACK", [batch, rest], [packed], {0: ("i4", 2), 1: ("i4", 0)}, 59)
    net.operator("RESHAPE", [x, packed], [y])
    graph = read(tmp_path, net, [x], [y])
    assert [node.op for node in graph.nodes] == ["reshape"]
    assert len(graph.values) == 2


def test_a_constant_output_is_one(tmp_path: Path) -> None:
    net = Model()
    x, shape = net.tensor((1, 4, 3), "float32"), net.tensor((3,), "int64")
    net.operator("SHAPE", [x], [shape], {0: ("i1", 4)}, 55)
    graph = read(tmp_path, net, [x], [shape])
    assert graph.nodes == ()
    [found] = interpret(graph, [np.zeros((1, 4, 3), np.float32)]).outputs
    assert found.tolist() == [1, 4, 3] and found.dtype == np.int64


@pytest.mark.parametrize(
    ("op", "tables", "kind", "want"),
    [
        ("RANK", [], "int32", np.array(3)),
        ("ZEROS_LIKE", [], "float32", np.zeros((1, 4, 3))),
        ("FILL", [[2, 3], 7.5], "float32", np.full((2, 3), 7.5)),
        ("FILL", [[2], True], "bool", np.full(2, True)),
        ("RANGE", [2, 9, 3], "int32", np.array([2, 5, 8])),
        ("RANGE", [4, 0, -1], "int64", np.array([4, 3, 2, 1])),
        ("RANGE", [0.0, 1.0, 0.3], "float32", np.arange(4, dtype=np.float32) * np.float32(0.3)),
    ],
)
def test_what_is_known_becomes_a_constant(
    tmp_path: Path, op: str, tables: list[Any], kind: str, want: np.ndarray
) -> None:
    net = Model()
    x = net.tensor((1, 4, 3), "float32")
    kinds = ["int32", kind] if op == "FILL" else [kind] * 3
    made = [net.tensor(np.shape(t), k, data=t) for t, k in zip(tables, kinds, strict=False)]
    y = net.tensor(want.shape, kind)
    net.operator(op, made or [x], [y])
    graph = read(tmp_path, net, [x], [y])
    assert graph.nodes == ()
    [found] = interpret(graph, [np.zeros((1, 4, 3), np.float32)]).outputs
    assert (found.dtype, found.shape) == (np.dtype(kind), want.shape)
    np.testing.assert_array_equal(found, want.astype(kind))


def test_what_asks_for_gigabytes_is_refused_or_left_for_later(tmp_path: Path) -> None:
    net = Model()
    dims, value = net.tensor((2,), "int32", data=[1, 1]), net.tensor((), "int32", data=np.array(7))
    x = net.tensor((1 << 15, 1 << 15), "int32")
    net.operator("FILL", [dims, value], [x])
    tracemalloc.start()
    with pytest.raises(UnsupportedError, match="fills 4,294,967,296 bytes"):
        read(tmp_path, net, [], [x])

    net = Model()
    one, times = net.tensor((1, 1), "int32", data=[[3]]), [1 << 15, 1 << 15]
    x, y = net.tensor((1 << 15, 1 << 15), "int32"), net.tensor((1 << 15, 1 << 15), "int32")
    net.operator("TILE", [one, net.tensor((2,), "int32", data=times)], [x])
    net.operator("SQUEEZE", [x], [y])
    graph = read(tmp_path, net, [], [y])
    assert [node.op for node in graph.nodes] == ["tile", "reshape"]
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


def test_copies_between_quantizations_are_named(tmp_path: Path) -> None:
    """TFLite copies integers whatever the scales are; concatenation of bytes rescales."""
    net = Model()
    a, b = net.tensor((1, 4), scale=0.5), net.tensor((1, 4), scale=0.25, zero_point=3)
    y, z = net.tensor((1, 8), scale=0.5), net.tensor((2, 4), scale=0.1)
    net.operator("CONCATENATION", [a, b], [y], {0: ("i4", 1)}, 10)
    net.operator("RESHAPE", [y, net.tensor((2,), "int32", data=[2, 4])], [z])
    graph = read(tmp_path, net, [a, b], [z])
    assert [n.op for n in graph.nodes] == ["quantize", "concatenation", "reshape", "reinterpret"]
    one = np.array([[1, 2, 3, 4]], np.int8)
    [found] = interpret(graph, [one, 2 * one - 3]).outputs
    assert found.tolist() == [[1, 2, 3, 4], [-2, -1, 0, 1]]  # (q - 3) / 2


@pytest.mark.parametrize(
    ("op", "tables", "out"),
    [
        ("TRANSPOSE", [[0, 1, 1]], (1, 4, 3)),
        ("TRANSPOSE", [[0, 1]], (1, 4, 3)),
        ("SLICE", [[0, 2, 0], [1, 3, 3]], (1, 3, 3)),
        ("SLICE", [[0, -1, 0], [1, 3, 3]], (1, 3, 3)),
        ("STRIDED_SLICE", [[0, 0, 0], [1, 4, 3], [1, 0, 1]], (1, 4, 3)),
        ("STRIDED_SLICE", [[0, 0, 0], [1, 4, 3], [1, 1]], (1, 4, 3)),
        ("STRIDED_SLICE", [[0] * 4, [1] * 4, [1] * 4], (1, 1, 1)),
        ("STRIDED_SLICE", [[0, 0, 0], [1, 4, 3], [1, 1, 1]], (4, 3)),
        ("TILE", [[1, 2]], (1, 8, 3)),
        ("TILE", [[1, 0, 1]], (1, 4, 3)),
        ("REVERSE_V2", [[3]], (1, 4, 3)),
        ("MIRROR_PAD", [[[0, 0], [4, 0], [0, 0]]], (1, 8, 3)),
        ("BROADCAST_TO", [[1, 5, 3]], (1, 5, 3)),
        ("SPACE_TO_BATCH_ND", [[2], [[0, 1]]], (2, 2, 3)),
        ("BATCH_TO_SPACE_ND", [[2], [[0, 0]]], (1, 8, 3)),
        ("SPACE_TO_DEPTH", [], (1, 2, 12)),
        ("RESIZE_BILINEAR", [[2, 2]], (1, 2, 3)),
        ("SPLIT_V", [[1, 2], [3]], (1, 4, 1)),
        ("UNPACK", [], (1, 3)),
        ("GATHER", [[-1]], (1, 4, 3)),
        ("EXPAND_DIMS", [[0]], (1, 1, 4, 2)),
    ],
)
def test_bad_moves(tmp_path: Path, op: str, tables: list[Any], out: tuple[int, ...]) -> None:
    """Tables and shapes that do not fit are refused in a sentence."""
    net = Model()
    x = net.tensor((1, 4, 3), "float32")
    rest = [net.tensor(np.shape(table), "int32", data=table) for table in tables]
    y = net.tensor(out, "float32")
    net.operator(op, [x, *rest], [y])
    with pytest.raises((DataError, UnsupportedError)):
        read(tmp_path, net, [x], [y])


def test_names_are_unique_printable_and_not_empty(tmp_path: Path) -> None:
    net = Model()
    for name in ("same", "same", "same_1", b"", b"\xff*/\n", "long" * 200):
        net.tensor((1, 4), "float32", name=name or b"\0"[:0])
    net.tensors[3][schema.Tensor.NAME] = ("str", b"")
    for i in range(5):
        net.operator("RELU", [i], [i + 1])
    graph = read(tmp_path, net, [0], [5])
    names = list(graph.values)
    assert names[:5] == ["same", "same_1", "same_1_2", "tensor_3", "\N{REPLACEMENT CHARACTER}*/_"]
    assert len(names[5]) <= 200
    assert [node.name for node in graph.nodes] == names[1:]


def test_bias_axis_of_the_weights_is_mended(tmp_path: Path) -> None:
    """Some converters copy the channel axis 3 of depthwise weights to the bias."""
    net = Model()
    x = net.tensor((1, 2, 2, 2), scale=0.5)
    w = net.tensor((1, 1, 1, 2), scale=[0.5, 0.25], axis=3, data=np.ones((1, 1, 1, 2)))
    b = net.tensor((2,), "int32", scale=[0.25, 0.125], axis=3, data=[1, 2])
    y = net.tensor((1, 2, 2, 2), scale=0.5)
    options = {1: ("i4", 1), 2: ("i4", 1), 3: ("i4", 1)}
    net.operator("DEPTHWISE_CONV_2D", [x, w, b], [y], options, 2)
    quant = read(tmp_path, net, [x], [y]).values["t2"].quant
    assert quant == Quantization((0.25, 0.125), (0, 0), 0)


def test_tensors_share_a_buffer(tmp_path: Path) -> None:
    net = Model()
    x = net.tensor((1, 3), "float32")
    a = net.tensor((1, 3), "float32", data=[1, 2, 3])
    b = net.tensor((3,), "float32")
    net.tensors[b][schema.Tensor.BUFFER] = ("u4", 1)
    y, z = net.tensor((1, 3), "float32"), net.tensor((1, 3), "float32")
    net.operator("ADD", [x, a], [y], {}, 11)
    net.operator("ADD", [y, b], [z], {}, 11)
    graph = read(tmp_path, net, [x], [z])
    assert np.shares_memory(graph.values["t1"].data, graph.values["t2"].data)
    assert interpret(graph, [np.zeros((1, 3), np.float32)]).outputs[0].tolist() == [[2, 4, 6]]


def test_constants_behind_the_flatbuffer(tmp_path: Path) -> None:
    net = Model()
    x = net.tensor((1, 2), "float32")
    c = net.tensor((1, 2), "float32", data=[0, 0])
    y = net.tensor((1, 2), "float32")
    net.operator("ADD", [x, c], [y], {}, 11)
    length = len(net.encode([x], [y]))
    for _ in range(2):  # the second time with the length that the offset field makes
        net.buffers[1] = {1: ("u8", length), 2: ("u8", 8)}
        length = len(net.encode([x], [y]))
    whole = net.encode([x], [y]) + np.array([5, 6], np.float32).tobytes()
    graph = tflite.read(written(tmp_path, whole))
    assert interpret(graph, [np.ones((1, 2), np.float32)]).outputs[0].tolist() == [[6, 7]]
    with pytest.raises(DataError, match="outside the file"):
        tflite.read(written(tmp_path, whole[:-4]))


# --- what is refused


def relu_net(**tensor: Any) -> Model:
    net = Model()
    net.tensor((1, 4), **({"dtype": "float32"} | tensor))
    net.tensor((1, 4), **({"dtype": "float32"} | tensor))
    net.operator("RELU", [0], [1])
    return net


def test_all_blockers_are_listed_at_once_in_order(tmp_path: Path) -> None:
    net = Model()
    for dtype in ("float32", "float32", "float32", "float16", "float32"):
        net.tensor((1, 4), dtype)
    net.tensor((1, 4), scale=0.1)
    net.operator("ATAN2", [0], [1])
    net.operator("RELU", [1], [2])
    net.operator("RELU", [2], [3])
    net.operator("ADD", [2, 2], [4], {0: ("i1", 4)}, 11)
    net.operator("ADD", [4, 4], [5], {}, 11)
    net.operator("STABLEHLO_CBRT", [4], [4])
    path = written(tmp_path, net.encode([0], [5], n_subgraphs=2))
    found = tflite.blockers(path)
    assert [(blocker.op, blocker.name) for blocker in found] == [
        ("model", "model"),
        ("ATAN2", "t1"),
        ("RELU", "t3"),
        ("ADD", "t4"),
        ("ADD", "t5"),
        ("STABLEHLO_CBRT", "t4"),
    ]
    with pytest.raises(UnsupportedError) as caught:
        load_graph(path)
    message = str(caught.value)
    for part in ("6 blockers", "2 subgraphs", "float16", "TANH", "all float32 or all int8", "try:"):
        assert part in message


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"f5": ("u1", 1)}, UnsupportedError, "variable"),
        ({"f6": ("table", {})}, UnsupportedError, "sparse"),
        ({"f0": ("vec", "i4", [1, -1])}, UnsupportedError, "sizes must be known"),
        ({"f0": ("vec", "i4", [1] * 9)}, DataError, "9 axes"),
        ({"f0": ("vec", "i4", [2**30, 2**30])}, DataError, "2\\^31 elements"),
        ({"f1": ("i1", 99)}, UnsupportedError, "type 99"),
        ({"f2": ("u4", 7)}, DataError, "buffer 7"),
        ({"dtype": "int8", "scale": 0.0}, DataError, "scale 0.0"),
        ({"dtype": "int8", "scale": float("nan")}, DataError, "scale nan"),
        ({"dtype": "int8", "scale": 0.1, "zero_point": 128}, DataError, "zero point outside"),
        ({"dtype": "int8", "scale": 0.1, "zero_point": 2**40}, DataError, "zero point outside"),
        ({"dtype": "int8", "scale": [0.1, 0.2], "axis": 1}, DataError, "2 scales along axis 1"),
        ({"dtype": "int8"}, UnsupportedError, "without quantization"),
    ],
)
def test_bad_tensors(
    tmp_path: Path, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(tmp_path, relu_net(**change), [0], [1])


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([9], [1], "tensor 9 is named"),
        ([-1], [1], "tensor -1 is named"),
        ([0], [7], "tensor 7 is named"),
        ([0, 0], [1], "must be different"),
        ([], [1], "before anything makes it"),
        ([0, 1], [1], "made twice"),
    ],
)
def test_bad_interfaces(
    tmp_path: Path, inputs: list[int], outputs: list[int], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, relu_net(), inputs, outputs)


def test_bad_operators(tmp_path: Path) -> None:
    net = relu_net()
    net.operator("RELU", [0, 0], [1])
    with pytest.raises(DataError, match="2 inputs"):
        read(tmp_path, net, [0], [1])
    net = relu_net()
    net.operators[0][0] = ("u4", 5)
    with pytest.raises(DataError, match="operator code 5"):
        read(tmp_path, net, [0], [1])
    net = Model()
    x, w = net.tensor((1, 4, 4, 1), "float32"), net.tensor((1, 1, 1, 1), "float32", data=[1])
    y = net.tensor((1, 4, 4, 1), "float32")
    net.operator("CONV_2D", [x, w], [y], conv_options(1, (0, 1), (1, 1)), 1)
    with pytest.raises(DataError, match="stride"):
        read(tmp_path, net, [x], [y])
    net.operators[0][4] = ("table", conv_options(1, (2, 1), (1, 1)))
    with pytest.raises(DataError, match="gives shapes"):
        read(tmp_path, net, [x], [y])


def test_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="TFL3"):
        tflite.read(written(tmp_path, b""))
    with pytest.raises(DataError, match="TFL3"):
        tflite.read(written(tmp_path, b"PK\3\4" * 100))
    with pytest.raises(DataError, match="can not be read"):
        tflite.read(tmp_path / "absent.tflite")
    with pytest.raises(DataError, match="version"):
        tflite.read(written(tmp_path, encode({0: ("u4", 2)})))
    with pytest.raises(DataError, match="no subgraph"):
        tflite.read(written(tmp_path, encode({0: ("u4", 3)})))


# --- hostile files


def outcome(path: Path) -> str:
    """What reading gives; any other exception fails the test. A legal graph also runs."""
    try:
        graph = tflite.read(path)
    except DataError:
        return "data"
    except UnsupportedError:
        return "unsupported"
    small = sum(value.n_elements for value in graph.values.values()) < 100_000
    if small and all(max(np.ravel(getattr(n.attrs, "pads", 0))) < 100 for n in graph.nodes):
        ins = [graph.values[name] for name in graph.inputs]
        interpret(graph, [np.zeros(value.shape, storage(value.dtype)) for value in ins])
    return "graph"


def test_truncated_files(tmp_path: Path) -> None:
    net, inputs, outputs = tiny_net()
    data = net.encode(inputs, outputs)
    assert outcome(written(tmp_path, data)) == "graph"
    for length in range(0, len(data) - 16, 7):
        assert outcome(written(tmp_path, data[:length])) == "data"


SEEDS = [tiny_net(), (relu_net(), [0], [1])]
INTERESTING = st.sampled_from([0, 1, 2, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 4096, 255])
MUTATION = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255) | INTERESTING)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(SEEDS), st.lists(MUTATION, min_size=1, max_size=6))
def test_mutated_files(
    tmp_path: Path, seed: tuple[Model, list[int], list[int]], mutations: list[tuple[float, int]]
) -> None:
    data = bytearray(seed[0].encode(seed[1], seed[2]))
    for where, what in mutations:
        place = int(where * len(data))
        if what < 256:
            data[place] = what
        else:
            place = min(place & ~3, len(data) - 4)
            data[place : place + 4] = what.to_bytes(4, "little")
    assert outcome(written(tmp_path, bytes(data))) in ("data", "unsupported", "graph")


def test_every_byte_flipped(tmp_path: Path) -> None:
    net = relu_net(dtype="int8", scale=0.1)
    data = net.encode([0], [1])
    seen = Counter()
    for i in range(len(data)):
        for value in (data[i] ^ 1, data[i] ^ 0xFF):
            seen[outcome(written(tmp_path, data[:i] + bytes([value]) + data[i + 1 :]))] += 1
    assert set(seen) == {"data", "unsupported", "graph"}


def test_hostile_lengths_take_no_memory(tmp_path: Path) -> None:
    """A length of 2^31, and 5,000 tensors that are all one tensor with a long name."""
    cut = bytearray(encode({0: ("u4", 3), 4: ("tables", [{}])}))
    cut[_vector(cut, 4) : _vector(cut, 4) + 4] = (2**31 - 1).to_bytes(4, "little")
    one = {schema.Tensor.NAME: ("str", "n" * 4000)}
    net = {0: ("tables", [*[{}] * 5000, one])}
    many = bytearray(encode({0: ("u4", 3), 2: ("tables", [net])}))
    start = _vector(many, 0, _flatbuffer.root(bytes(many), b"TFL3").tables(2)[0])
    last = start + 4 * 5001
    target = last + int.from_bytes(many[last : last + 4], "little")
    for place in range(start + 4, last, 4):
        many[place : place + 4] = (target - place).to_bytes(4, "little")
    paths = [tmp_path / "cut.tflite", tmp_path / "many.tflite"]
    for path, data in zip(paths, (cut, many), strict=True):
        path.write_bytes(data)
    tracemalloc.start()
    try:
        assert [outcome(path) for path in paths] == ["data", "data"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    with pytest.raises(DataError, match="again and again"):
        tflite.read(paths[1])


def _vector(data: bytearray, number: int, table: _flatbuffer.Table | None = None) -> int:
    """Position of the length of a vector field of a table, by default the root."""
    table = table or _flatbuffer.root(bytes(data), b"TFL3")
    place = table._follow(number)
    assert place is not None
    return place


def test_reads_are_counted() -> None:
    data = encode({0: ("vec", "u1", np.zeros(100_000, np.uint8))})
    table = _flatbuffer.root(data, b"TFL3")
    table.vector(0, "u1")
    with pytest.raises(DataError, match="again and again"):
        for _ in range(5):
            table.vector(0, "u1")
