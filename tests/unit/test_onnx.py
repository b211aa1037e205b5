# SPDX-License-Identifier: Apache-2.0
"""Reading `.onnx` files: the corpus, exporters, layouts, blockers, files that are not sound."""

from __future__ import annotations

import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from iseul.core.errors import DataError, IseulError, UnsupportedError
from iseul.graph.files import load_graph
from iseul.graph.ir import Graph
from iseul.graph.read import onnx as reader
from iseul.graph.read._onnx import converters, integer_converters
from iseul.graph.read._onnx._file import read_tensor
from iseul.graph.read._onnx._wire import Message
from unit._onnx_models import Model, agree, by_graph, node, value

NAMES = (
    *("mlperf_ic_alibaba", "mlperf_ic_resnet_qdq", "mlperf_kws_alibaba", "mlperf_kws_kj"),
    *("mnist_14x14", "mnist_cntk", "mnist_pytorch_mlp"),
)
X = np.linspace(-1, 1, 2 * 6 * 5, dtype=np.float32).reshape(1, 2, 6, 5)
W = np.linspace(-1, 1, 4 * 2 * 9, dtype=np.float32).reshape(4, 2, 3, 3)


def ops(graph: Graph) -> list[str]:
    return [n.op for n in graph.nodes]


def conv_net(folder: Path, **changes: Any) -> Path:
    nodes = [
        node("Conv", "x w", "c"),
        node("Relu", "c", "r"),
        node("MaxPool", "r", kernel_shape=[2, 2]),
    ]
    return Model(nodes, {"x": X}, {"w": W}, **changes).save(folder / "net.onnx")


# --- files of others


@pytest.mark.parametrize("name", NAMES)
def test_corpus(name: str, shared_data: Path) -> None:
    graph = load_graph(shared_data / "models" / "onnx" / f"{name}.onnx")
    with np.load(shared_data / "models" / "golden" / f"{name}.onnx.npz") as z:
        n = sum(key.startswith("in") for key in z.files)
        for i in range(n):
            got = by_graph(graph, {graph.inputs[0]: z[f"in{i}_0"]})[0]
            assert got.shape == z[f"out{i}_0"].shape
            np.testing.assert_allclose(got, z[f"out{i}_0"], rtol=1e-4, atol=1e-5)


def _torch_nets() -> dict[str, tuple[Any, tuple[int, ...]]]:
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6())
            self.b = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Hardswish())
            self.c = nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            y = self.a(x)
            y = y + self.b(y)
            return self.c(y.mean((2, 3)))

    class Sequence(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.r = nn.LSTM(6, 8, batch_first=True, bidirectional=True)
            self.c = nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            return self.c(self.r(x)[0][:, -1]).softmax(-1)

    return {
        "image": (Block(), (1, 3, 9, 10)),
        "sequence": (Sequence(), (1, 7, 6)),
        "signal": (
            nn.Sequential(
                nn.Conv1d(2, 6, 5, stride=2),
                nn.PReLU(6),
                nn.MaxPool1d(2),
                nn.Flatten(),
                nn.Linear(24, 3),
            ),
            (1, 2, 20),
        ),
        "decoder": (
            nn.Sequential(nn.ConvTranspose2d(4, 6, 2, 2), nn.GELU(), nn.Upsample(scale_factor=2)),
            (1, 4, 3, 5),
        ),
    }


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize("name", ["image", "sequence", "signal", "decoder"])
def test_torch_exports(name: str, dynamo: bool, tmp_path: Path) -> None:
    import torch

    if dynamo:
        pytest.importorskip("onnxscript")
    net, shape = _torch_nets()[name]
    torch.manual_seed(0)
    x = torch.randn(shape)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options: dict[str, Any] = {"external_data": False} if dynamo else {"opset_version": 17}
        torch.onnx.export(net.eval(), (x,), str(path), dynamo=dynamo, **options)
    (given_name,) = (i.name for i in onnx.load(path).graph.input)
    agree(path, {given_name: x.numpy()})


# --- layout


def test_borders_keep_nchw_and_the_inside_is_nhwc(tmp_path: Path) -> None:
    path = conv_net(tmp_path)
    graph = agree(path, {"x": X})
    assert ops(graph) == ["transpose", "conv2d", "max_pool2d", "transpose"]
    assert graph.values[graph.inputs[0]].shape == (1, 2, 6, 5)
    assert graph.values[graph.outputs[0]].shape == (1, 4, 3, 2)


def test_transposes_of_the_file_cancel_those_of_the_reader(tmp_path: Path) -> None:
    """A model of TensorFlow, which turns NHWC to NCHW before each convolution."""
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c"),
        node("Transpose", "c", "u", perm=[0, 2, 3, 1]),
        node("Sigmoid", "u"),
    ]
    x = X.transpose(0, 2, 3, 1).copy()
    graph = agree(Model(nodes, {"x": x}, {"w": W}).save(tmp_path / "m.onnx"), {"x": x})
    assert ops(graph) == ["conv2d", "logistic"]


