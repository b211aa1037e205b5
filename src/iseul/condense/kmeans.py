# SPDX-License-Identifier: Apache-2.0
"""k-means: the real samples nearest to the centres of `ipc` clusters of their class.

Clusters in the embedding of a network that was trained briefly on the real set, along its
widest axes. No pixel moves: any method that clusters must beat this, and at 50 per class
many published ones hardly do.
As in Cui, Wang, Si, Hsieh: DC-BENCH: Dataset Condensation Benchmark, NeurIPS 2022. Plain
Lloyd rounds, without a cap on sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.condense._condensed import Condensed
from iseul.condense._representatives import representatives
from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress

if TYPE_CHECKING:
    from iseul.condense._problem import Problem


class Config(BaseConfig):
    """How many samples are picked, and in which embedding."""

    ipc: int = Field(default=10, ge=1, description="samples per class")
    train_steps: int = Field(
        default=200, ge=1, description="steps, batch 64, that the embedding network is trained"
    )
    axes: int = Field(default=32, ge=1, description="widest axes of the embedding that are kept")
    mirror: bool = Field(default=False, description="its augmentation may flip left to right")


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` different real samples of each class. Raises DataError if a class has fewer."""
    from iseul.condense._networks import embed, principal, record

    real = problem.real
    classes = class_indices(real.y, problem.n_classes, config.ipc)
    with progress("condense: k-means", 1 + problem.n_classes) as advance:
        made = record(problem, [config.train_steps], config.mirror, seeds.derive(seed, "embedding"))
        advance(1)
        picked = []
        for label, own in enumerate(classes):
            points = principal(embed(made.net, real.x[own], problem), config.axes)
            chosen = representatives(points, config.ipc, seeds.derive(seed, "kmeans", label))
            picked.append(own[chosen])
            advance(1)
    index = np.concatenate(picked)
    return Condensed(real.x[index], real.y[index], np.zeros(len(index), np.int64))
