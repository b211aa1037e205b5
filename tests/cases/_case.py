# SPDX-License-Identifier: Apache-2.0
"""A case: one node, how its values are quantized, and what goes in. Everything is seeded by name.

`Net` wraps the builder with what the tables need: random constants and quantized values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from iseul.core.seed import generator
from iseul.graph.build import Builder
from iseul.graph.ir import DType, Graph
from iseul.numerics.affine import INTEGER_RANGE, Quantization, per_channel, per_tensor

Array = np.ndarray
Shape = tuple[int, ...]

N_SAMPLES = 5


class Net(Builder):
    """A builder for one-node graphs whose constants are drawn from the case's own generator."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.random = generator(0, "case", name)

    def int8(self, shape: Shape, scale: float = 0.05, zero_point: int = 0, name: str = "x") -> str:
        """A quantized input."""
        return self.input(name, shape, "int8", per_tensor(scale, zero_point))

    def int16(self, shape: Shape, scale: float = 2e-4, name: str = "x") -> str:
        """A quantized input of 16 bits: its zero point is 0."""
        return self.input(name, shape, "int16", per_tensor(scale))

    def weights(
        self,
        shape: Shape,
        axis: int,
        *,
        per_tensor_scale: float | None = None,
        largest: int = 127,
        scale: float = 0.01,
        zero_point: Sequence[int] = (0,),
        dtype: DType = "int8",
    ) -> str:
        """int8 or int4 weights with a scale per channel around `scale`, or one for all.

        zero_point: given to the channels in turn
        """
        n = shape[axis]
        low, high = INTEGER_RANGE[dtype]
        low, high = max(low, -largest), min(high, largest)
        data = self.random.integers(low, high, shape, endpoint=True).astype(np.int8)
        spread = scale * np.exp(self.random.uniform(-1.2, 1.2, n))
        quant = per_channel(spread, axis)
        if per_tensor_scale is not None:
            quant = per_tensor(per_tensor_scale)
        n = len(quant.scale)
        zeros = tuple(zero_point[i % len(zero_point)] for i in range(n))
        return self.constant("w", data, dtype, replace(quant, zero_point=zeros))

    def bias(self, n: int, largest: int = 4000, dtype: str = "int32") -> str:
        """int32 or int64 bias; its scale follows from the node, so it states none."""
        data = self.random.integers(-largest, largest, n, endpoint=True)
        return self.constant("b", data.astype(dtype))

    def bias_of(self, kind: str, bias: bool | str, n: int) -> list[str]:
        """The bias that a case wants: none (False), the usual one of int8 or int16, or a dtype."""
        if not bias:
            return []
        usual, largest = ("int32", 4000) if kind == "int8" else ("int64", 1_000_000)
        return [self.bias(n, largest, usual if bias is True else str(bias))]

    def reals(self, name: str, shape: Shape, scale: float = 1.0) -> str:
        """A float constant, normally distributed."""
        return self.constant(name, (scale * self.random.normal(size=shape)).astype(np.float32))


@dataclass(frozen=True)
class Case:
    """One named case.

    name:      op/what is special
    build:     fills a Net and returns its output values
    tolerance: largest |difference| of float outputs between judges; integers are always equal
    reason:    why floats may differ by that
    skips:     {judge: reason}
    spread:    standard deviation of float inputs
    feed:      gives the inputs themselves, each (n, *shape), instead of drawing them
    """

    name: str
    build: Callable[[Net], str | Sequence[str]] = field(repr=False)
    tolerance: float = 0.0
    reason: str = ""
    skips: Mapping[str, str] = field(default_factory=dict)
    spread: float = 1.0
    feed: Callable[[], Sequence[Array]] | None = field(default=None, repr=False)

    def graph(self) -> Graph:
        """The one-node graph; at level quantized if any value is an integer, else float."""
        net = Net(self.name)
        made = self.build(net)
        outputs = [made] if isinstance(made, str) else list(made)
        whole = all(value.dtype == "float32" for value in net.values.values())
        return net.graph(outputs, "float" if whole else "quantized")

    def inputs(self, graph: Graph) -> list[Array]:
        """(n, *shape) per graph input. Integers: the ends of the range, the zero point, random."""
        if self.feed is not None:
            return list(self.feed())
        random = generator(1, "case", self.name)
        return [self._draw(graph, name, random) for name in graph.inputs]

    def _draw(self, graph: Graph, name: str, random: np.random.Generator) -> Array:
        value = graph.values[name]
        shape = (N_SAMPLES, *value.shape)
        if value.is_float:
            return (self.spread * random.normal(size=shape)).astype(np.float32)
        low, high = INTEGER_RANGE.get(value.dtype, (0, 1))  # bool
        wide = np.uint64 if value.dtype == "uint64" else np.int64
        data = random.integers(low, high, shape, dtype=wide, endpoint=True)
        zero = value.quant.zero_point[0] if value.quant is not None else 0
        for i, corner in enumerate((low, high, zero)):
            data[i] = corner
        return data.astype(value.dtype)


SUMS_REORDERED = "float sums are added in another order"


def every_int8(*axes: int) -> Callable[[], list[Array]]:
    """A feed of one sample: all 256 int8 along one axis of each input (1, 1, 256 for axis 1 ...).

    axes: one per input: which axis of the graph's value runs; the input has as many axes as
          the largest of them plus one
    """
    rank = max(axes) + 1
    values = np.arange(-128, 128).astype(np.int8)
    shapes = [[1] + [256 if i == axis else 1 for i in range(rank)] for axis in axes]
    return lambda: [values.reshape(shape) for shape in shapes]


def quant(scale: float, zero_point: int = 0) -> Quantization:
    """Shorthand for the tables."""
    return per_tensor(scale, zero_point)


def balanced(n_taps: int, scale_in: float = 0.05, scale_w: float = 0.01) -> float:
    """An output scale under which random int8 sums of n_taps products fill the int8 range.

    So do int16 sums the int16 range: both grow by 256.
    """
    # standard deviation of a uniform int8 is 74; the output shall have about 50
    return scale_in * scale_w * 74.0 * 74.0 * float(np.sqrt(n_taps)) / 50.0
