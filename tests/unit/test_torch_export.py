# SPDX-License-Identifier: Apache-2.0
"""The torch reader: graphs compute what modules do, blockers come all at once, no code runs."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from iseul.core import registry
from iseul.core.errors import DataError, UnsupportedError, VerifyError
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.read import torch_export
from iseul.graph.read.torch_export import export_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iseul.graph.ir import Graph

MODELS = "iseul.models"


class Fn(nn.Module):
    """A module of layers by name and a function that uses them."""

    def __init__(self, call: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.call = call
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self, x)


def randomized(model: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and statistics that make a mix-up of axes or channels visible."""
    g = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=g) * 0.3
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=g))
        if name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=g) + 0.5)
    return model.eval()


def assert_computes(graph: Graph, model: nn.Module, shape: tuple[int, ...]) -> None:
    """Equal to 1e-5 of the largest output: float32 sums in another order."""
    x = torch.randn((3, *shape), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = torch.cat([model(x[i : i + 1]) for i in range(len(x))])
    turned = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
    got = torch.tensor(interpret_samples(graph, [turned[:, None].numpy()]).outputs[0]).squeeze(1)
    got = got.permute(0, 3, 1, 2) if got.ndim == 4 else got
    assert got.shape == expected.shape
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5 * max(1, expected.abs().max()))


def same(call: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> Fn:
    return Fn(call, **layers)


CASES: dict[str, tuple[nn.Module, list[str]]] = {
    "conv + norm + relu": (
        nn.Sequential(nn.Conv2d(3, 5, 3, 2, 1, bias=False), nn.BatchNorm2d(5), nn.ReLU()),
        ["conv2d"],
    ),
    "conv same, dilated": (nn.Conv2d(3, 4, (2, 3), padding="same", dilation=(1, 2)), ["conv2d"]),
    "conv valid": (nn.Conv2d(3, 4, 3, padding="valid", stride=(2, 1)), ["conv2d"]),
    "depthwise, multiplier 2": (
        nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6), nn.ReLU6()),
        ["depthwise_conv2d"],
    ),
    "linear + norm": (
        nn.Sequential(nn.Flatten(), nn.Linear(90, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True)),
        ["reshape", "fully_connected"],
    ),
    "clamps": (same(lambda _, x: x.clamp(0, 6).clamp(min=0).clamp_min(0)), ["relu6"]),
    "hardtanh": (nn.Hardtanh(0.0, 6.0), ["relu6"]),
    "add, in place": (same(lambda _, x: (x + x).relu_()), ["add"]),
    "add a constant picture": (
        same(lambda m, x: x + m.norm.running_mean.view(1, 3, 6, 5), norm=nn.BatchNorm1d(90)),
        ["add"],
    ),
    "normalised input": (
        same(
            lambda m, x: m.conv((x - torch.tensor([0.1, 0.2, 0.3])[:, None, None]) / 0.25),
            conv=nn.Conv2d(3, 4, 3, padding=1),
        ),
        ["depthwise_conv2d", "conv2d"],
    ),
    "constant minus x": (same(lambda _, x: 1.0 - 2 * x), ["depthwise_conv2d"]),
    "max pool": (nn.MaxPool2d(3, 2, 1), ["max_pool2d"]),
    "max pool, ceil": (nn.MaxPool2d(2, ceil_mode=True), ["max_pool2d"]),
    "average pool": (nn.AvgPool2d((2, 1)), ["average_pool2d"]),
    "average pool, padding counted": (nn.AvgPool2d(3, 2, 1), ["pad", "average_pool2d"]),
    "average pool, padding left out": (
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        ["average_pool2d"],
    ),
    "global pool": (
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4)),
        ["average_pool2d", "reshape", "fully_connected"],
    ),
    "adaptive pool": (nn.AdaptiveAvgPool2d((2, 5)), ["average_pool2d"]),
    "mean, kept": (same(lambda _, x: x.mean((-1, -2), keepdim=True)), ["average_pool2d"]),
    "mean": (same(lambda _, x: x.mean((2, 3))), ["average_pool2d", "reshape"]),
    "pad": (same(lambda _, x: f.pad(x, (1, 0, 2, 3), value=0.5)), ["pad"]),
    "softmax of channels": (nn.Softmax(dim=1), ["softmax"]),
    "dropout": (nn.Sequential(nn.Dropout(0.9), nn.Dropout2d(0.9), nn.ReLU()), ["relu"]),
    "matmul": (
        same(lambda m, x: x.flatten(1) @ m.linear.weight.t(), linear=nn.Linear(90, 4, bias=False)),
        ["reshape", "fully_connected"],
    ),
    "squeeze": (
        same(lambda m, x: m.pool(x).squeeze(-1).squeeze(-1), pool=nn.AdaptiveAvgPool2d(1)),
        ["average_pool2d", "reshape"],
    ),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_module_becomes_these_ops(name: str) -> None:
    model, expected = CASES[name]
    randomized(model)
    graph = export_module(model, (3, 6, 5), "net")
    assert [node.op for node in graph.nodes] == expected
    assert_computes(graph, model, (3, 6, 5))


