# SPDX-License-Identifier: Apache-2.0
"""Representatives: the points nearest to the centres of plain k-means, one per cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.condense._subsets import far_points, squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 30


def representatives(points: NDArray[np.float32], k: int, seed: int) -> NDArray[np.int64]:
    """Indices of k different points, each the nearest to a centre that no other has.

    k-means++ start (Arthur, Vassilvitskii, SODA 2007), Lloyd's rounds (Lloyd, IEEE Trans. Inf.
    Theory 1982); a cluster that runs empty keeps its centre.
    points: (N, E), N >= k
    """
    centres = points[far_points(points, k, np.random.default_rng(seed))]
    labels = np.full(len(points), -1, np.int64)
    for _ in range(ROUNDS):
        before, labels = labels, squared_distances(points, centres).argmin(1)
        if np.array_equal(before, labels):
            break
        sums = np.zeros_like(centres, np.float64)
        np.add.at(sums, labels, points)
        counts = np.bincount(labels, minlength=k)[:, None]
        centres = np.where(counts, sums / np.maximum(counts, 1), centres).astype(np.float32)
    return _nearest_free(squared_distances(points, centres))


def _nearest_free(distance: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each column the row that is nearest and not taken by a column before it."""
    free = np.ones(len(distance), bool)
    chosen = []
    for column in distance.T:
        best = int(np.where(free, column, np.inf).argmin())
        free[best] = False
        chosen.append(best)
    return np.array(chosen, np.int64)
