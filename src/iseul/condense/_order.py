# SPDX-License-Identifier: Apache-2.0
"""Prefix order: which samples of a class come first, so that any leading part is a good set.

Greedy by coverage: next comes the sample that leaves the real samples of its class nearest to
the samples taken so far, in the features of a briefly trained network (greedy k-medoids: the
gain is submodular, so each leading part is within 1 - 1/e of the best one of its size; Nemhauser,
Wolsey, Fisher: Mathematical Programming 14, 1978). Condensed sets that work at every size are
due to He, Xiao, Zhou, Tsang: Multisize Dataset Condensation, ICLR 2024, who train for it; here
the finished samples are ordered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.condense._subsets import _distances, class_indices
from iseul.core import seed as seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem

TRAIN_STEPS = 200  # batch 64, of the network whose features are compared
N_REAL = 500  # real samples of a class that shall be covered


def prefix_order(made: Condensed, problem: Problem, seed: int) -> NDArray[np.int64]:
    """Positions of all samples: class after class, inside each the best leading ones first."""
    from iseul.condense._decode import decode_raw
    from iseul.condense._networks import embed, record

    real = problem.real
    net = record(problem, [TRAIN_STEPS], False, seeds.derive(seed, "order")).net
    classes = class_indices(real.y, problem.n_classes, 0, N_REAL, seeds.derive(seed, "limit"))
    x = decode_raw(made.x, made.factor, problem.axes)
    parts = len(x) // max(1, len(made.y))
    features = _unit(embed(net, x, problem)).reshape(len(made.y), parts, -1)
    order = []
    for label, index in enumerate(classes):
        own = np.flatnonzero(made.y == label)
        if not len(own):
            continue
        target = _unit(embed(net, real.x[index], problem))
        flat = features[own].reshape(len(own) * parts, -1)
        distance = _distances(target, flat).reshape(len(target), len(own), parts)
        order.append(own[cover(distance.min(2))])
    return np.concatenate(order)


def cover(distance: NDArray[np.float32]) -> NDArray[np.int64]:
    """Columns of (N, n) distances, each the one that lowers the mean of the row minima most."""
    nearest = np.full(len(distance), np.inf, np.float32)
    left, taken = list(range(distance.shape[1])), []
    while left:
        means = np.minimum(nearest[:, None], distance[:, left]).mean(0, dtype=np.float64)
        taken.append(left.pop(int(means.argmin())))
        nearest = np.minimum(nearest, distance[:, taken[-1]])
    return np.array(taken, np.int64)


def _unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
