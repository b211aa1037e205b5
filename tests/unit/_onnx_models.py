# SPDX-License-Identifier: Apache-2.0
"""Small ONNX models for tests, and ONNX Runtime as their judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret
from iseul.graph.ir import Graph

Array = np.ndarray


@dataclass
class Model:
    """Nodes over inputs, whose arrays give names, shapes and dtypes, and constants.

    outputs: names; by default what the last node makes
    """

    nodes: Sequence[onnx.NodeProto]
    inputs: Mapping[str, Array]
    constants: Mapping[str, Array] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    opset: int = 17
    domains: Sequence[str] = ()

    def proto(self) -> onnx.ModelProto:
        outputs = self.outputs or [name for name in self.nodes[-1].output if name]
        graph = helper.make_graph(
            list(self.nodes),
            "g",
            [value(name, array.dtype, array.shape) for name, array in self.inputs.items()],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(domain, 1) for domain in self.domains]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    def save(self, path: Path) -> Path:
        path.write_bytes(self.proto().SerializeToString())
        return path


def value(name: str, dtype: Any, shape: Sequence[int | str | None]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
    )


def node(op: str, inputs: str, output: str = "y", **attrs: Any) -> onnx.NodeProto:
    """A node; names in one string, `-` for an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), **attrs)


def session(path: Path, optimized: bool = True) -> onnxruntime.InferenceSession:
    """One thread; `optimized`: with or without the graph optimizations."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    levels = onnxruntime.GraphOptimizationLevel
    level = levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def by_runtime(path: Path, inputs: Mapping[str, Array], optimized: bool = True) -> list[Array]:
    return [np.asarray(y) for y in session(path, optimized).run(None, dict(inputs))]


def by_graph(graph: Graph, inputs: Mapping[str, Array]) -> list[Array]:
    return list(interpret(graph, [inputs[name] for name in graph.inputs]).outputs)


def agree(
    path: Path,
    inputs: Mapping[str, Array],
    rtol: float = 1e-4,
    atol: float = 1e-5,
    optimized: bool = True,
) -> Graph:
    """Read the file, and demand what ONNX Runtime computes: shapes, dtypes, values."""
    graph = load_graph(path)
    wanted = by_runtime(path, inputs, optimized)
    for got, want in zip(by_graph(graph, inputs), wanted, strict=True):
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        if got.dtype == np.float32:
            np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
        else:
            np.testing.assert_array_equal(got, want)
    return graph
