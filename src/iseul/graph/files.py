# SPDX-License-Identifier: Apache-2.0
"""Graphs on disk: `.iseul` files, and `load_graph` for every format that has a reader.

A `.iseul` file is the magic bytes, the length of a JSON header (uint64, little endian), the
header, then the constants' bytes, each at an offset that is a multiple of 16 from the start of
the data. Same graph, same bytes. The reader checks every length against the file.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from iseul.core import config, registry
from iseul.core.artifact import write_bytes
from iseul.core.errors import DataError, IseulError, UsageError
from iseul.graph.build import OPS
from iseul.graph.ir import Graph, Node, State, Value, frozen_array
from iseul.graph.verify import check_graph
from iseul.numerics.affine import INTEGER_RANGE, Quantization, storage

READERS = "iseul.graph.read"
MAGIC = b"ISEUL\x00\x00\x01"
_ALIGN = 16
_DTYPES = {*INTEGER_RANGE, "float32", "bool"}
_MAX_HEADER = 64 << 20


def load_graph(path: Path | str) -> Graph:
    """The graph in a file, by its suffix: `.iseul`, or one that a reader takes.

    Raises UsageError for an unknown suffix, DataError for a file that can not be read.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file", "check the path")
    if path.suffix == ".iseul":
        return _read_own(path)
    suffixes = [".iseul"]
    for name in registry.names(READERS):
        reader = registry.load(READERS, name)
        if path.suffix in reader.SUFFIXES:
            graph: Graph = reader.read(path)
            return graph
        suffixes += reader.SUFFIXES
    raise UsageError(
        f'{path}: no reader for "{path.suffix}" files', f"one of: {', '.join(sorted(suffixes))}"
    )


def save_graph(graph: Graph, path: Path | str) -> None:
    """Write a `.iseul` file whole."""
    blobs: list[bytes] = []
    offset = 0

    def put(array: np.ndarray) -> list[int]:
        nonlocal offset
        raw = np.ascontiguousarray(array).tobytes()
        start = offset
        padding = -len(raw) % _ALIGN
        blobs.append(raw + b"\0" * padding)
        offset += len(raw) + padding
        return [start, len(raw)]

    header = {
        "name": graph.name,
        "level": graph.level,
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "nodes": [
            {
                "name": node.name,
                "op": node.op,
                "inputs": node.inputs,
                "outputs": node.outputs,
                "attrs": node.attrs.model_dump(mode="json"),
                "kernel": node.kernel,
            }
            for node in graph.nodes
        ],
        "values": [
            {
                "name": value.name,
                "shape": value.shape,
                "dtype": value.dtype,
                "quant": _dump_quant(value.quant),
                "data": put(value.data) if value.data is not None else None,
            }
            for value in graph.values.values()
        ],
        "states": [
            {"value": s.value, "next": s.next, "initial": put(s.initial)} for s in graph.states
        ],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(MAGIC) + 8 + len(text)) % _ALIGN)
    write_bytes(Path(path), MAGIC + struct.pack("<Q", len(text)) + text + b"".join(blobs))


def _dump_quant(quant: Quantization | None) -> dict[str, Any] | None:
    if quant is None:
        return None
    return {"scale": quant.scale, "zero_point": quant.zero_point, "axis": quant.axis}


def _read_own(path: Path) -> Graph:
    raw = path.read_bytes()
    start = len(MAGIC) + 8
    if raw[: len(MAGIC)] != MAGIC or len(raw) < start:
        raise DataError(f"{path}: not an Iseul graph (wrong first bytes)")
    (length,) = struct.unpack_from("<Q", raw, len(MAGIC))
    if length > min(len(raw) - start, _MAX_HEADER):
        raise DataError(f"{path}: truncated: header says {length} bytes, file has {len(raw)}")
    try:
        header = json.loads(raw[start : start + length])
        data = memoryview(raw)[start + length :]
        _check_length(header, len(data))
        graph = _from_header(header, data)
        check_graph(graph)
    except IseulError as error:
        raise DataError(f"{path}: {error.problem}", error.remedy) from None
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise DataError(f"{path}: corrupt graph: {type(error).__name__}: {error}") from None
    return graph


