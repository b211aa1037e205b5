# SPDX-License-Identifier: Apache-2.0
"""What an `.onnx` file says: nodes, attributes, tensors, interface. Field numbers: onnx.proto.

Nothing is trusted: sizes are checked against the bytes that are there, and external data may
only lie in files beside the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx._wire import Message

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from iseul.graph.ir import Shape
    from iseul.numerics import Array

# TensorProto.DataType: name here, numpy dtype of the bytes (4-bit numbers are unpacked to 8)
DTYPES: dict[int, tuple[str, str]] = {
    1: ("float32", "<f4"),
    2: ("uint8", "u1"),
    3: ("int8", "i1"),
    4: ("uint16", "<u2"),
    5: ("int16", "<i2"),
    6: ("int32", "<i4"),
    7: ("int64", "<i8"),
    9: ("bool", "?"),
    10: ("float16", "<f2"),
    11: ("float64", "<f8"),
    12: ("uint32", "<u4"),
    13: ("uint64", "<u8"),
    16: ("bfloat16", "<u2"),
    21: ("uint4", "u1"),
    22: ("int4", "i1"),
}
_OTHER_DTYPES = {
    8: "string",
    14: "complex64",
    15: "complex128",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    23: "float4e2m1",
    24: "float8e8m0",
    25: "uint2",
    26: "int2",
}
_MOST_AXES = 8  # more than any op here takes
_LARGEST_SIZE = 1 << 40
_EXTERNAL = 1  # TensorProto.DataLocation
DOMAINS = ("", "ai.onnx")  # the default domain and its other name
MICROSOFT = "com.microsoft"


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor that the file holds. dtype: as in `DTYPES`; 4-bit numbers stand in 8 bits."""

    name: str
    dtype: str
    data: Array


