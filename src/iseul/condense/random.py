# SPDX-License-Identifier: Apache-2.0
"""Random: real samples drawn by lot, the same number from each class. The floor to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.condense._condensed import Condensed
from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig

if TYPE_CHECKING:
    from iseul.condense._problem import Problem


class Config(BaseConfig):
    """How many samples are drawn."""

    ipc: int = Field(default=10, ge=1, description="samples per class")


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` different real samples of each class. Raises DataError if a class has fewer."""
    real = problem.real
    classes = class_indices(real.y, problem.n_classes, config.ipc)
    index = np.concatenate(
        [
            seeds.generator(seed, "random", label).permutation(own)[: config.ipc]
            for label, own in enumerate(classes)
        ]
    )
    return Condensed(real.x[index], real.y[index], np.zeros(len(index), np.int64))
