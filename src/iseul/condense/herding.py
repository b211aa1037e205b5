# SPDX-License-Identifier: Apache-2.0
"""Herding: real samples whose running mean stays closest to their class's mean.

Greedy mean matching in the embedding of a network that was trained briefly on the real set:
each step takes the sample that brings the mean of those taken nearest to the class mean.
Papers: Welling: Herding Dynamical Weights to Learn, ICML 2009; in this form Rebuffi,
Kolesnikov, Sperl, Lampert: iCaRL, CVPR 2017. Features have length 1 there and here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.condense._condensed import Condensed
from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.condense._problem import Problem


class Config(BaseConfig):
    """How many samples are picked, and in which embedding."""

    ipc: int = Field(default=10, ge=1, description="samples per class")
    train_steps: int = Field(
        default=200, ge=1, description="steps, batch 64, that the embedding network is trained"
    )
    mirror: bool = Field(default=False, description="its augmentation may flip left to right")


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` different real samples of each class. Raises DataError if a class has fewer."""
    from iseul.condense._networks import embed, record

    real = problem.real
    classes = class_indices(real.y, problem.n_classes, config.ipc)
    with progress("condense: herding", 1 + problem.n_classes) as advance:
        made = record(
            problem,
            [config.train_steps],
            config.mirror,
            seeds.derive(seed, "embedding"),
        )
        advance(1)
        picked = []
        for own in classes:
            features = embed(made.net, real.x[own], problem)
            features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-12
            picked.append(own[herd(features, config.ipc)])
            advance(1)
    index = np.concatenate(picked)
    return Condensed(real.x[index], real.y[index], np.zeros(len(index), np.int64))


def herd(points: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Rows whose running mean follows the mean of all rows most closely, in order; n <= N."""
    mean = points.mean(0)
    taken: list[int] = []
    total = np.zeros_like(mean)
    for count in range(1, n + 1):
        distance = ((mean - (total + points) / count) ** 2).sum(1)
        distance[taken] = np.inf
        taken.append(int(distance.argmin()))
        total += points[taken[-1]]
    return np.array(taken)
