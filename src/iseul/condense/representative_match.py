# SPDX-License-Identifier: Apache-2.0
"""DREAM: real batches that stand for their class, instead of random ones.

Every `interval` steps each class is clustered in the embedding of the network as it is then,
into as many clusters as the real batch has samples; the sample nearest to each centre is the
batch until the next time. Pixels start at the centres of as many clusters as there are synthetic
samples. All else is IDC (`multi_formation.py`): representative batches ask for the same gradient
with less noise, so fewer steps are needed.

Paper: Liu, Gu, Wang, Zhu, Jiang, You: DREAM: Efficient Dataset Distillation by Representative
Matching, ICCV 2023. Departures: those of `multi_formation.py`; plain k-means on features that
are projected to 64 random axes; starts are clustered in the embedding of a network that was
trained briefly on the real set; by default an eighth of IDC's iterations, as they report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem

AXES = 64  # random axes that features are projected to: distances stay within about a quarter
TRAIN_STEPS = 200  # of the network in whose embedding the starts are clustered
BATCH_SYN = 128  # IDC's


class Config(BaseConfig):
    """`iterations` is the dial of cost."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    factor: int = Field(
        default=2, ge=1, description="parts along each axis that share one stored sample"
    )
    iterations: int = Field(default=250, ge=0, description="fresh networks")
    inner: int = Field(default=100, ge=1, description="matching steps per network")
    interval: int = Field(default=10, ge=1, description="steps between two clusterings")
    pool: int = Field(
        default=0, ge=0, description="real samples per class that are clustered; 0: all"
    )
    n_data: int = Field(
        default=500, ge=0, description="real samples that the network learns from between steps"
    )
    batch_real: int = Field(
        default=64, ge=1, description="clusters, hence real samples, per class and step"
    )
    lr_image: float = Field(
        default=0.005, gt=0, description="step on pixels, in units of their range; momentum 0.5"
    )
    distance: Literal["mse", "l1"] = Field(
        default="mse", description="between gradients; l1 wants a step of 1e-4 to 3e-3"
    )
    mirror: bool = Field(
        default=False, description="transforms may flip left to right: not for digits or text"
    )


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` stored samples per class. Raises DataError if a class has fewer real ones."""
    from iseul.condense._along_real import Schedule, match_online
    from iseul.condense._formation import parts
    from iseul.condense._networks import record
    from iseul.condense._pixels import from_real

    limit = max(config.pool, config.ipc) if config.pool else 0
    classes = class_indices(
        problem.real.y, problem.n_classes, config.ipc, limit, seeds.derive(seed, "pool")
    )
    made = record(problem, [TRAIN_STEPS], config.mirror, seeds.derive(seed, "embedding"))
    n = config.ipc * parts(config.factor, problem.axes)
    chosen = nearest(problem, made.net, classes, n, seeds.derive(seed, "start"))
    pixels = from_real(problem, chosen, config.ipc, config.factor, problem.high - problem.low)
    n_real = min(config.batch_real, *(len(own) for own in classes))
    held: list[NDArray[np.int64]] = []

    def batches(net: nn.Module, it: int, step: int) -> list[NDArray[np.int64]]:
        if step % config.interval == 0:
            held[:] = nearest(problem, net, classes, n_real, seeds.derive(seed, "real", it, step))
        return held

    schedule = Schedule(
        config.iterations,
        config.inner,
        config.n_data,
        BATCH_SYN,
        config.lr_image,
        config.distance,
        config.mirror,
    )
    losses = match_online(problem, pixels, schedule, batches, seeds.derive(seed, "matching"))
    return pixels.condensed(problem, losses)


def nearest(
    problem: Problem, net: nn.Module, classes: list[NDArray[np.int64]], n: int, seed: int
) -> list[NDArray[np.int64]]:
    """n samples of each class, nearest to the centres of n clusters; repeated where too few."""
    import numpy as np

    from iseul.condense._networks import embed
    from iseul.condense._representatives import representatives

    chosen = []
    for label, own in enumerate(classes):
        points = embed(net, problem.real.x[own], problem)
        if points.shape[1] > AXES:
            rng = seeds.generator(seed, "axes")
            axes = rng.normal(size=(points.shape[1], AXES)) / AXES**0.5
            points = points @ axes.astype(np.float32)
        k = min(n, len(own))
        found = own[representatives(points, k, seeds.derive(seed, "clusters", label))]
        chosen.append(np.resize(found, n))
    return chosen
