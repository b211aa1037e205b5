# SPDX-License-Identifier: Apache-2.0
"""Reader of `.onnx` files: float graphs and quantized ones (QDQ and QLinear ops), opset 7 on.

The file is read with bounds checks and without the `onnx` package (`_onnx/_wire.py`,
`_onnx/_file.py`). Node by node the ops become nodes of the graph (group files in `_onnx/`);
what depends on shapes and constants only is computed on the way (`_onnx/_fold.py`). NCHW
becomes NHWC inside (`_onnx/_layout.py`), while inputs and outputs keep the file's shapes. An
open batch axis becomes 1. What Iseul can not do is collected over the whole file and refused
in one error.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core.errors import (
    Blocker,
    DataError,
    IseulError,
    ShapeError,
    UnsupportedError,
    UsageError,
)
from iseul.graph.build import Builder
from iseul.graph.ir import Graph, fresh_name, remove_dead_nodes
from iseul.graph.passes._order import run_passes
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx import _quantization as quantization
from iseul.graph.read._onnx import converters, integer_converters
from iseul.graph.read._onnx._file import File, FileNode, Interface, open_file, sizes_of
from iseul.graph.read._onnx._fold import fold
from iseul.graph.read._onnx._layout import Const, Tensor
from iseul.graph.read._onnx._translate import Call, Translator, expect_size
from iseul.graph.verify import broken_constraints, check_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import DType, Shape
    from iseul.graph.read._onnx._translate import Operand

SUFFIXES = (".onnx",)

_MAX_BYTES = (1 << 31) - 1  # Protocol Buffers' own limit
_OLDEST = 7
_INTEGER_KINDS = ("int4", "int8", "uint8", "int16")  # what makes a graph a quantized one
_INPUT_KINDS = ("float32", "int8", "uint8", "int32", "int64", "bool")
_FIXED = "torch.onnx.export without dynamic_axes, or onnxruntime.tools.make_dynamic_shape_fixed"
_CORRUPT = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


class _Unknown:
    """What a node makes that could not be converted."""


_UNKNOWN = _Unknown()


def read(path: Path | str) -> Graph:
    """The graph in an `.onnx` file.

    Raises DataError if the file is not a sound ONNX model, and UnsupportedError that lists
    every blocker if it is one that Iseul can not run.
    """
    graph, found = _load(Path(path))
    if graph is None:
        lines = "".join(f"\n  {blocker}" for blocker in found)
        many = f"{len(found)} blockers" if len(found) > 1 else "1 blocker"
        remedies = dict.fromkeys(blocker.remedy for blocker in found if blocker.remedy)
        raise UnsupportedError(f"{path}: {many}:{lines}", "; ".join(remedies), found)
    return graph


def blockers(path: Path | str) -> tuple[Blocker, ...]:
    """All that `read` would refuse in a sound file; empty if it reads. Raises DataError."""
    return _load(Path(path))[1]


def _load(path: Path) -> tuple[Graph | None, tuple[Blocker, ...]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError("the file is larger than 2 GiB, no ONNX model is")
        raw = path.read_bytes()
        with np.errstate(all="ignore"):  # infinities and NaN in a file are its own affair
            return _Reading(open_file(raw, path.parent, path.stem), len(raw)).convert()
    except OSError as error:
        raise DataError(f"{path}: can not be read: {error.strerror}", "check the path") from None
    except UnsupportedError:
        raise
    except (*_CORRUPT, MemoryError, RecursionError) as error:
        kind = type(error).__name__
        raise DataError(f"{path}: corrupt: {kind}: {str(error)[:200]}") from None
    except IseulError as error:  # a graph that is not legal comes from a file that is not sound
        raise DataError(f"{path}: {error.problem}", error.remedy) from None


class _Reading:
    """One file on its way to a graph."""

    def __init__(self, file: File, n_bytes: int) -> None:
        self.file = file
        self.t = Translator(Builder(file.name), n_bytes)
        self.known: dict[str, Operand | _Unknown] = {}
        self.found: list[Blocker] = []
        self.origin: dict[str, tuple[FileNode, int]] = {}  # of a graph node
        self.readers: dict[str, list[FileNode]] = {}
        for node in file.nodes:
            for name in dict.fromkeys(node.inputs):
                self.readers.setdefault(name, []).append(node)
        self.t.n_readers = {name: len(nodes) for name, nodes in self.readers.items()}
        for item in file.outputs:
            self.t.n_readers[item.name] = self.t.n_readers.get(item.name, 0) + 1

    def convert(self) -> tuple[Graph | None, tuple[Blocker, ...]]:
        """The graph, or None and what stands in its way, in the file's order."""
        if self.file.opset < _OLDEST:
            problem = f"has opset {self.file.opset}, must be {_OLDEST} or newer"
            remedy = "onnx.version_converter.convert_version(model, 17)"
            return None, (Blocker("model", self.file.name, problem, remedy),)
        for node in self.file.nodes:  # scales must be known before the ops that are fused with them
            if node.op == "Constant" and not node.domain:
                self._one(node)
        for item in self.file.inputs:
            self._input(item)
        for node in self.file.nodes:
            if node.op != "Constant" or node.domain:
                self._one(node)
        outputs = [self._output(item) for item in self.file.outputs]
        self._check_rules()
        if self.found:
            return None, tuple(dict.fromkeys(self.found))
        values = self.t.builder.values.values()
        level = "quantized" if any(v.dtype in _INTEGER_KINDS for v in values) else "float"
        graph = self.t.builder.graph(cast("list[str]", outputs), level=cast("Any", level))
        # channels go when it is compiled: with proofs, and judged beside the graph with all of them
        graph = run_passes(remove_dead_nodes(graph), None, ("remove_dead_channels",))
        check_graph(graph)
        return graph, ()

    # --- interface

    def _input(self, item: Interface) -> None:
        try:
            self.known[item.name] = self._graph_input(item)
        except UnsupportedError as error:
            self._block("model", item.name, error)
            self.known[item.name] = _UNKNOWN

    def _graph_input(self, item: Interface) -> Operand:
        if item.dtype not in _INPUT_KINDS:
            raise UnsupportedError(
                f"input is {item.dtype}, must be one of {', '.join(_INPUT_KINDS)}",
                "convert the model to float32",
            )
        shape = self._input_shape(item)
        if item.dtype in ("int8", "uint8"):
            quant = self._input_quantization(item.name)
            return quantization.integer_input(self.t, item.name, shape, item.dtype, quant)
        value = self.t.builder.input(item.name, shape, cast("DType", item.dtype))
        return Tensor(value, shape, layout.identity(len(shape)))

    def _input_shape(self, item: Interface) -> Shape:
        """The shape with an open batch axis as 1."""
        if item.shape is None:
            raise UnsupportedError("input has no shape", _FIXED)
        batch = {shape.shape[0] for shape in self.file.inputs if shape.shape} - {""}
        sizes = list(item.shape)
        for i, size in enumerate(sizes):
            if isinstance(size, str) and (i == 0 or size in batch):
                sizes[i] = 1
        still = [size or "?" for size in sizes if isinstance(size, str)]
        if still:
            stated = ", ".join(str(size) if size != "" else "?" for size in item.shape)
            raise UnsupportedError(
                f"input [{stated}] has open sizes ({', '.join(still)}); only the batch, axis 0, "
                "may be open",
                _FIXED,
            )
        if any(size == 0 for size in sizes):
            raise UnsupportedError(f"input {sizes} is empty", _FIXED)
        shape = tuple(int(size) for size in sizes)
        expect_size(shape)
        return shape

    def _input_quantization(self, name: str) -> Any:
        """Scale and zero point by which the file reads an integer input, or None."""
        for node in self.readers.get(name, ()):
            found = quantization.parameters_of_input(node, name, self._constant_named)
            if found is not None:
                return found
        return None

    def _output(self, item: Interface) -> str | None:
        x = self._operand(item.name)
        if isinstance(x, _Unknown):
            return None
        try:
            return quantization.interface_value(self.t, self.t.tensor(x))
        except (UnsupportedError, ShapeError, UsageError) as error:
            self._block("model", item.name, error)
            return None

    # --- nodes

    def _one(self, node: FileNode) -> None:
        """Convert a node; a blocked one is noted and gives stand-ins, to find them all."""
        key = f"{node.domain}.{node.op}" if node.domain else node.op
        before = len(self.t.builder.nodes)
        try:
            if key not in converters():
                raise UnsupportedError(
                    f"there is no reader for {key}", "use other ops in the model"
                )
            inputs = [self._operand(name) if name else None for name in node.inputs]
            if any(isinstance(x, _Unknown) for x in inputs):
                self._stand_in(node)
                return
            call = Call(
                node, self.file.opset, tuple(cast("Any", inputs)), self._wanted(node.outputs[0])
            )
            results = self._results(key, call)
        except (UnsupportedError, ShapeError, UsageError) as error:
            self._block(key, node.name, error)
            self._stand_in(node)
            return
        except _CORRUPT as error:
            raise DataError(f"corrupt: {node.where}: {type(error).__name__}: {error}") from None
        for name, x in zip(node.outputs, results, strict=False):
            if name:
                self.known[name] = x
        for name in node.outputs[len(results) :]:
            self.known[name] = _UNKNOWN
            if name in self.t.n_readers:
                problem = f'its output "{name}" is not computed'
                self.found.append(Blocker(key, node.name, problem, "leave it out"))
        for made in self.t.builder.nodes[before:]:
            self.origin[made.name] = (node, len(self.found))

    def _results(self, key: str, call: Call) -> Sequence[Operand]:
        if call.inputs and all(x is None or isinstance(x, Const) for x in call.inputs):
            folded = fold(self.t, call)
            if folded is not None:
                return folded
        result: Any = None
        if any(isinstance(x, Tensor) and x.role != "plain" for x in call.inputs):
            entry = integer_converters().get(key)
            result = entry(self.t, call) if entry is not None else None
        if result is None:
            reals = tuple(self.t.real(x) if isinstance(x, Tensor) else x for x in call.inputs)
            result = converters()[key](self.t, replace(call, inputs=reals))
        return result if isinstance(result, list | tuple) else [result]

    def _operand(self, name: str) -> Operand | _Unknown:
        if name not in self.known:
            if name not in self.file.constants:
                raise DataError(f'corrupt: nothing makes "{name}"')
            try:
                self.known[name] = self._stored(name)
            except UnsupportedError as error:
                self._block("model", name, error)
                self.known[name] = _UNKNOWN
        return self.known[name]

    def _stored(self, name: str) -> Const:
        stored = self.file.constant(name)
        return Const(name, stored.data, stored.dtype)

    def _constant_named(self, name: str) -> Const | None:
        """A constant by name, as far as it is known before the nodes are walked."""
        x = self.known.get(name)
        if x is None and name in self.file.constants:
            try:
                x = self._stored(name)
            except UnsupportedError:
                return None
        return x if isinstance(x, Const) else None

    def _wanted(self, name: str) -> Any:
        outputs = {item.name for item in self.file.outputs}
        return quantization.wanted(name, self.readers, outputs, self._constant_named)

    def _stand_in(self, node: FileNode) -> None:
        """Values in place of what a blocked node makes, if the file says their shapes."""
        for name in filter(None, node.outputs):
            item = self.file.annotated.get(name)
            shape = None if item is None or item.dtype != "float32" else sizes_of(item)
            if not shape or 0 in shape:
                self.known[name] = _UNKNOWN
                continue
            value = self.t.builder.input(fresh_name(self.t.builder.values, name), shape)
            self.known[name] = Tensor(value, shape, layout.identity(len(shape)))

    # --- what can not be done

    def _block(self, op: str, name: str, error: IseulError) -> None:
        self.found.append(Blocker(op, name, error.problem, error.remedy))

    def _check_rules(self) -> None:
        """Add the constraints of ops that the converted nodes break."""
        builder = self.t.builder
        graph = Graph("", (), (), tuple(builder.nodes), builder.values, (), "quantized")
        for node, rule, what in broken_constraints(graph):
            source, at = self.origin.get(node.name, (None, len(self.found)))
            op = source.op if source is not None else node.op
            self.found.insert(at, Blocker(op, node.name, f"{what}, but {rule}", ""))


__all__ = ["SUFFIXES", "blockers", "read"]