def test_a_flatten_before_a_dense_layer_moves_weights_only(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c"),
        node("Flatten", "c", "f"),
        node("Gemm", "f v", transB=1),
    ]
    v = np.linspace(-1, 1, 3 * 4 * 4 * 3, dtype=np.float32).reshape(3, -1)
    x = X.transpose(0, 2, 3, 1).copy()
    graph = agree(Model(nodes, {"x": x}, {"w": W, "v": v}).save(tmp_path / "m.onnx"), {"x": x})
    assert "transpose" not in ops(graph)


def test_a_channel_shuffle_is_one_transpose(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "x", "x2", perm=[0, 3, 1, 2]),
        node("Conv", "x2 w", "c"),
        node("Reshape", "c s", "r"),
        node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "t u", "v"),
        node("Conv", "v k", "o"),
        node("Transpose", "o", perm=[0, 2, 3, 1]),
    ]
    constants = {
        "w": W,
        "k": np.ones((2, 4, 1, 1), np.float32),
        "s": np.array([1, 2, 2, 4, 3]),
        "u": np.array([1, 4, 4, 3]),
    }
    x = X.transpose(0, 2, 3, 1).copy()
    graph = agree(Model(nodes, {"x": x}, constants).save(tmp_path / "m.onnx"), {"x": x})
    assert ops(graph).count("transpose") == 1


# --- what a file may say


