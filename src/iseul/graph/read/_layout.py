# SPDX-License-Identifier: Apache-2.0
"""From torch's axis order to the graph's: NCHW becomes NHWC, once, while reading.

Only values of rank 4 are turned; a reshape between ranks can therefore change the order of
elements (a flatten of (1, C, H, W) gives C-major in torch, H-major here). Such a flattened
value carries `order`, and the weights that read it are permuted instead of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Shape

# graph axis -> torch axis, for rank 4
_NHWC = (0, 2, 3, 1)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the torch program and where it is in the graph.

    value: the graph value's name
    shape: torch's shape
    order: None, or (F,) for a (1, F) value: graph position i holds torch's element order[i]
    """

    value: str
    shape: Shape
    order: NDArray[np.int64] | None = None


def graph_shape(shape: Shape) -> Shape:
    """The graph's shape of a torch shape."""
    return tuple(shape[i] for i in _NHWC) if len(shape) == 4 else tuple(shape)


def graph_axis(axis: int, rank: int) -> int:
    """The graph's axis of a torch axis, which may count from the end."""
    axis %= rank
    return _NHWC.index(axis) if rank == 4 else axis


def to_graph(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """A torch array of the value's rank in the graph's axis order."""
    return array.transpose(_NHWC) if array.ndim == 4 else array


def elements(x: Tensor) -> NDArray[np.int64]:
    """torch's flat element number at each flat position of the graph value."""
    if x.order is not None:
        return x.order
    n = np.arange(int(np.prod(x.shape, dtype=np.int64))).reshape(x.shape)
    return (n.transpose(_NHWC) if n.ndim == 4 else n).reshape(-1)


def reshaped(x: Tensor, shape: Shape, value: str) -> Tensor | None:
    """`x` with the graph's elements left where they are and torch's new shape.

    None if the graph would have to move elements: the result is neither in the graph's order
    nor flat.
    """
    plain = Tensor(value, shape)
    have = elements(x)
    if np.array_equal(have, elements(plain)):
        return plain
    return Tensor(value, shape, have) if len(shape) == 2 and shape[0] == 1 else None