@dataclass(frozen=True, eq=False)
class Interface:
    """An input, an output or an annotated value.

    shape: None if the file does not say; a str is the name of an open size, "" a nameless one
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None


class Attributes:
    """The attributes of a node, by name; absent ones give the default."""

    def __init__(self, node: Message, folder: Path, where: str) -> None:
        self._folder = folder
        self._where = where
        self._known: dict[str, Message] = {}
        for attribute in node.messages(5, f"an attribute of {where}"):
            name = attribute.text(1)
            if attribute.has(21):
                raise UnsupportedError(
                    f"attribute {name} refers to the attribute of a function",
                    "inline the functions: onnx.inliner.inline_local_functions",
                )
            self._known[name] = attribute

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def _of(self, name: str, number: int) -> Message | None:
        """The attribute if it is there; it must hold the field. Old files leave empty lists out."""
        attribute = self._known.get(name)
        if attribute is None:
            return None
        kind = attribute.integer(20)
        if kind not in (0, _ATTRIBUTE_KINDS[number]):
            raise DataError(f"{self._where}: attribute {name} is of kind {kind}")
        return attribute

    def integer(self, name: str, default: int) -> int:
        attribute = self._of(name, 3)
        return default if attribute is None else attribute.integer(3)

    def real(self, name: str, default: float) -> float:
        attribute = self._of(name, 2)
        return default if attribute is None else attribute.real(2)

    def text(self, name: str, default: str) -> str:
        attribute = self._of(name, 4)
        return default if attribute is None else attribute.text(4)

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        attribute = self._of(name, 9)
        return default if attribute is None else tuple(attribute.texts(9))

    def integers(self, name: str) -> tuple[int, ...] | None:
        attribute = self._of(name, 8)
        return None if attribute is None else tuple(attribute.integers(8).tolist())

    def reals(self, name: str) -> tuple[float, ...] | None:
        attribute = self._of(name, 7)
        return None if attribute is None else tuple(attribute.reals(7).tolist())

    def tensor(self, name: str) -> Stored | None:
        attribute = self._of(name, 5)
        message = None if attribute is None else attribute.message(5, f"attribute {name}")
        return None if message is None else read_tensor(message, self._folder)


# AttributeProto: field number -> value of its `type`
_ATTRIBUTE_KINDS = {2: 1, 3: 2, 4: 3, 5: 4, 7: 6, 8: 7, 9: 8}


@dataclass(frozen=True, eq=False)
class FileNode:
    """A node as the file states it. domain: "" for the default one."""

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    message: Message
    folder: Path

    @cached_property
    def attributes(self) -> Attributes:
        return Attributes(self.message, self.folder, self.where)

    @property
    def where(self) -> str:
        return f'{self.op} "{self.name}"'


@dataclass(frozen=True, eq=False)
class File:
    """A model. nodes in an order in which they can be computed."""

    name: str
    opset: int
    nodes: tuple[FileNode, ...]
    constants: dict[str, Message]
    inputs: tuple[Interface, ...]
    outputs: tuple[Interface, ...]
    annotated: dict[str, Interface]
    folder: Path

    def constant(self, name: str) -> Stored:
        return read_tensor(self.constants[name], self.folder)


def open_file(raw: bytes, folder: Path, stem: str) -> File:
    """The model in the bytes of a file. Raises DataError if they are none."""
    model = Message(memoryview(raw), "the model")
    graph = model.message(7, "the graph")
    if graph is None or not model.has(8):
        raise DataError("no ONNX model: the graph or its operator set is missing")
    opset = 0
    for item in model.messages(8, "an operator set"):
        if item.text(1) in DOMAINS:
            opset = item.integer(2, 1)
    nodes = [_node(item, folder) for item in graph.messages(1, "a node")]
    constants = {item.text(8): item for item in graph.messages(5, "an initializer")}
    inputs = [_interface(item) for item in graph.messages(11, "an input")]
    outputs = [_interface(item) for item in graph.messages(12, "an output")]
    annotated = [_interface(item) for item in graph.messages(13, "a value")]
    if not outputs or graph.has(15):
        raise DataError("no outputs" if not outputs else "sparse initializers are not read")
    free = tuple(item for item in inputs if item.name not in constants)
    known = {*constants, *(item.name for item in free)}
    return File(
        stem,
        opset,
        _sorted(nodes, known),
        constants,
        free,
        tuple(outputs),
        {item.name: item for item in annotated},
        folder,
    )


def _node(message: Message, folder: Path) -> FileNode:
    outputs = tuple(message.texts(2))
    op, domain = message.text(4), message.text(7)
    named = [name for name in outputs if name]
    if not op or not named:
        raise DataError(f'corrupt: a node "{op}" has no op or no output')
    return FileNode(
        op,
        "" if domain in DOMAINS else domain,
        named[0],
        tuple(message.texts(1)),
        outputs,
        message,
        folder,
    )


def _sorted(nodes: list[FileNode], known: set[str]) -> tuple[FileNode, ...]:
    """The nodes so that each comes after what it reads. Raises DataError for a loop."""
    made: dict[str, int] = {}
    for i, node in enumerate(nodes):
        for name in node.outputs:
            if name and (name in made or name in known):
                raise DataError(f'corrupt: two nodes make "{name}"')
            made[name] = i
    waits = [{made[name] for name in node.inputs if name in made and name} for node in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, sources in enumerate(waits):
        for source in sources:
            readers[source].append(i)
    if all(source < i for i, sources in enumerate(waits) for source in sources):
        return tuple(nodes)
    left = [len(sources) for sources in waits]
    ready = [i for i, n in enumerate(left) if n == 0]
    order: list[FileNode] = []
    for i in ready:  # grows while it is walked
        order.append(nodes[i])
        for reader in readers[i]:
            left[reader] -= 1
            if left[reader] == 0:
                ready.append(reader)
    if len(order) < len(nodes):
        stuck = next(node for i, node in enumerate(nodes) if left[i])
        raise DataError(f"corrupt: {stuck.where} depends on itself")
    return tuple(order)


def _interface(message: Message) -> Interface:
    name = message.text(1)
    kind = message.message(2, f'the type of "{name}"')
    tensor = None if kind is None else kind.message(1, f'the type of "{name}"')
    if tensor is None:
        return Interface(name, "no tensor" if kind is not None else "untyped", None)
    shape = tensor.message(2, f'the shape of "{name}"')
    sizes: list[int | str] | None = None
    if shape is not None:
        sizes = []
        for dim in shape.messages(1, f'a size of "{name}"'):
            size = dim.integer(1, -1)
            if size > _LARGEST_SIZE:
                raise DataError(f'"{name}" has a size of {size:,}')
            sizes.append(size if size >= 0 and dim.has(1) else dim.text(2))
        if len(sizes) > _MOST_AXES:
            raise DataError(f'"{name}" has {len(sizes)} axes, at most {_MOST_AXES} are read')
    return Interface(name, _dtype_name(tensor.integer(1)), None if sizes is None else tuple(sizes))


def _dtype_name(number: int) -> str:
    if number in DTYPES:
        return DTYPES[number][0]
    return _OTHER_DTYPES.get(number, f"of the unknown kind {number}")


def dtype_of(number: int) -> str:
    """Name of a TensorProto.DataType that Iseul can hold. Raises UnsupportedError."""
    if number not in DTYPES:
        raise UnsupportedError(f"is {_dtype_name(number)}", "float32 or integers")
    return DTYPES[number][0]


# --- tensors


def read_tensor(message: Message, folder: Path) -> Stored:
    """A TensorProto. Raises DataError if it is not sound, UnsupportedError for its dtype."""
    name = message.text(8)
    shape = tuple(message.integers(1).tolist())
    if len(shape) > _MOST_AXES or any(not 0 <= size <= _LARGEST_SIZE for size in shape):
        raise DataError(f'corrupt: tensor "{name}" has the shape {list(shape)[:9]}')
    number = message.integer(2)
    if number not in DTYPES:
        raise UnsupportedError(
            f'tensor "{name}" is {_dtype_name(number)}', "float32 or integer tensors"
        )
    dtype, kind = DTYPES[number]
    n = 1
    for size in shape:
        n *= size
    data = _elements(message, name, dtype, np.dtype(kind), n, folder)
    if data.size != n:
        raise DataError(f'cut: tensor "{name}" {list(shape)} has {data.size} of {n} values')
    return Stored(name, _wider(dtype), _as_plain(data, dtype).reshape(shape))


def _elements(
    message: Message, name: str, dtype: str, kind: np.dtype[Any], n: int, folder: Path
) -> Array:
    if message.integer(14) == _EXTERNAL:
        n_bytes = (n + 1) // 2 if dtype in ("int4", "uint4") else n * kind.itemsize
        return _from_bytes(_external(message, name, folder, n_bytes), name, dtype, kind, n)
    if message.has(9):
        return _from_bytes(message.data(9), name, dtype, kind, n)
    if dtype == "float32":
        return message.reals(4)
    if dtype == "float64":
        return message.reals(10, "<f8")
    if dtype == "int64":
        return message.integers(7)
    if dtype in ("uint32", "uint64"):
        return message.integers(11).astype(np.uint64).astype(kind)
    numbers = message.integers(5)  # all narrower ones, also the bits of float16
    if dtype in ("int4", "uint4"):
        return _nibbles(numbers.astype(np.uint8), dtype, n)
    if dtype == "float16":
        return numbers.astype(np.uint16).view(np.float16)
    return numbers.astype(kind)


def _from_bytes(
    raw: memoryview | bytes, name: str, dtype: str, kind: np.dtype[Any], n: int
) -> Array:
    if dtype in ("int4", "uint4"):
        return _nibbles(np.frombuffer(raw, np.uint8), dtype, n)
    if len(raw) != n * kind.itemsize:
        raise DataError(f'cut: tensor "{name}" has {len(raw)} of {n * kind.itemsize} bytes')
    if dtype == "bool":
        return np.frombuffer(raw, np.uint8) != 0
    return np.frombuffer(raw, kind)


def _nibbles(data: NDArray[np.uint8], dtype: str, n: int) -> Array:
    """Two numbers a byte, the lower half first."""
    halves = np.stack([data & 15, data >> 4], axis=-1).reshape(-1)
    if not n <= len(halves) <= n + 1:
        return halves  # the caller says what is missing
    halves = halves[:n]
    return (
        np.where(halves > 7, halves.astype(np.int8) - 16, halves).astype(np.int8)
        if (dtype == "int4")
        else halves
    )


def _wider(dtype: str) -> str:
    return "float32" if dtype in ("float16", "float64", "bfloat16") else dtype


def _as_plain(data: Array, dtype: str) -> Array:
    """Reals of any width as float32; others as they are, in this machine's byte order."""
    if dtype == "bfloat16":
        return (data.astype(np.uint32) << 16).view(np.float32)
    if dtype in ("float16", "float64"):
        with np.errstate(over="ignore"):
            return data.astype(np.float32)
    return data.astype(data.dtype.newbyteorder("="), copy=False)


