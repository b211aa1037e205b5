# SPDX-License-Identifier: Apache-2.0
"""The builder: readers, stages and tests make graphs the same way.

    b = Builder("net")
    x = b.input("image", (1, 28, 28, 1))
    w = b.constant("conv1.weight", weights)          # (O, kH, kW, C)
    y = b.node("conv2d", [x, w], stride=(2, 2), activation="relu")
    graph = b.graph(outputs=[y])

Names are values' names; `node` infers shapes from the op and returns the first output's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core import config, registry
from iseul.core.errors import ShapeError, UsageError
from iseul.graph.ir import Graph, Node, State, Value, constant, fresh_name, frozen_array, shapes
from iseul.numerics.affine import Quantization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import DType, Level, Shape
    from iseul.numerics import Array

OPS = "iseul.graph.ops"


def infer_outputs(op: str, attrs: config.Config, inputs: Sequence[Value], name: str) -> list[Shape]:
    """Shapes of a node's outputs. Raises ShapeError that names op, node and input shapes."""
    try:
        return list(registry.load(OPS, op).infer(attrs, inputs))
    except ShapeError as error:
        raise ShapeError(
            f'{op} "{name}" ({shapes(inputs)}): {error.problem}', error.remedy
        ) from None


class Builder:
    """Collects values and nodes; `graph` gives the frozen result."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, Value] = {}
        self._inputs: list[str] = []
        self._nodes: list[Node] = []
        self._states: list[State] = []

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes so far, in the order in which they were added."""
        return self._nodes

    def _add(self, value: Value) -> str:
        if value.name in self.values:
            raise UsageError(f'graph "{self.name}" already has a value "{value.name}"')
        self.values[value.name] = value
        return value.name

    def input(
        self,
        name: str,
        shape: Shape,
        dtype: DType = "float32",
        quant: Quantization | None = None,
    ) -> str:
        """An input of the graph, batch axis included."""
        self._inputs.append(name)
        return self._add(Value(name, tuple(shape), dtype, quant))

    def constant(
        self,
        name: str,
        data: Array,
        dtype: DType | None = None,
        quant: Quantization | None = None,
    ) -> str:
        """A constant; the name gets a number behind it if it is taken."""
        return self._add(constant(fresh_name(self.values, name), data, dtype, quant))

    def state(self, name: str, initial: Array, quant: Quantization | None = None) -> str:
        """A state value, holding `initial` after reset; say what becomes it with `next_state`."""
        initial = frozen_array(initial)
        self._states.append(State(name, "", initial))
        return self._add(Value(name, initial.shape, initial.dtype.name, quant))  # type: ignore[arg-type]

    def next_state(self, state: str, value: str) -> None:
        """`value` becomes the state after each invoke."""
        self._states = [
            State(s.value, value, s.initial) if s.value == state else s for s in self._states
        ]

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        *,
        name: str = "",
        dtype: DType | Sequence[DType] | None = None,
        quant: Quantization | Sequence[Quantization | None] | None = None,
        **attrs: Any,
    ) -> str:
        """Add a node and return its first output's name.

        name:  of the node and its first output; numbered if taken; by default the op's
        dtype: of the outputs, or one for each; by default that of the first input
        quant: of the outputs, or one for each; integers without it take the first input's
        attrs: fields of the op's `Attrs`
        """
        name = fresh_name(self.values, name or op)
        made = config.build(registry.load(OPS, op).Attrs, attrs, f'{op} "{name}"')
        taken = [self.values[i] for i in inputs]
        first, outputs = taken[0], []
        for i, shape in enumerate(infer_outputs(op, made, taken, name)):
            kind = _each(dtype, i) or first.dtype
            scaled = _each(quant, i)
            if scaled is None and kind == first.dtype:
                scaled = first.quant
            stem = name if i == 0 else fresh_name(self.values, f"{name}_{i}")
            outputs.append(self._add(Value(stem, tuple(shape), kind, scaled)))
        self._nodes.append(Node(name, op, tuple(inputs), tuple(outputs), made))
        return outputs[0]

    def outputs_of(self, value: str) -> tuple[str, ...]:
        """All outputs of the node that makes a value."""
        return next(node.outputs for node in self._nodes if value in node.outputs)

    def graph(self, outputs: Sequence[str], level: Level = "float") -> Graph:
        """The frozen graph; checked by `verify.check_graph`."""
        from iseul.graph.verify import check_graph

        made = Graph(
            self.name,
            tuple(self._inputs),
            tuple(outputs),
            tuple(self._nodes),
            self.values,
            tuple(self._states),
            level,
        )
        check_graph(made)
        return made


def _each(given: Any, i: int) -> Any:
    """What is given for all outputs, or the i-th of what is given one by one."""
    return given if given is None or isinstance(given, str | Quantization) else given[i]
