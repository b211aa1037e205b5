# SPDX-License-Identifier: Apache-2.0
"""Prefix order: which samples of a class come first, so that any leading part is a good set.

Greedy: next comes the sample that brings the mean of those taken nearest to the mean of the
class's real samples, in raw values. That is herding (Welling, ICML 2009; Rebuffi et al., CVPR
2017) over the finished samples, towards the real mean. Condensed sets that work at every size are
due to He, Xiao, Zhou, Tsang: Multisize Dataset Condensation, ICLR 2024, who train for it.
On digits raw values did as well as the features of a network, and herding as well as coverage
(greedy k-medoids), at one to five samples per class; so it needs no network and suits any task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.condense._decode import decode_raw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem


def prefix_order(made: Condensed, problem: Problem) -> NDArray[np.int64]:
    """Positions of all samples: class after class, inside each the best leading ones first."""
    real = problem.real
    n = len(made.y)
    x = decode_raw(made.x, made.factor, problem.axes, made.upsampler).astype(np.float64)
    points = x.reshape(n, len(x) // max(1, n), -1).mean(1)  # a stored sample counts as its parts
    order = []
    for label in np.unique(made.y):
        own = np.flatnonzero(made.y == label)
        mean = real.x[real.y == label].mean(0, dtype=np.float64).ravel()
        order.append(own[towards(points[own], mean)])
    return np.concatenate(order)


def towards(points: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows in the order in which their running mean stays nearest to `mean`; ties: the first."""
    left, taken = list(range(len(points))), list[int]()
    total = np.zeros_like(mean)
    while left:
        running = (total + points[left]) / (len(taken) + 1)
        taken.append(left.pop(int(((running - mean) ** 2).sum(1).argmin())))
        total += points[taken[-1]]
    return np.array(taken, np.int64)