def test_an_open_batch_is_one(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    model.graph.input[0].CopyFrom(value("x", np.float32, ["N", 2, 6, 5]))
    onnx.save(model, tmp_path / "m.onnx")
    graph = load_graph(tmp_path / "m.onnx")
    assert graph.values[graph.inputs[0]].shape == (1, 2, 6, 5)


def test_other_open_sizes_are_refused(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    model.graph.input[0].CopyFrom(value("x", np.float32, ["N", 2, "height", None]))
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match=r"\[N, 2, height, \?\] has open sizes") as caught:
        load_graph(tmp_path / "m.onnx")
    assert "make_dynamic_shape_fixed" in str(caught.value)


def test_initializers_that_are_inputs_too(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    model.graph.input.append(value("w", np.float32, W.shape))
    onnx.save(model, tmp_path / "m.onnx")
    assert load_graph(tmp_path / "m.onnx").inputs == ("x",)


def test_nodes_in_any_order(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, tmp_path / "m.onnx")
    agree_with = by_graph(load_graph(conv_net(tmp_path)), {"x": X})[0]
    np.testing.assert_array_equal(
        by_graph(load_graph(tmp_path / "m.onnx"), {"x": X})[0], agree_with
    )


@pytest.mark.parametrize(
    "dtype", ["float16", "float64", "float32", "int8", "uint8", "int32", "int64", "bool", "uint16"]
)
@pytest.mark.parametrize("raw", [True, False])
def test_tensors_of_every_kind(dtype: str, raw: bool, tmp_path: Path) -> None:
    data = (np.arange(6).reshape(2, 3) % 5).astype(dtype)
    kind = helper.np_dtype_to_tensor_dtype(data.dtype)
    tensor = helper.make_tensor("c", kind, data.shape, data.tobytes() if raw else data, raw=raw)
    message = Message(memoryview(tensor.SerializeToString()), "a tensor")
    stored = read_tensor(message, tmp_path)
    np.testing.assert_array_equal(stored.data, data.astype(stored.data.dtype))
    assert stored.data.shape == (2, 3)


def test_four_bits(tmp_path: Path) -> None:
    for kind, numbers in ((TensorProto.INT4, [-8, 7, -1]), (TensorProto.UINT4, [0, 15, 9])):
        tensor = helper.make_tensor("c", kind, (3,), numbers)
        message = Message(memoryview(tensor.SerializeToString()), "a tensor")
        assert read_tensor(message, tmp_path).data.tolist() == numbers


def test_external_data_beside_the_model(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    onnx.save_model(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0
    )
    assert (tmp_path / "w.bin").is_file()
    agree(tmp_path / "m.onnx", {"x": X})


@pytest.mark.parametrize("place", ["/etc/passwd", "../w.bin", "folder/../../w.bin", ""])
def test_external_data_elsewhere_is_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    inside = tmp_path / "inside"
    inside.mkdir()
    _external(inside / "m.onnx", tmp_path, location=place)
    with pytest.raises(DataError, match="not below the model's folder"):
        load_graph(inside / "m.onnx")


def test_external_data_through_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "w.bin").symlink_to(tmp_path / "w.bin")
    _external(inside / "m.onnx", tmp_path, location="w.bin")
    with pytest.raises(DataError, match="not below the model's folder"):
        load_graph(inside / "m.onnx")


@pytest.mark.parametrize(
    "entries",
    [
        {"offset": "9999999"},
        {"length": "3"},
        {"offset": "-4"},
        {"offset": "x"},
        {"length": "1" * 30},
    ],
)
def test_external_data_that_lies_outside(entries: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    _external(tmp_path / "m.onnx", tmp_path, location="w.bin", **entries)
    with pytest.raises(DataError):
        load_graph(tmp_path / "m.onnx")


def _external(path: Path, folder: Path, **entries: str) -> None:
    model = onnx.load(conv_net(folder))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in entries.items():
        tensor.external_data.add(key=key, value=text)
    path.write_bytes(model.SerializeToString())


# --- what can not be done


def test_all_blockers_are_listed_at_once(tmp_path: Path) -> None:
    nodes = [
        node("Conv", "x w", "c"),
        node("NonMaxSuppression", "c c", "n"),
        node("MaxPool", "c", "m", kernel_shape=[2, 2], dilations=[2, 2]),
        node("Relu", "m", "r"),
        node("Loop", "r r", "l"),
        node("Pad", "c p", "k", mode="wrap"),
        helper.make_node("Mine", ["c"], ["o"], domain="my.ops"),
    ]
    constants = {"w": W, "p": np.array([0, 0, 1, 1, 0, 0, 1, 1])}
    model = Model(nodes, {"x": X}, constants, ["n", "l", "k", "o"], domains=["my.ops"])
    path = model.save(tmp_path / "m.onnx")
    found = reader.blockers(path)
    assert [b.op for b in found] == ["NonMaxSuppression", "MaxPool", "Loop", "Pad", "my.ops.Mine"]
    assert [b.name for b in found] == ["n", "m", "l", "k", "o"]
    assert all(b.problem and b.remedy for b in found)
    with pytest.raises(UnsupportedError) as caught:
        load_graph(path)
    assert caught.value.blockers == found
    assert "5 blockers" in str(caught.value) and "dilations (2, 2)" in str(caught.value)


def test_a_sound_file_has_no_blockers(tmp_path: Path) -> None:
    assert reader.blockers(conv_net(tmp_path)) == ()


def test_old_opsets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="has opset 6, must be 7 or newer"):
        load_graph(conv_net(tmp_path, opset=6))


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint16"])
def test_inputs_of_other_kinds_are_refused(dtype: str, tmp_path: Path) -> None:
    path = Model([node("Relu", "x")], {"x": X.astype(dtype)}).save(tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match=f"input is {dtype}, must be one of"):
        load_graph(path)


def test_weights_that_are_computed_are_refused(tmp_path: Path) -> None:
    path = Model([node("Conv", "x w")], {"x": X, "w": W}).save(tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match="the weights is computed at run time"):
        load_graph(path)


def test_every_converter_has_a_name_of_onnx() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    assert {op for op in converters() if "." not in op} <= known | {"SimplifiedLayerNormalization"}
    assert integer_converters().keys() <= converters().keys()


# --- files that are not sound


def _changed(folder: Path, change: Callable[[onnx.ModelProto], object]) -> Path:
    model = onnx.load(conv_net(folder))
    change(model)
    path = folder / "changed.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _loop(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "y"


def _twice(model: onnx.ModelProto) -> None:
    model.graph.node[1].output[0] = "c"


def _short(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].raw_data = b"123"


def _huge_tensor(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 40


def _negative(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = -1


def _nothing_makes(model: onnx.ModelProto) -> None:
    model.graph.node[1].input[0] = "nobody"


def _no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def _stride(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("strides", [0, 1]))


def _wrong_attribute(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("group", "two"))


def _groups(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("group", 7))


@pytest.mark.parametrize(
    "change",
    (
        *(_loop, _twice, _short, _huge_tensor, _negative, _nothing_makes, _no_output),
        *(_stride, _wrong_attribute, _groups),
    ),
)
def test_a_file_that_is_not_sound(
    change: Callable[[onnx.ModelProto], object], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"changed\.onnx"):
        load_graph(_changed(tmp_path, change))


@pytest.mark.parametrize("raw", [b"", b"\0", b"\xff" * 40, b"\x08\x08", b"PK\x03\x04" * 9])
def test_no_model_at_all(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(raw)
    with pytest.raises(DataError):
        load_graph(tmp_path / "m.onnx")


def test_cut_anywhere(tmp_path: Path) -> None:
    raw = conv_net(tmp_path).read_bytes()
    for n in range(0, len(raw), 7):
        (tmp_path / "cut.onnx").write_bytes(raw[:n])
        with pytest.raises(IseulError):
            load_graph(tmp_path / "cut.onnx")


def _bounded(path: Path) -> None:
    """Refused within a second and a few megabytes."""
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(IseulError):
        load_graph(path)
    elapsed, (_, peak) = time.monotonic() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert elapsed < 2.0 and peak < 16 << 20, (elapsed, peak)


@pytest.mark.parametrize(
    ("op", "sizes"),
    [
        ("ConstantOfShape", [1 << 20, 1 << 20]),
        ("Expand", [1 << 15, 1 << 15]),
        ("Tile", [1 << 15, 1 << 15]),
    ],
)
def test_constants_that_would_fill_memory(op: str, sizes: list[int], tmp_path: Path) -> None:
    constants = {"s": np.array(sizes), "one": np.ones((1, 1), np.float32)}
    first = node(op, "s", "c") if op == "ConstantOfShape" else node(op, "one s", "c")
    x = np.ones((1, 1), np.float32)
    _bounded(Model([first, node("Add", "x c")], {"x": x}, constants).save(tmp_path / "m.onnx"))


def test_a_range_that_would_fill_memory(tmp_path: Path) -> None:
    constants = {"a": np.array(0), "b": np.array(1 << 60), "d": np.array(1)}
    nodes = [node("Range", "a b d", "r"), node("Cast", "r", "f", to=1), node("Add", "x f")]
    x = np.ones((1,), np.float32)
    _bounded(Model(nodes, {"x": x}, constants).save(tmp_path / "m.onnx"))


def test_constants_that_double_again_and_again(tmp_path: Path) -> None:
    nodes = [node("Concat", f"c{i} c{i}", f"c{i + 1}", axis=0) for i in range(40)]
    constants = {"c0": np.ones((1, 4), np.float32)}
    model = Model([*nodes, node("Add", "x c40")], {"x": np.ones((1, 4), np.float32)}, constants)
    _bounded(model.save(tmp_path / "m.onnx"))


def test_an_input_that_fits_no_device(tmp_path: Path) -> None:
    model = onnx.load(conv_net(tmp_path))
    model.graph.input[0].CopyFrom(value("x", np.float32, [1, 2, 1 << 20, 1 << 30]))
    onnx.save(model, tmp_path / "m.onnx")
    _bounded(tmp_path / "m.onnx")


def test_messages_nested_without_end(tmp_path: Path) -> None:
    """A message inside a message .. costs nothing: nobody looks into it."""
    raw = b""
    for _ in range(3000):
        raw = b"\x3a" + _varint(len(raw)) + raw  # field 7 of the model, again and again
    (tmp_path / "m.onnx").write_bytes(raw)
    _bounded(tmp_path / "m.onnx")


def test_a_million_fields(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08" * 1_000_000)
    start = time.monotonic()
    with pytest.raises(DataError, match="fields"):
        load_graph(tmp_path / "m.onnx")
    assert time.monotonic() - start < 2.0


def _varint(n: int) -> bytes:
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])


# --- the wire format


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), st.booleans())
def test_repeated_numbers(numbers: list[int], packed: bool) -> None:
    tensor = TensorProto()
    if packed:
        tensor.int64_data.extend(numbers)  # field 7, packed
        number = 7
    else:
        tensor.dims.extend(numbers)  # field 1, one by one
        number = 1
    message = Message(memoryview(tensor.SerializeToString()), "a tensor")
    assert message.integers(number).tolist() == numbers


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=20))
def test_repeated_reals(numbers: list[float]) -> None:
    tensor = TensorProto(float_data=numbers)
    message = Message(memoryview(tensor.SerializeToString()), "a tensor")
    assert message.reals(4).tolist() == numbers


@given(st.binary(max_size=60))
def test_any_bytes_end_in_an_error_of_ours(raw: bytes) -> None:
    message = Message(memoryview(raw), "a message")
    for read in (message.integer, message.integers, message.text, message.reals, message.data):
        for number in range(1, 16):
            try:
                read(number)
            except DataError:
                continue
