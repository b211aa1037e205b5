# SPDX-License-Identifier: Apache-2.0
"""Every pruning and quantization method: configs, determinism, legal graphs, plain tables."""

import json
from typing import Any

import numpy as np
import pytest

from iseul.compress._coupling import count_macs
from iseul.compress._result import Calibration, Result
from iseul.core import registry
from iseul.core.config import build
from iseul.core.errors import UsageError
from iseul.graph.ir import Graph
from iseul.graph.read.torch_export import export_module
from iseul.graph.verify import check_graph
from iseul.models import resnet
from iseul.models._seed import seeded

PRUNE = "iseul.compress.prune"
QUANTIZE = "iseul.compress.quantize"
EACH = [(PRUNE, name) for name in registry.names(PRUNE)]
EACH += [(QUANTIZE, name) for name in registry.names(QUANTIZE)]


@pytest.fixture(scope="module")
def graph() -> Graph:
    model = seeded(lambda: resnet.build(resnet.TINY, (12, 12, 1), 5), 0)
    return export_module(model, (1, 12, 12), "tiny", softmax=True)


def samples() -> Calibration:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (24, 12, 12, 1), dtype=np.uint8)
    return Calibration(x, rng.integers(0, 5, 24), 1 / 255)


def apply(folder: str, name: str, graph: Graph) -> Result:
    entry: Any = registry.load(folder, name)
    data = samples()
    x = data.x.astype(np.float32) * np.float32(data.scale)
    result: Result = entry.apply(graph, data if folder == PRUNE else x, entry.Config())
    return result


@pytest.mark.parametrize(("folder", "name"), EACH)
def test_config_has_defaults_descriptions_and_round_trips(folder: str, name: str) -> None:
    kind = registry.load(folder, name).Config
    assert build(kind, kind().model_dump(), name) == kind()
    assert all(field.description for field in kind.model_fields.values())
    assert len(kind.model_fields) <= 12
    with pytest.raises(UsageError, match="has no key"):
        build(kind, {"no_such_key": 1}, name)


@pytest.mark.parametrize(("folder", "name"), EACH)
def test_same_samples_give_the_same_graph(folder: str, name: str, graph: Graph) -> None:
    before = [value.data for value in graph.constants]
    first, second = (apply(folder, name, graph) for _ in range(2))
    check_graph(first.graph)
    assert first.table and first.table == second.table and first.notes == second.notes
    json.dumps(first.table)
    for value in first.graph.constants:
        np.testing.assert_array_equal(value.data, second.graph.values[value.name].data)
    assert all(value.data is data for value, data in zip(graph.constants, before, strict=True))
    assert first.graph.inputs == graph.inputs and first.graph.outputs == graph.outputs


@pytest.mark.parametrize("name", registry.names(PRUNE))
def test_pruned_graphs_are_smaller_floats(name: str, graph: Graph) -> None:
    small = apply(PRUNE, name, graph).graph
    assert small.level == "float"
    assert sum(count_macs(small).values()) < sum(count_macs(graph).values())
    assert small.values[small.outputs[0]].shape == graph.values[graph.outputs[0]].shape


@pytest.mark.parametrize("name", registry.names(QUANTIZE))
def test_quantized_graphs_hold_integers_only(name: str, graph: Graph) -> None:
    small = apply(QUANTIZE, name, graph).graph
    assert small.level == "quantized"
    assert not any(value.is_float for value in small.values.values())
