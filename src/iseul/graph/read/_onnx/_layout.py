# SPDX-License-Identifier: Apache-2.0
"""Where the elements of the file's tensors stand in the graph: transposes that cost nothing.

ONNX is NCHW, the graph NHWC. A `Tensor` knows in which order the graph holds the axes, so that
an ONNX Transpose, and every change between NCHW and NHWC, is a change of that note alone. Only
where an op needs another order than the one at hand does a `transpose` node appear; pairs that
cancel never come into being. A Reshape splits and merges axes under the same note; where it
can not (a flatten of (1, C, H, W) that stands as NHWC) the tensor stays what it was under a
`base`, and whoever reads it moves elements or, with constant weights, permutes these instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Shape
    from iseul.numerics import Array

# plain:   the graph's numbers are the file's
# integer: the graph's int8 are the file's int8, or its uint8 minus 128
# real:    integers that stand for the file's reals (a DequantizeLinear that has not been made)
Role = Literal["plain", "integer", "real"]
Layout = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A computed value of the file and where it is in the graph.

    value:  the graph value's name
    shape:  the file's shape
    layout: stored axis j is the file's axis layout[j]; axes of `base` if there is one
    base:   the tensor of which this is a reshape in the file's order of elements
    unsigned: the file's integers are uint8 (role integer)
    """

    value: str
    shape: Shape
    layout: Layout
    role: Role = "plain"
    base: Tensor | None = None
    unsigned: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def stored(self) -> Shape:
        """The graph value's shape."""
        whole = self if self.base is None else self.base
        return tuple(whole.shape[axis] for axis in whole.layout)

    @property
    def n_elements(self) -> int:
        return prod(self.shape)

    def position(self, axis: int) -> int:
        """The stored axis of the file's axis."""
        return self.layout.index(axis)


@dataclass(frozen=True, eq=False)
class Scaled:
    """How a constant's integers stand for reals: those of a DequantizeLinear.

    data:   int8, uint8, int16, uint16, int32 ... as the file holds them
    scale, zero_point: one value, or one per slice along `axis`
    """

    data: Array
    dtype: str
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int | None


@dataclass(frozen=True, eq=False)
class Const:
    """A constant of the file, known while reading.

    dtype:  as in `_file.DTYPES`
    scaled: the integers behind `data`, if it was dequantized
    """

    name: str
    data: Array
    dtype: str
    scaled: Scaled | None = None

    @property
    def shape(self) -> Shape:
        return self.data.shape

    @property
    def rank(self) -> int:
        return self.data.ndim


def identity(rank: int) -> Layout:
    return tuple(range(rank))


def channels_last(rank: int) -> Layout:
    """NCHW as NHWC, for any number of spatial axes; (N, C) stays."""
    return (0, *range(2, rank), 1) if rank > 2 else identity(rank)


def with_last(layout: Layout, axis: int) -> Layout:
    """The layout with one axis moved to the end."""
    return (*(a for a in layout if a != axis), axis)


def moves(have: Layout, want: Layout) -> tuple[int, ...]:
    """The permutation that takes values stored in one layout to another, as numpy's transpose."""
    return tuple(have.index(axis) for axis in want)


def keeps_order(stored: Shape, perm: tuple[int, ...]) -> bool:
    """Whether a permutation moves no element: all but axes of size 1 stay in order."""
    kept = [axis for axis in perm if stored[axis] != 1]
    return kept == sorted(kept)


def transposed(x: Tensor, perm: tuple[int, ...]) -> Tensor:
    """np.transpose in the file's axes: nothing moves in the graph. x has no base."""
    shape = tuple(x.shape[axis] for axis in perm)
    return replace(x, shape=shape, layout=tuple(perm.index(axis) for axis in x.layout))


def expanded(x: Tensor, rank: int) -> tuple[Shape, Layout]:
    """Shape and layout of x with axes of size 1 in front, up to a rank."""
    more = rank - x.rank
    return (1,) * more + x.shape, (*range(more), *(axis + more for axis in x.layout))


def reshaped(x: Tensor, shape: Shape) -> tuple[Shape, Layout] | None:
    """Shape and layout of x under another shape without moving elements, or None.

    The sizes of both shapes fall into runs of equal product; a run keeps its place in the graph
    if its axes are neighbours there. x has no base; both shapes have as many elements, > 0.
    """
    runs = _runs(x.shape, shape)
    place = {axis: i for i, axis in enumerate(a for a in x.layout if x.shape[a] != 1)}
    ordered: list[tuple[int, list[int]]] = []  # (first place, axes of the new shape)
    for old, new in runs:
        places = [place[axis] for axis in old]
        if places != list(range(places[0], places[0] + len(places))):
            return None
        ordered.append((places[0], new))
    layout = [axis for _, axes in sorted(ordered) for axis in axes]
    for axis in range(len(shape)):  # axes of size 1 stand where the reader of shapes expects them
        if shape[axis] == 1:
            layout.insert(_place_of_one(layout, axis), axis)
    return shape, tuple(layout)


def gathered(x: Tensor, shape: Shape) -> Layout:
    """The layout nearest to that of x under which `reshaped` moves nothing.

    Axes that become one stand together, in the file's order, where the first of them is now.
    x has no base; both shapes have as many elements, > 0.
    """
    runs = [old for old, _ in _runs(x.shape, shape)]
    runs += [[axis] for axis, size in enumerate(x.shape) if size == 1]
    runs.sort(key=lambda axes: min(x.position(axis) for axis in axes))
    return tuple(axis for axes in runs for axis in axes)


def _place_of_one(layout: list[int], axis: int) -> int:
    """Behind the axis before it; axis 0 in front."""
    return layout.index(axis - 1) + 1 if axis else 0


def _runs(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Shortest runs of axes (size 1 left out) with the same product in both shapes."""
    left = [axis for axis, size in enumerate(old) if size != 1]
    right = [axis for axis, size in enumerate(new) if size != 1]
    runs: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(left):
        a, b = [left[i]], [right[j]]
        n, m = old[left[i]], new[right[j]]
        i, j = i + 1, j + 1
        while n != m:
            if n < m:
                n *= old[left[i]]
                a.append(left[i])
                i += 1
            else:
                m *= new[right[j]]
                b.append(right[j])
                j += 1
        runs.append((a, b))
    return runs


def elements(x: Tensor) -> NDArray[np.int64]:
    """The file's flat element number at each flat position of the graph value."""
    whole = x if x.base is None else x.base
    return np.arange(prod(whole.shape)).reshape(whole.shape).transpose(whole.layout).reshape(-1)