def test_flatten_of_a_picture_permutes_the_weights_behind_it() -> None:
    """C, H, W all differ, so any wrong order of the 90 inputs shows."""
    layers = (nn.Flatten(), nn.BatchNorm1d(90), nn.ReLU(), nn.Dropout(), nn.Linear(90, 7))
    model = randomized(nn.Sequential(*layers))
    graph = export_module(model, (3, 6, 5), "net")
    assert [node.op for node in graph.nodes][-1] == "fully_connected"
    assert_computes(graph, model, (3, 6, 5))
    weight = graph.values["4.weight"].data
    assert weight is not None and not np.array_equal(weight, model[4].weight.detach().numpy())


def test_flattened_values_add_and_flatten_again() -> None:
    model = randomized(
        same(
            lambda m, x: m.linear((m.a(x).flatten(1) + m.b(x).view(1, -1)).relu()),
            a=nn.Conv2d(3, 4, 3),
            b=nn.Conv2d(3, 4, 3),
            linear=nn.Linear(4 * 4 * 3, 5),
        )
    )
    assert_computes(export_module(model, (3, 6, 5), "net"), model, (3, 6, 5))


def test_vectors_need_no_turning() -> None:
    model = randomized(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)))
    graph = export_module(model, (6,), "net", softmax=True)
    assert [node.op for node in graph.nodes] == ["fully_connected"] * 2 + ["softmax"]
    assert_computes(graph, nn.Sequential(model, nn.Softmax(1)), (6,))


@pytest.mark.parametrize("family", registry.names(MODELS))
def test_model_families_export_or_say_why_not(family: str) -> None:
    entry = registry.load(MODELS, family)
    model = randomized(entry.build(entry.TINY, (16, 12, 3), 7))
    if family == "dlinear":  # moving averages along time, ends repeated
        with pytest.raises(UnsupportedError, match="replicate"):
            export_module(model, (3, 16, 12), family)
        return
    if any(isinstance(layer, nn.GroupNorm | nn.InstanceNorm2d) for layer in model.modules()):
        with pytest.raises(UnsupportedError, match="BatchNorm2d"):
            export_module(model, (3, 16, 12), family)
        return
    graph = export_module(model, (3, 16, 12), family)
    assert not {node.op for node in graph.nodes} & {"batch_norm", "relu", "pad"}
    assert_computes(graph, model, (3, 16, 12))


def test_names_come_from_the_module() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    graph = export_module(same(lambda m, x: m.body(x).relu(), body=model), (3, 6, 5), "net")
    assert [node.name for node in graph.nodes] == ["body.0", "body.2"]
    assert "body.2.weight" in graph.values


def test_the_module_stays_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout()).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    export_module(model, (3, 6, 5), "net")
    assert model.training and all(layer.training for layer in model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_all_blockers_come_at_once_with_a_remedy_each() -> None:
    model = same(
        lambda m, x: m.act(m.grouped(x)).sigmoid() * m.up(x).clamp(-1, 1),
        act=nn.SiLU(),
        grouped=nn.Conv2d(4, 8, 3, padding=1, groups=2),
        up=nn.ConvTranspose2d(4, 8, 3, padding=1),
    )
    with pytest.raises(UnsupportedError) as caught:
        export_module(model, (4, 8, 8), "net")
    text = str(caught.value)
    for part in ("silu", '"grouped"', "groups = 2", "sigmoid", '"up"', "[-1, 1]", "mul"):
        assert part in text
    assert text.count("try:") == 6


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda x: x.permute(0, 2, 3, 1), "axes"),
        (lambda x: x.flatten(1), "another order"),
        (lambda x: x.reshape(1, 5, 3, 6), "moves elements"),
        (lambda x: f.pad(x, (-1, 0)), "crops"),
        (lambda x: f.max_pool2d(x, 2, dilation=2), "dilation"),
        (lambda x: x.mean(1), "averages axes"),
        (lambda x: f.dropout(x, 0.5, training=True), "at random"),
        (lambda x: x.softmax(2), "axis"),
        (lambda x: torch.cat([x, x], 1), "no counterpart"),
    ],
)
def test_what_can_not_be_read_is_refused(call: Callable[[Tensor], Tensor], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        export_module(same(lambda _, x: call(x)), (3, 6, 5), "net")


def test_a_wrong_translation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(torch_export.HANDLERS, "relu", torch_export.HANDLERS["dropout"])
    with pytest.raises(VerifyError, match="differs from the torch module"):
        export_module(randomized(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), (3, 6, 5), "net")


def test_several_outputs_and_layers_used_twice() -> None:
    model = randomized(
        same(lambda m, x: (m.conv(m.conv(x)), m.conv(x).relu()), conv=nn.Conv2d(3, 3, 1))
    )
    graph = export_module(model, (3, 6, 5), "net")
    assert len(graph.outputs) == 2
    assert sorted(value.name for value in graph.constants) == ["conv.bias", "conv.weight"]


def test_what_torch_can_not_export_is_an_error_for_people() -> None:
    with pytest.raises(UnsupportedError, match="can not be exported"):
        export_module(nn.Conv2d(3, 4, 3), (5, 6, 5), "net")
    with pytest.raises(UnsupportedError, match="can not be exported"):
        export_module(same(lambda _, x: x.relu() if x.sum() > 0 else x), (3, 6, 5), "net")


# --- .pt2 files


def program(model: nn.Module, shape: tuple[int, ...] = (1, 3, 6, 5), **options: Any) -> Any:
    return torch.export.export(model, (torch.zeros(shape),), **options)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    layers = (
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 5),
        nn.Softmax(1),
    )
    return randomized(nn.Sequential(*layers))


