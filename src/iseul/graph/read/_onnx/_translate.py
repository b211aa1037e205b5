# SPDX-License-Identifier: Apache-2.0
"""What converters work with: the builder, the values known so far, and the node at hand.

A converter is a function (translator, call) -> results, one per output of the file's node: a
`Tensor` of the graph or a `Const`. What it can not do it says by raising UnsupportedError; the
reader collects these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, ShapeError, UnsupportedError, UsageError
from iseul.core.registry import names as entries
from iseul.graph.build import OPS, Builder
from iseul.graph.ir import Value, constant, fresh_name, frozen_array
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx._layout import Const, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import DType, Shape
    from iseul.graph.read._onnx._file import Attributes, FileNode
    from iseul.graph.read._onnx._layout import Layout
    from iseul.numerics import Array
    from iseul.numerics.affine import Quantization

    Operand = Tensor | Const
    Result = Tensor | Const | Sequence[Tensor | Const]
    Converter = Callable[["Translator", "Call"], Result]

# Folding may make constants of this many bytes, and twice the file's
_FREE_BYTES = 2 << 20
LARGEST_VALUE = 1 << 25  # elements; far beyond what a microcontroller holds


def expect_size(shape: Shape) -> None:
    """Raise UnsupportedError for a value that fits no device."""
    if prod(shape) > LARGEST_VALUE:
        raise UnsupportedError(
            f"a value {shape} has {prod(shape):,} elements, at most {LARGEST_VALUE:,} are taken",
            "smaller inputs",
        )


@dataclass(frozen=True, eq=False)
class Call:
    """A node of the file with what it reads.

    inputs: operands; None where an optional one is left out
    wanted: the quantization in which everything that reads the first output wants it, or None
    """

    node: FileNode
    opset: int
    inputs: tuple[Operand | None, ...]
    wanted: Quantization | None = None

    @property
    def name(self) -> str:
        """Name of the node and of its first output."""
        return self.node.name

    @property
    def attributes(self) -> Attributes:
        return self.node.attributes

    @property
    def n_outputs(self) -> int:
        return len(self.node.outputs)

    def has(self, i: int) -> bool:
        return i < len(self.inputs) and self.inputs[i] is not None

    def operand(self, i: int) -> Operand:
        """An input that must be there. Raises DataError."""
        x = self.inputs[i] if i < len(self.inputs) else None
        if x is None:
            raise DataError(f"corrupt: {self.node.where} has no input {i}")
        return x

    def constant(self, i: int, what: str) -> Const:
        """An input that must be known while reading."""
        x = self.operand(i)
        if not isinstance(x, Const):
            raise UnsupportedError(f"{what} is computed at run time", f"make {what} a constant")
        return x

    def integers(self, i: int, what: str) -> tuple[int, ...]:
        """A constant input of whole numbers, flat."""
        data = self.constant(i, what).data.reshape(-1)
        if data.size > 1 << 16 or data.dtype.kind not in "iu":
            raise DataError(f"corrupt: {what} of {self.node.where} is no list of sizes")
        return tuple(int(n) for n in data)

    def number(self, i: int, what: str, default: float) -> float:
        """A constant input of one real number, or the default where it is left out."""
        if not self.has(i):
            return default
        data = self.constant(i, what).data.reshape(-1)
        if data.size != 1:
            raise UnsupportedError(f"{what} has {data.size} values, must have 1", "one number")
        return float(data[0])

    def axis(self, axis: int, rank: int) -> int:
        """An axis that may count from the end. Raises DataError if there is none such."""
        if not -rank <= axis < rank:
            raise DataError(f"corrupt: {self.node.where} has axis {axis} of {rank}")
        return axis % rank

    def axes(self, axes: Sequence[int], rank: int) -> tuple[int, ...]:
        """Sorted axes, each once."""
        found = sorted(self.axis(axis, rank) for axis in axes)
        if len(set(found)) != len(found):
            raise DataError(f"corrupt: {self.node.where} names an axis twice: {list(axes)}")
        return tuple(found)

    def axes_argument(self, i: int, since: int, rank: int) -> tuple[int, ...] | None:
        """Axes that are attribute `axes` before opset `since` and input i from it on."""
        if self.opset >= since or self.has(i):
            return self.axes(self.integers(i, "axes"), rank) if self.has(i) else None
        axes = self.attributes.integers("axes")
        return None if axes is None else self.axes(axes, rank)


@dataclass
class Translator:
    """The graph so far.

    n_bytes: size of the file; what folding may make grows with it
    """

    builder: Builder
    n_bytes: int
    made_bytes: int = 0
    # (value, what was done, how) -> the value that holds it
    made: dict[tuple[Any, ...], str] = field(default_factory=dict)
    # graph value -> op that makes it; value of the file -> how often it is read
    ops: dict[str, str] = field(default_factory=dict)
    n_readers: dict[str, int] = field(default_factory=dict)

    # --- values

    def value(self, name: str) -> Value:
        return self.builder.values[name]

    def constant(
        self,
        data: Array,
        name: str,
        dtype: DType | None = None,
        quant: Quantization | None = None,
    ) -> str:
        """A constant of the graph; one that is there already is shared."""
        made = constant(name, frozen_array(data), dtype, quant)
        held = self.builder.values.get(name)
        same = (
            held is not None
            and held.data is not None
            and made.data is not None
            and (held.dtype, held.quant, held.shape) == (made.dtype, made.quant, made.shape)
            and held.data.tobytes() == made.data.tobytes()
        )
        return name if same else self.builder.constant(name, data, dtype, quant)

    def spend(self, n_bytes: int) -> None:
        """Count bytes of a constant that reading makes. Raises DataError if it is too much."""
        self.made_bytes += n_bytes
        if self.made_bytes > _FREE_BYTES + 2 * self.n_bytes:
            raise DataError(
                f"constants of {self.made_bytes:,} bytes would be made from a file of "
                f"{self.n_bytes:,} bytes"
            )

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        name: str,
        *,
        dtype: DType | None = None,
        quant: Quantization | None = None,
        **attrs: Any,
    ) -> str:
        """A node of the graph; its first output's name.

        Raises UnsupportedError if the graph has no such op or its attributes are out of range.
        """
        if op not in entries(OPS):
            raise UnsupportedError(f"needs the op {op}, which the graph does not have", "")
        try:
            made = self.builder.node(op, inputs, name=name, dtype=dtype, quant=quant, **attrs)
        except UsageError as error:
            raise UnsupportedError(error.problem, error.remedy) from None
        self.ops[made] = op
        for out in self.builder.outputs_of(made):
            expect_size(self.value(out).shape)
        if all(self.value(i).is_constant for i in inputs):
            self.spend(sum(self.value(out).n_bytes for out in self.builder.outputs_of(made)))
        return made

    # --- order of axes

    def stored(self, x: Tensor, wanted: Layout) -> str:
        """The graph value that holds x in this layout; moves elements if it must."""
        x = self.whole(x)
        perm = layout.moves(x.layout, wanted)
        if perm == layout.identity(x.rank):
            return x.value
        if layout.keeps_order(x.stored, perm):
            return self.reshape_value(x.value, tuple(x.shape[axis] for axis in wanted))
        key = (x.value, "transpose", perm)
        if key not in self.made:
            self.made[key] = self.node("transpose", [x.value], f"{x.value}.transpose", perm=perm)
        return self.made[key]

    def ordered(self, x: Tensor, wanted: Layout) -> Tensor:
        """x held in this layout."""
        return replace(x, value=self.stored(x, wanted), layout=wanted, base=None)

    def plain(self, x: Tensor) -> str:
        """The graph value that holds x in the file's order of axes."""
        return self.stored(x, layout.identity(x.rank))

    def whole(self, x: Tensor) -> Tensor:
        """x without a base: elements moved so that its axes are there."""
        if x.base is None:
            return x
        moved = self.ordered(x.base, layout.gathered(x.base, x.shape))
        return replace(self.reshaped(moved, x.shape), role=x.role)

    def reshape_value(self, value: str, shape: Shape) -> str:
        """A graph value under another shape, elements in their order."""
        if self.value(value).shape == shape:
            return value
        key = (value, "reshape", shape)
        if key not in self.made:
            self.made[key] = self.node("reshape", [value], f"{value}.reshape", shape=shape)
        return self.made[key]

    def reshaped(self, x: Tensor, shape: Shape) -> Tensor:
        """ONNX's Reshape; elements move only when somebody needs it."""
        if prod(shape) != x.n_elements:
            raise ShapeError(f"{x.shape} has {x.n_elements} elements and can not become {shape}")
        if x.n_elements == 0:
            raise UnsupportedError(f"the value {x.shape} is empty", "sizes of at least 1")
        source = x.base if x.base is not None else replace(x, base=None)
        found = layout.reshaped(source, shape)
        if found is None:
            return replace(x, shape=shape, layout=layout.identity(len(shape)), base=source)
        stored = tuple(shape[axis] for axis in found[1])
        value = self.reshape_value(source.value, stored)
        return replace(x, value=value, shape=shape, layout=found[1], base=None)

    def aligned(self, tensors: Sequence[Operand], rank: int) -> tuple[Layout, list[Tensor | Const]]:
        """Operands of an elementwise op, all expanded to a rank and in one layout.

        The layout is that of the largest computed operand; constants are turned.
        """
        wide = [self._expanded(x, rank) for x in tensors]
        computed = [x for x in wide if isinstance(x, Tensor)]
        # a tie goes to the one that is not in the file's order: it comes from inside the network
        lead = max(computed, key=lambda x: (x.n_elements, x.layout != layout.identity(rank)))
        return lead.layout, [
            self.ordered(x, lead.layout)
            if isinstance(x, Tensor)
            else replace(x, data=x.data.transpose(lead.layout))
            for x in wide
        ]

    def _expanded(self, x: Operand, rank: int) -> Operand:
        if isinstance(x, Const):
            return replace(x, data=x.data.reshape((1,) * (rank - x.rank) + x.shape))
        x = self.whole(x)
        shape, order = layout.expanded(x, rank)
        value = self.reshape_value(x.value, tuple(shape[axis] for axis in order))
        return replace(x, value=value, shape=shape, layout=order)

    # --- operands

    def tensor(self, x: Operand) -> Tensor:
        """An operand as a value of the graph."""
        if isinstance(x, Tensor):
            return x
        data = x.data
        if data.dtype.kind == "f":
            data = data.astype(np.float32, copy=False)
        elif data.dtype.name not in ("int8", "int32", "int64", "bool"):
            raise UnsupportedError(
                f'constant "{x.name}" is {x.dtype}', "float32, int8, int32, int64 or bool"
            )
        return Tensor(self.constant(data, x.name), x.shape, layout.identity(x.rank))

    def real(self, x: Tensor) -> Tensor:
        """x with reals in the graph: integers that stand for reals get a dequantize node."""
        if x.role != "real":
            return x
        key = (x.value, "dequantize")
        if key not in self.made:
            name = fresh_name(self.builder.values, f"{x.value}.real")
            self.made[key] = self.node("dequantize", [x.value], name, dtype="float32")
        source = self.made[key]
        base = None if x.base is None else replace(x.base, value=source, role="plain")
        return replace(x, value=source, role="plain", base=base)

    def floats(self, x: Tensor) -> Tensor:
        """x, which must hold float32."""
        dtype = self.value(x.value).dtype
        if x.role != "plain" or dtype != "float32":
            raise UnsupportedError(f"reads {dtype} values, must be float32", "cast them before")
        return x

    def same(self, x: Tensor, value: str) -> Tensor:
        """The tensor of an elementwise result: stands where x stands."""
        base = None if x.base is None else replace(x.base, value=value)
        return replace(x, value=value, base=base)