def _external(message: Message, name: str, folder: Path, n_bytes: int) -> bytes:
    """Bytes of a tensor that lie in another file: only one below the model's own folder."""
    items = {
        entry.text(1): entry.text(2) for entry in message.messages(13, f'the place of "{name}"')
    }
    location = items.get("location", "")
    root = folder.resolve()
    path = (root / location).resolve()
    if not location or location.startswith(("/", "\\")) or not path.is_relative_to(root):
        raise DataError(
            f'tensor "{name}" lies in "{location}", which is not below the model\'s folder',
            "onnx.save_model(model, path, save_as_external_data=False)",
        )
    try:
        offset, length = int(items.get("offset", "0")), int(items.get("length", "-1"))
        if not path.is_file():
            raise DataError(f'tensor "{name}" lies in "{location}", which does not exist')
        size = path.stat().st_size
        length = size - offset if length < 0 else length
        if not 0 <= offset <= size - n_bytes or length != n_bytes:
            raise DataError(
                f'tensor "{name}" has {n_bytes} bytes, but lies at {offset} + {length} of '
                f'"{location}" ({size} bytes)'
            )
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(n_bytes)
    except (ValueError, OSError) as error:
        raise DataError(f'tensor "{name}" in "{location}" can not be read: {error}') from None


def sizes_of(interface: Interface) -> Shape | None:
    """The shape if all sizes are numbers."""
    if interface.shape is None or any(isinstance(size, str) for size in interface.shape):
        return None
    return tuple(int(size) for size in interface.shape)