@pytest.fixture(scope="module")
def archive(network: nn.Module) -> dict[str, bytes]:
    """The members of a good `.pt2` file."""
    buffer = io.BytesIO()
    torch.export.save(program(network), buffer)
    with zipfile.ZipFile(buffer) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def write(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return path


def member(members: dict[str, bytes], end: str) -> str:
    return next(name for name in members if name.endswith(end))


def test_pt2_files_are_read_as_the_module_is(tmp_path: Path, network: nn.Module) -> None:
    path = tmp_path / "network.pt2"
    torch.export.save(program(network), path)
    graph = load_graph(path)
    assert graph.name == "network"
    assert [node.op for node in graph.nodes] == [
        "conv2d", "max_pool2d", "reshape", "fully_connected", "softmax",
    ]  # fmt: skip
    assert_computes(graph, network, (3, 6, 5))


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # torch copies its own tree
def test_decomposed_programs_are_read_too(tmp_path: Path, network: nn.Module) -> None:
    path = tmp_path / "core.pt2"
    torch.export.save(program(network).run_decompositions(), path)
    graph = load_graph(path)
    assert [node.op for node in graph.nodes] == [
        "conv2d", "max_pool2d", "reshape", "fully_connected", "softmax",
    ]  # fmt: skip
    assert_computes(graph, network, (3, 6, 5))


def test_a_batch_other_than_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "batch.pt2"
    torch.export.save(program(nn.Conv2d(3, 4, 3), (8, 3, 6, 5)), path)
    with pytest.raises(UnsupportedError, match="batch 1"):
        load_graph(path)


def test_symbolic_sizes_never_reach_torch(tmp_path: Path) -> None:
    """torch evaluates them as Python."""
    path = tmp_path / "dynamic.pt2"
    sizes = ({2: torch.export.Dim("h", min=4, max=64)},)
    made = program(nn.Conv2d(3, 4, 3), (1, 3, 8, 8), dynamic_shapes=sizes)
    torch.export.save(made, path)
    with pytest.raises(UnsupportedError, match="symbolic"):
        load_graph(path)


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("kind", ["weights", "constants", "inputs", "library", "operator", "twice"])
def test_archives_that_could_run_code_are_refused(
    kind: str, tmp_path: Path, archive: dict[str, bytes]
) -> None:
    trap = tmp_path / "trap"
    members = dict(archive)
    root = next(iter(members)).partition("/")[0]
    if kind in ("weights", "constants"):
        config = member(members, f"model_{kind}_config.json")
        entry = {"path_name": "weight_0", "is_param": True, "use_pickle": True, "tensor_meta": None}
        members[config] = json.dumps({"config": {"0.weight": entry}}).encode()
        members[f"{root}/data/{kind}/weight_0"] = pickle.dumps(Bomb(trap))
    elif kind == "inputs":
        buffer = io.BytesIO()
        torch.save(Bomb(trap), buffer)
        members[member(members, "sample_inputs/model.pt")] = buffer.getvalue()
    elif kind == "library":
        members[f"{root}/data/aotinductor/model/model.so"] = b"\x7fELF"
    elif kind == "operator":
        name = member(members, "models/model.json")
        members[name] = members[name].replace(b"torch.ops.aten.relu.default", b"torch.load")
    else:
        members[f"other/{member(members, 'models/model.json').partition('/')[2]}"] = b"{}"
    path = write(tmp_path / "bad.pt2", members)
    with pytest.raises((DataError, UnsupportedError), match=r"bad\.pt2"):
        load_graph(path)
    assert not trap.exists()


def test_broken_files_are_data_errors(tmp_path: Path, archive: dict[str, bytes]) -> None:
    path = tmp_path / "broken.pt2"
    good = write(path, archive).read_bytes()
    for content in (b"", b"PK\x03\x04", good[: len(good) // 2], bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(DataError):
            load_graph(path)
    for name in (member(archive, "model.json"), member(archive, "weight_0")):
        write(path, {key: data for key, data in archive.items() if key != name})
        with pytest.raises(DataError):
            load_graph(path)
        write(path, {**archive, name: archive[name][: len(archive[name]) // 2]})
        with pytest.raises(DataError):
            load_graph(path)