def _check_length(header: Any, n_bytes: int) -> None:
    """The last constant, padded, ends where the file ends."""
    spans = [item["data"] for item in header["values"] if item["data"] is not None]
    spans += [item["initial"] for item in header["states"]]
    end = max((int(start) + int(length) for start, length in spans), default=0)
    if end + -end % _ALIGN != n_bytes:
        raise DataError(f"cut or changed: constants end at byte {end}, the file has {n_bytes}")


def _from_header(header: Any, data: memoryview) -> Graph:
    values = {}
    for item in header["values"]:
        shape = _shape(item["shape"])
        dtype = _one_of(item["dtype"], _DTYPES)
        array = _array(item["data"], shape, dtype, data) if item["data"] is not None else None
        name = str(item["name"])
        values[name] = Value(name, shape, dtype, _load_quant(item["quant"]), array)  # type: ignore[arg-type]
    nodes = tuple(_load_node(item) for item in header["nodes"])
    states = tuple(
        State(
            str(item["value"]),
            str(item["next"]),
            _array(
                item["initial"],
                values[item["value"]].shape,
                values[item["value"]].dtype,
                data,
            ),
        )
        for item in header["states"]
    )
    return Graph(
        str(header["name"]),
        _names(header["inputs"]),
        _names(header["outputs"]),
        nodes,
        values,
        states,
        _one_of(header["level"], {"float", "quantized", "lowered"}),  # type: ignore[arg-type]
    )


def _load_node(item: Any) -> Node:
    op = registry.load(OPS, str(item["op"]))
    # JSON has lists only; pydantic's JSON mode takes them for tuples
    attrs: config.Config = op.Attrs.model_validate_json(json.dumps(item["attrs"]))
    name, kernel = str(item["name"]), str(item["kernel"])
    return Node(
        name, str(item["op"]), _names(item["inputs"]), _names(item["outputs"]), attrs, kernel
    )


def _load_quant(item: Any) -> Quantization | None:
    if item is None:
        return None
    scale = tuple(_float32(s) for s in item["scale"])
    axis = None if item["axis"] is None else int(item["axis"])
    return Quantization(scale, tuple(int(z) for z in item["zero_point"]), axis)


def _float32(item: Any) -> float:
    value = float(item)
    if not abs(value) <= float(np.finfo(np.float32).max):
        raise DataError(f"scale {value} is not a float32")
    return float(np.float32(value))


def _array(span: Any, shape: tuple[int, ...], dtype: str, data: memoryview) -> np.ndarray:
    start, length = int(span[0]), int(span[1])
    kind = storage(dtype)
    n = 1
    for size in shape:
        n *= size
    if start < 0 or start % _ALIGN or start + length > len(data) or length != n * kind.itemsize:
        raise DataError(f"constant of {dtype}{list(shape)} lies outside the file or is cut")
    array = np.frombuffer(data[start : start + length], kind).reshape(shape)
    if dtype == "bool" and length and np.frombuffer(data[start : start + length], "u1").max() > 1:
        raise DataError("bool constant holds other bytes than 0 and 1")
    return frozen_array(array)


def _shape(item: Any) -> tuple[int, ...]:
    shape = tuple(int(size) for size in item)
    if len(shape) > 8 or any(size < 0 or size > 2**31 for size in shape):
        raise DataError(f"shape {list(shape)} is not one of a tensor")
    return shape


def _names(item: Any) -> tuple[str, ...]:
    if not isinstance(item, list):
        raise DataError("a list of names is missing")
    return tuple(str(name) for name in item)


def _one_of(item: Any, known: set[str]) -> str:
    if item not in known:
        raise DataError(f"{item!r} is not one of {sorted(known)}")
    return str(item)
