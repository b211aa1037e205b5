# SPDX-License-Identifier: Apache-2.0
"""Hostile files: 20,000 mutations per reader with `--all`, a few hundred in every run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from iseul.core import registry
from iseul.graph.build import Builder
from iseul.graph.files import READERS, load_graph, save_graph
from iseul.numerics.affine import per_channel, per_tensor
from tflm import all_singles
from unit._fuzz import fuzz, read_and_check

FEW, MANY = 300, 20_000
LARGEST = 40_000  # bytes of a seed: mutations shall hit structure, not weights


def tflite_seeds(data: Path | None) -> list[bytes]:
    """A random one-op model of each kind, and the small files of the corpus."""
    found = []
    for name, make in all_singles().items():
        single = make(np.random.default_rng([7, len(name)]))
        found.append(single.model.encode(single.inputs, single.outputs))
    if data is not None:
        found += _small(data / "models" / "tflite", "*.tflite")
    return [seed for seed in found if len(seed) < LARGEST]


def onnx_seeds(data: Path | None) -> list[bytes]:
    """The small files of the corpus and models of a few ops."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    found = []
    for kinds in (["Relu", "Sigmoid"], ["Conv", "MaxPool", "Flatten"], ["Conv", "Softmax"]):
        nodes, weights, last = [], [], "x"
        for i, kind in enumerate(kinds):
            inputs, attrs = [last], {}
            if kind == "Conv":
                w = np.linspace(-1, 1, 2 * 2 * 9).reshape(2, 2, 3, 3).astype(np.float32)
                weights.append(numpy_helper.from_array(w, f"w{i}"))
                inputs.append(f"w{i}")
                attrs = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
            if kind == "MaxPool":
                attrs = {"kernel_shape": [2, 2], "strides": [2, 2]}
            last = f"y{i}"
            nodes.append(helper.make_node(kind, inputs, [last], **attrs))
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 6])
        y = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
        graph = helper.make_graph(nodes, "g", [x], [y], weights)
        opset = [helper.make_opsetid("", 13)]
        found.append(helper.make_model(graph, opset_imports=opset).SerializeToString())
    assert onnx.load_from_string(found[0])
    if data is not None:
        found += _small(data / "models" / "onnx", "*.onnx")
    return [seed for seed in found if len(seed) < LARGEST]


def iseul_seeds(data: Path | None, folder: Path) -> list[bytes]:
    """A network of three ops, and what the small files of the corpus become."""
    b = Builder("net")
    x = b.input("x", (1, 5, 4, 2), "int8", per_tensor(0.1, 3))
    w = b.constant(
        "w", np.arange(36).reshape(2, 3, 3, 2).astype(np.int8), quant=per_channel([0.1, 0.2], 0)
    )
    y = b.node("conv2d", [x, w], quant=per_tensor(0.2, -4), pads=(1, 1, 1, 1))
    z = b.node("reshape", [y], shape=(1, 40))
    p = b.node("softmax", [z], quant=per_tensor(1 / 256, -128))
    graphs = [b.graph([p], "quantized")]
    for path in sorted((data / "models" / "tflite").glob("*.tflite")) if data is not None else ():
        if path.stat().st_size < LARGEST // 2 and read_and_check(path) == "graph":
            graphs.append(load_graph(path))
    found = []
    for graph in graphs:
        save_graph(graph, folder / "seed.iseul")
        found.append((folder / "seed.iseul").read_bytes())
    return [seed for seed in found if len(seed) < LARGEST]


def _small(folder: Path, pattern: str) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.glob(pattern)) if p.stat().st_size < LARGEST]


SEEDS: dict[str, Callable[[Path | None, Path], list[bytes]]] = {
    "tflite": lambda data, folder: tflite_seeds(data),
    "onnx": lambda data, folder: onnx_seeds(data),
    "iseul": iseul_seeds,
}


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Path | None:
    """The corpus, where it is there: more seeds, no other rules."""
    try:
        found: Path = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        return None
    return found


@pytest.mark.parametrize("suffix", SEEDS)
def test_mutated_files(suffix: str, data: Path | None, tmp_path: Path) -> None:
    _run(suffix, data, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SEEDS)
def test_twenty_thousand_mutated_files(suffix: str, data: Path | None, tmp_path: Path) -> None:
    _run(suffix, data, tmp_path, MANY)


def _run(suffix: str, data: Path | None, folder: Path, n: int) -> None:
    known = {
        end for name in registry.names(READERS) for end in registry.load(READERS, name).SUFFIXES
    }
    assert f".{suffix}" in known | {".iseul"}
    seeds = SEEDS[suffix](data, folder)
    assert len(seeds) >= 3 or suffix == "iseul"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tally = fuzz(folder / f"model.{suffix}", seeds, n)
    print(f"{suffix}: {tally}")
    assert sum(tally.ends.values()) == n
    assert tally.ends["DataError"] > 0
