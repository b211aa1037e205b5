# SPDX-License-Identifier: Apache-2.0
"""Multi-formation: one stored sample holds several, each at a part of its resolution.

A stored sample is cut into `factor` parts along each axis; each part, enlarged to the whole
size, is a sample of its own. At equal bytes there are factor^axes times as many samples, with
less detail in each. Time-frequency inputs are cut along time alone: a frequency band means
something by its place.
Paper: Kim et al.: Dataset Condensation via Efficient Synthetic-Data Parameterization, ICML 2022.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def parts(factor: int, axes: str) -> int:
    """Samples that one stored sample holds."""
    return factor ** len(axes)


def _cells(shape: tuple[int, int], factor: int, axes: str) -> list[tuple[slice, slice]]:
    """Rows and columns of each part; sides that factor does not divide differ by one."""

    def cut(side: int, wanted: bool) -> list[slice]:
        n = factor if wanted else 1
        if n > side:
            raise ShapeError(
                f"multi-formation: a side of {side} can not be cut into {n} parts",
                "a smaller factor",
            )
        edges = [round(i * side / n) for i in range(n + 1)]
        return [slice(a, b) for a, b in itertools.pairwise(edges)]

    height, width = shape
    return [
        (rows, columns) for rows in cut(height, "h" in axes) for columns in cut(width, "w" in axes)
    ]


def decode(
    x: Tensor, factor: int, axes: str, enlarge: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """(n, C, H, W) stored reals to (n * parts, C, H, W): all of sample 0, then of sample 1, ...

    Differentiable. factor 1 returns x itself.
    enlarge: (n, C, h, w) parts to (n, C, H, W) samples; None: bilinear
    Raises ShapeError if a side has fewer values than factor.
    """
    if factor == 1:
        return x
    size = (x.shape[2], x.shape[3])

    def bilinear(part: Tensor) -> Tensor:
        return F.interpolate(part, size=size, mode="bilinear", align_corners=False)

    enlarged = enlarge or bilinear
    each = [enlarged(x[:, :, rows, columns]) for rows, columns in _cells(size, factor, axes)]
    return torch.stack(each, 1).flatten(0, 1)


def encode(x: Tensor, factor: int, axes: str) -> Tensor:
    """(n * parts, C, H, W) samples to (n, C, H, W) stored ones: those that decode nearest to x.

    Least squares, so edges stay sharper than by area means; values may leave the range of x.
    """
    if factor == 1:
        return x
    size = (x.shape[2], x.shape[3])
    cells = _cells(size, factor, axes)
    stored = x.new_zeros(len(x) // len(cells), *x.shape[1:])
    for i, (rows, columns) in enumerate(cells):
        down = _reduction(rows, size[0], x)
        across = _reduction(columns, size[1], x)
        stored[:, :, rows, columns] = down @ x[i :: len(cells)] @ across.T
    return stored


def reductions(shape: tuple[int, int], factor: int, axes: str) -> tuple[Tensor, Tensor]:
    """down (h, H) and back (W, w): down @ x @ back is the first part that decodes nearest to x."""
    rows, columns = _cells(shape, factor, axes)[0]
    like = torch.zeros(())
    return _reduction(rows, shape[0], like), _reduction(columns, shape[1], like).T


def _reduction(part: slice, side: int, x: Tensor) -> Tensor:
    """(stored, side) matrix that undoes the bilinear enlargement of a part along one axis."""
    unit = torch.eye(part.stop - part.start, dtype=torch.float64)
    grown = F.interpolate(unit[None], size=side, mode="linear", align_corners=False)[0].T
    return torch.linalg.pinv(grown).to(x)
