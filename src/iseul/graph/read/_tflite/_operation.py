# SPDX-License-Identifier: Apache-2.0
"""One operator of a `.tflite` file, as converters see it, and how a converter is listed.

A converter turns an operator into nodes. It raises UnsupportedError for what Iseul can not do
and DataError for what TFLite does not allow; the reader goes on with the next operator in the
first case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from iseul.core import config, registry
from iseul.core.errors import DataError, UnsupportedError, UsageError
from iseul.graph.build import OPS
from iseul.graph.ir import Io, Node, Value, constant, fresh_name, frozen_array
from iseul.graph.ops.reinterpret import attributes
from iseul.graph.passes.fold_constants import computed
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite_file import FIXED_SHAPES
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iseul.graph.ir import Shape
    from iseul.graph.ops._spatial import Pair
    from iseul.graph.read._flatbuffer import Table
    from iseul.graph.read._tflite_file import File
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation, Quantization


@dataclass(frozen=True)
class Operation:
    """One operator of the file, as its converter sees it.

    name:    of the node that makes the outputs
    inputs:  None where the file leaves an optional input out, and for the handle of a variable
    options: the op's table of options; an absent one reads as all defaults
    numbers: the inputs' and the outputs' tensor numbers in the file
    custom:  the options of an op that has a name of its own
    """

    file: File
    kind: str
    name: str
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value, ...]
    options: Table
    numbers: tuple[Sequence[int], Sequence[int]] = ((), ())
    custom: bytes = b""

    def input(self, i: int) -> Value:
        """An input that must be there."""
        value = self.inputs[i] if i < len(self.inputs) else None
        if value is None:
            raise DataError(f'{self.kind} "{self.name}" has no input {i}')
        return value

    def constant(self, i: int) -> Array:
        """The contents of an input that must be constant."""
        value = self.input(i)
        if value.data is None:
            raise UnsupportedError(
                f'input "{value.name}" is computed at run time, but must be a constant',
                FIXED_SHAPES,
            )
        return value.data

    def sizes(self, height: int, width: int, what: str) -> Pair:
        """Two option fields, rows then columns, that must be >= 1."""
        pair = (self.options.integer(height, "i4"), self.options.integer(width, "i4"))
        return self.at_least_one(pair, what)

    def at_least_one(self, pair: Pair, what: str) -> Pair:
        if min(pair) < 1:
            raise DataError(f'{self.kind} "{self.name}" has {what} {pair}, must be >= 1')
        return pair

    def activation(self, number: int) -> Activation:
        """The fused activation in an option field."""
        code = self.options.integer(number, "i1")
        known = 0 <= code < len(schema.ACTIVATIONS)
        name = schema.ACTIVATIONS[code] if known else f"number {code}"
        if name not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            raise UnsupportedError(
                f"fused activation is {name}, but must be none, relu, relu6 or relu_n1_to_1",
                "make the activation an op of its own",
            )
        return cast("Activation", name.lower())

    def next_state(self, i: int) -> Value:
        """What a variable among the inputs becomes, a value that the converter's node makes."""
        number = self.numbers[0][i] if i < len(self.numbers[0]) else -1
        memory = self.file.variables.get(number)
        if memory is None:
            name = self.input(i).name
            raise UnsupportedError(
                f'input "{name}" is no variable, but the op keeps its state in it',
                "convert the model with its states as variables",
            )
        memory.now = self._between(f"{memory.value.name}_next", memory.value)
        return memory.now

    def _between(self, stem: str, like: Value) -> Value:
        """A value that the file does not have, of another's type."""
        name = fresh_name(self.file.taken, stem)
        self.file.taken.add(name)
        value = replace(like, name=name, data=None)
        self.file.between.append(value)
        return value

    def node(
        self, op: str, inputs: Sequence[Value | None], more: Sequence[Value] = (), **attrs: Any
    ) -> Node:
        """The node: `inputs` (trailing absent ones dropped) to all outputs, then `more`."""
        present = [value for value in inputs if value is not None]
        if any(value is None for value in inputs[: len(present)]):
            raise DataError(f'{self.kind} "{self.name}" lacks an input before its last')
        return _made(op, self.name, present, (*self.outputs, *more), attrs)

    def before(self, op: str, x: Value, y_shape: Shape, **attrs: Any) -> tuple[Node, Value]:
        """A node of one input before the op's own, and its output: x with another shape."""
        return self.on_the_way(op, [x], replace(x, shape=y_shape), **attrs)

    def on_the_way(
        self, op: str, inputs: Sequence[Value], like: Value, **attrs: Any
    ) -> tuple[Node, Value]:
        """A node before the op's own, and its output: a value of another's type."""
        y = self._between(f"{self.name}_{op}", like)
        return _made(op, y.name, inputs, [y], attrs), y

    def moved(self, op: str, x: Value, inputs: Sequence[Value] = (), **attrs: Any) -> list[Node]:
        """The node that copies elements of x to all outputs, and what follows it.

        TFLite copies integers whatever the outputs' quantizations are: where one is not that
        of x, they are reinterpreted.
        inputs: behind x
        """
        outputs, behind = [], []
        for out in self.outputs:
            if out.quant == x.quant or out.quant is None or x.quant is None:
                outputs.append(out)
                continue
            inner = self._between(f"{out.name}_moved", replace(out, quant=x.quant))
            outputs.append(inner)
            behind.append(_reinterpreted(inner, out))
        name = self.name if outputs[0] is self.outputs[0] else outputs[0].name
        return [_made(op, name, [x, *inputs], outputs, attrs), *behind]

    def reinterpreted(self, x: Value, like: Value) -> tuple[Node, Value]:
        """x's integers as those of another value's quantization."""
        same = self._between(f"{x.name}_as_{like.name}", replace(x, quant=like.quant))
        return _reinterpreted(x, same), same

    def joined(self, op: str, rescale: bool, **attrs: Any) -> list[Node]:
        """The node that copies all inputs to the output, and what stands before it for inputs of
        another quantization: they are rescaled, or reinterpreted, which copies integers.
        """
        out = self.outputs[0]
        inputs, before = [], []
        for i in range(len(self.inputs)):
            x = self.input(i)
            if x.quant != out.quant and x.quant is not None and out.quant is not None:
                same = self._between(f"{self.name}_{x.name}", replace(x, quant=out.quant))
                if rescale:
                    before.append(_made("quantize", same.name, [x], [same], {}))
                else:
                    before.append(_reinterpreted(x, same))
                x = same
            inputs.append(x)
        return [*before, _made(op, self.name, inputs, [out], attrs)]

    def settle(self, data: Array) -> list[Node]:
        """No nodes: the output is a constant, known while reading."""
        out = self.outputs[0]
        if data.shape != out.shape:
            raise DataError(
                f'{self.kind} "{self.name}" gives shape {data.shape}, file has {out.shape}'
            )
        self._becomes(out, data)
        return []

    def _becomes(self, value: Value, data: Array) -> None:
        """A value that was to be computed is a constant from now on."""
        fixed = replace(value, data=frozen_array(data.astype(storage(value.dtype))))
        for number in self.numbers[1]:
            known = self.file.values.get(number)
            if known is not None and known.name == value.name:
                self.file.values[number] = fixed
        self.file.between[:] = [fixed if v.name == value.name else v for v in self.file.between]

    def folded(self, nodes: list[Node]) -> list[Node]:
        """The nodes that are left: what depends on constants only is computed at once, so that
        operators behind it find their shapes and indices.

        Nodes that break a rule stay, for the reader to name it; so do those with large results.
        """
        if any(value is None or value.data is None for value in self.inputs):
            return nodes
        known = {value.name: value for value in (*self.inputs, *self.outputs) if value is not None}
        known |= {value.name: value for value in self.file.between}
        left = []
        for node in nodes:
            if not known.keys() >= set(node.inputs):  # reads a variable
                left.append(node)
                continue
            io = Io(*(tuple(known[name] for name in side) for side in (node.inputs, node.outputs)))
            results = computed(node, io)
            if results is None:
                left.append(node)
                continue
            for value, data in zip(io.outputs, results, strict=True):
                self._becomes(value, data)
                known[value.name] = replace(value, data=data)
        return left

    def added(self, what: str, data: Array, quant: Quantization | None = None) -> Value:
        """A constant that the file does not have."""
        name = fresh_name(self.file.taken, f"{self.name}_{what}")
        self.file.taken.add(name)
        value = constant(name, data, quant=quant)
        self.file.between.append(value)
        return value


def _reinterpreted(x: Value, y: Value) -> Node:
    """x's integers as those of y's quantization."""
    assert x.quant is not None and y.quant is not None
    return _made("reinterpret", y.name, [x], [y], attributes(x.quant, y.quant))


def _made(
    op: str, name: str, inputs: Sequence[Value], outputs: Sequence[Value], attrs: Mapping[str, Any]
) -> Node:
    kind = registry.load(OPS, op).Attrs
    ins, outs = (tuple(value.name for value in side) for side in (inputs, outputs))
    try:
        made = config.build(kind, attrs, f'{op} "{name}"')
    except UsageError as error:  # a number outside the attribute's range
        raise DataError(error.problem) from None
    return Node(name, op, ins, outs, made)


@dataclass(frozen=True)
class Entry:
    """How to convert an op.

    most:    inputs at most; more than the converter looks at would be dropped in silence
    union:   number of the op's options in TFLite's BuiltinOptions; 0 if none are read
    outputs: how many outputs it has; None for any number
    handles: whether inputs and outputs may be handles of variables
    """

    convert: Callable[[Operation], list[Node]]
    most: int
    union: int = 0
    outputs: int | None = 1
    handles: bool = False
