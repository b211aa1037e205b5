# SPDX-License-Identifier: Apache-2.0
"""Subsets: which real samples of a class belong together, and how many images each part gets.

Real samples are clustered inside their class in the embedding of a briefly trained network.
Sizes are capped, so no subset swallows the class; the stored images of a class are shared out
by size, at least one each, and start at the real samples nearest to sub-centroids of their
subset, so that every image starts at a different typical place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import seed as seeds
from iseul.core.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY = 1.5  # largest subset, in units of the mean size
ROUNDS = 20  # of k-means; assignments of these sizes settle in about 10


@dataclass(frozen=True)
class Partition:
    """Subsets of a real set, the same number K in each of C classes.

    members: members[c][k] are indices into the real set
    images:  (C, K) synthetic images per subset; all rows have one sum
    starts:  starts[c][k] are the indices of the real samples at which those images start
    order:   (C, images of a class): which image stands at each place, when the images of
             subset 0 come first, then those of subset 1, ...
    """

    members: list[list[NDArray[np.int64]]]
    images: NDArray[np.int64]
    starts: list[list[NDArray[np.int64]]]
    order: NDArray[np.int64]

    @property
    def n_subsets(self) -> int:
        return self.images.shape[1]

    @property
    def shares(self) -> NDArray[np.float32]:
        """(C, K): the subset's share of its class."""
        sizes = np.array([[len(part) for part in row] for row in self.members], np.float32)
        return sizes / sizes.sum(1, keepdims=True)


