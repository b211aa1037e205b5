# SPDX-License-Identifier: Apache-2.0
"""Few values instead of 256: tables of levels or colours, chosen for one set.

Levels are the best there are: the least squared error over all tables of that size, by dynamic
programming over the histogram (Fisher: On Grouping for Maximum Homogeneity, JASA 1958; Wang,
Song: Ckmeans.1d.dp, R Journal 2011). Colours are k-means over the pixels. A set that uses no
more values than the table has is kept without loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 30  # of k-means; colours settle in about 20
_MOST_COLOURS = 1 << 14  # different colours that k-means sees; larger sets are thinned out
_CHUNK = 1 << 14  # pixels whose distances to all colours are held at once


def levels(values: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
    """The table of n ascending values with the least squared error; spare places repeat the last.

    values: any shape, at least one; n >= 1
    """
    counts = np.bincount(values.ravel(), minlength=256).astype(np.float64)
    used = np.flatnonzero(counts)
    if len(used) <= n:
        return _padded(used.astype(np.uint8), n)
    # cost[i, j]: squared error of one level for the used values i..j
    weight = counts[used]
    sums = [np.concatenate([[0.0], np.cumsum(weight * used**p)]) for p in (0, 1, 2)]
    w, first, second = (s[None, 1:] - s[:-1, None] for s in sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(w > 0, second - first**2 / w, np.inf)
    cost[np.tril_indices(len(used), -1)] = np.inf
    best, cuts = cost[0], []
    for _ in range(n - 1):  # one level more: the last one starts at value i
        total = np.concatenate([[np.inf], best[:-1]])[:, None] + cost
        cuts.append(total.argmin(0))
        best = total.min(0)
    table, stop = [], len(used)
    for cut in [*reversed(cuts), None]:
        start = 0 if cut is None else int(cut[stop - 1])
        table.append(np.average(used[start:stop], weights=weight[start:stop]))
        stop = start
    return _padded(np.rint(table[::-1]).astype(np.uint8), n)


def colours(pixels: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
    """(n, C) colours by k-means over (M, C) pixels, in lexical order; M >= 1."""
    found, counts = np.unique(pixels, axis=0, return_counts=True)
    if len(found) <= n:
        return np.concatenate([found, np.repeat(found[-1:], n - len(found), 0)])
    rng = np.random.default_rng(0)  # the same pixels give the same colours
    if len(found) > _MOST_COLOURS:
        kept = np.sort(rng.permutation(len(found))[:_MOST_COLOURS])
        found, counts = found[kept], counts[kept]
    points, weight = found.astype(np.float32), counts.astype(np.float64)
    centres = points[[int(weight.argmax())]]
    nearest = ((points - centres) ** 2).sum(1)
    for _ in range(n - 1):  # k-means++: Arthur, Vassilvitskii, SODA 2007
        chance = weight * nearest
        new = int(rng.choice(len(points), p=chance / chance.sum()))
        centres = np.concatenate([centres, points[[new]]])
        nearest = np.minimum(nearest, ((points - points[new]) ** 2).sum(1))
    for _ in range(_ROUNDS):
        owner = nearest_rows(points, centres)
        mass = np.bincount(owner, weight, minlength=n)
        moved = [np.bincount(owner, weight * axis, minlength=n) for axis in points.T]
        means = np.stack(moved, 1) / np.maximum(mass, 1)[:, None]
        centres = np.where(mass[:, None] > 0, means, centres).astype(np.float32)
    table = np.rint(centres).astype(np.uint8)
    order = np.lexsort(table.T[::-1])
    return table[order]


def nearest_rows(points: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(M,) index of the row of (n, C) `table` nearest to each of (M, C) points; ties: the first."""
    found = np.empty(len(points), np.uint8)
    for start in range(0, len(points), _CHUNK):
        part = points[start : start + _CHUNK]
        error = sum((part[:, [c]] - table[:, c]) ** 2 for c in range(table.shape[1]))
        found[start : start + _CHUNK] = np.asarray(error).argmin(1)
    return found


def nearest_levels(values: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Index of the level nearest to each value, in the shape of values; ties: the lower."""
    every = np.abs(np.arange(256)[:, None] - table.astype(np.int64)[None, :]).argmin(1)
    return every.astype(np.uint8)[values]


def _padded(table: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
    return np.concatenate([table, np.repeat(table[-1:], n - len(table))])