def class_indices(
    y: NDArray[np.int64], n_classes: int, at_least: int, limit: int = 0, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Indices of each class's samples, `limit` of them at random (0: all).

    Raises DataError if a class has fewer than `at_least`.
    """
    found = []
    for label in range(n_classes):
        index = np.flatnonzero(y == label)
        if len(index) < at_least:
            raise DataError(
                f"condense: class {label} has {len(index)} samples, ipc {at_least} needs as many",
                f"[condense] ipc = {max(1, len(index))}",
            )
        if limit and len(index) > limit:
            index = np.sort(seeds.generator(seed, "limit", label).permutation(index)[:limit])
        found.append(index)
    return found


def partition(
    embedding: NDArray[np.float32],
    classes: list[NDArray[np.int64]],
    n_images: int,
    n_subsets: int,
    kind: str,
    seed: int,
    balanced: bool = True,
    allocation: str = "proportional",
) -> Partition:
    """Split every class.

    embedding:  (N, E), rows for all samples that `classes` indexes
    n_images:   synthetic images per class, at least n_subsets
    kind:       "kmeans" by place in the embedding; "random" by lot (a control: it must lose);
                "none" one subset, the class itself. Images start at the same real samples in
                all three, so that they differ in the matching alone
    balanced:   no subset above CAPACITY times the mean size
    allocation: images of a class are shared out "proportional" to sizes, or "equal"
    """
    members, images, starts = [], [], []
    for label, index in enumerate(classes):
        points = embedding[index]
        clusters = balanced_kmeans(
            points,
            n_subsets,
            seeds.derive(seed, "subsets", label),
            CAPACITY if balanced else np.inf,
        )
        sizes = np.bincount(clusters, minlength=n_subsets)
        if allocation == "equal":
            sizes = np.minimum(sizes, sizes.min())
        counts = largest_remainder(sizes, n_images)
        counts = _at_most(counts, np.bincount(clusters, minlength=n_subsets))
        chosen = [
            _typical(
                points, np.flatnonzero(clusters == k), n, seeds.derive(seed, "start", label, k)
            )
            for k, n in enumerate(counts)
        ]
        if kind == "random":
            clusters = seeds.generator(seed, "lot", label).permutation(clusters)
        if kind == "none":
            clusters, counts = np.zeros_like(clusters), np.array([n_images])
            chosen = [np.concatenate(chosen)]
        members.append([index[clusters == k] for k in range(len(counts))])
        images.append(counts)
        starts.append([index[picked] for picked in chosen])
    order = np.tile(np.arange(n_images), (len(classes), 1))
    return Partition(members, np.stack(images), starts, order)


def reassign(
    subsets: Partition, embedding: NDArray[np.float32], images: NDArray[np.float32]
) -> Partition:
    """The same subsets, with existing images shared out so that they move as little as can be.

    embedding: (N, E) of the real samples
    images:    (C * images of a class, E) in the same space, classes in order
    """
    from scipy.optimize import linear_sum_assignment

    order = np.empty_like(subsets.order)
    for c, own in enumerate(np.split(images, len(subsets.members))):
        centres = np.stack([embedding[part].mean(0) for part in subsets.members[c]])
        places = np.repeat(np.arange(len(centres)), subsets.images[c])
        _, order[c] = linear_sum_assignment(squared_distances(centres, own)[places])
    return replace(subsets, order=order)


def _at_most(counts: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts with the same sum, none above its room: what is too much goes where most is left."""
    counts = counts.copy()
    while (over := np.flatnonzero(counts > room)).size:
        counts[over[0]] -= 1
        counts[np.argmax(room - counts)] += 1
    return counts


def balanced_kmeans(
    points: NDArray[np.float32], k: int, seed: int, capacity: float = CAPACITY
) -> NDArray[np.int64]:
    """Cluster of each point, 0..k-1; none is empty, none above capacity times the mean size.

    k-means++ start (Arthur, Vassilvitskii, SODA 2007), Lloyd's rounds, capped assignment.
    points: (N, E), N >= k
    """
    if k == 1:
        return np.zeros(len(points), np.int64)
    rng = np.random.default_rng(seed)
    centres = points[far_points(points, k, rng)]
    labels = np.zeros(len(points), np.int64)
    for _ in range(ROUNDS):
        before, labels = labels, _capped(squared_distances(points, centres), capacity)
        centres = np.stack([points[labels == j].mean(0) for j in range(k)])
        if np.array_equal(before, labels):
            break
    return labels


def largest_remainder(sizes: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """`total` shared out in proportion to sizes, at least 1 each. total >= len(sizes)."""
    exact = sizes * (total / sizes.sum())
    counts = np.maximum(np.floor(exact).astype(np.int64), 1)
    while counts.sum() > total:  # the minimum of 1 took too much: from the best served
        counts[np.argmax(np.where(counts > 1, counts - exact, -np.inf))] -= 1
    while counts.sum() < total:
        counts[np.argmax(exact - counts)] += 1
    return counts


def squared_distances(
    points: NDArray[np.float32], centres: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, k) squared Euclidean of (N, E) and (k, E), without the (N, k, E) intermediate."""
    own = (points**2).sum(1)[:, None] + (centres**2).sum(1)[None, :]
    return np.maximum(own - 2 * points @ centres.T, 0)


def far_points(points: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of k different points, each drawn by squared distance to those before."""
    picked = [int(rng.integers(len(points)))]
    nearest = squared_distances(points, points[picked])[:, 0].astype(np.float64)
    nearest[picked] = 0  # rounding may leave a little; a point is never drawn twice
    for _ in range(k - 1):
        if nearest.sum() > 0:
            new = int(rng.choice(len(points), p=nearest / nearest.sum()))
        else:  # all that is left coincides with a centre
            new = int(rng.choice(np.setdiff1d(np.arange(len(points)), picked)))
        picked.append(new)
        nearest = np.minimum(nearest, squared_distances(points, points[[new]])[:, 0])
        nearest[picked] = 0
    return np.array(picked)


def _capped(distance: NDArray[np.float32], capacity: float) -> NDArray[np.int64]:
    """Nearest centre with room. Full centres keep their nearest points and close.

    Each round closes at least one centre or ends, so there are at most k rounds. An empty
    centre takes the point nearest to it from a cluster that has several.
    """
    n, k = distance.shape
    room = int(np.ceil(min(capacity * n / k, n)))
    labels = np.full(n, -1, np.int64)
    is_open = np.ones(k, bool)
    while (free := np.flatnonzero(labels < 0)).size:
        wish = np.where(is_open, distance[free], np.inf).argmin(1)
        for j in np.unique(wish):
            asking = free[wish == j]
            left = room - int((labels == j).sum())
            if len(asking) >= left:
                asking = asking[np.argsort(distance[asking, j], kind="stable")[:left]]
                is_open[j] = False
            labels[asking] = j
    for j in np.flatnonzero(np.bincount(labels, minlength=k) == 0):
        several = np.bincount(labels, minlength=k)[labels] > 1
        labels[np.where(several, distance[:, j], np.inf).argmin()] = j
    return labels


def _typical(
    points: NDArray[np.float32], inside: NDArray[np.int64], n: int, seed: int
) -> NDArray[np.int64]:
    """n different points of a subset, nearest to the centroids of its n parts."""
    own = points[inside]
    parts = balanced_kmeans(own, n, seed)
    chosen = []
    for j in range(n):
        part = np.flatnonzero(parts == j)
        centre = own[part].mean(0, keepdims=True)
        chosen.append(part[squared_distances(own[part], centre)[:, 0].argmin()])
    return inside[np.array(chosen)]
