# SPDX-License-Identifier: Apache-2.0
"""IDC: several samples in the place of one, matched along networks trained on real data.

A stored sample holds factor^axes samples of lower resolution (`_formation.py`). Their gradients
on conv weights are matched by length as well as by direction, one step per class and turn, under
shared transforms; between turns the network learns from real samples (`_along_real.py`).
`factor = 1` is what its authors call IDC-I.

Paper: Kim, Kim, Oh, Yun, Song, Jeong, Ha, Song: Dataset Condensation via Efficient Synthetic-Data
Parameterization, ICML 2022. Loops, batches and distance are theirs by default. Departures: all
classes step at once, which is the same sum (`_along_real.image_step`); pixels stay in what can be
stored, after each step; each class has its own transform, one kind of DSA's at a time, as has
each sample that networks are trained on, beside CutMix; random starts only. The step width
belongs to a network of width 128: distances are sums over weights, narrower networks want a
larger one.
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


class Config(BaseConfig):
    """Published loops by default: weeks on a CPU. `iterations` is the dial of cost."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    factor: int = Field(
        default=2, ge=1, description="parts along each axis that share one stored sample; 1: IDC-I"
    )
    iterations: int = Field(default=2000, ge=0, description="fresh networks")
    inner: int = Field(default=100, ge=1, description="matching steps per network")
    n_data: int = Field(
        default=500, ge=0, description="real samples that the network learns from between them"
    )
    batch_real: int = Field(default=64, ge=1, description="real samples per class and step")
    batch_syn: int = Field(
        default=128, ge=1, description="synthetic samples per class and step, at most"
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
    from iseul.condense._pixels import by_lot, from_real

    classes = class_indices(problem.real.y, problem.n_classes, config.ipc)
    chosen = by_lot(problem, classes, config.ipc, config.factor, seeds.derive(seed, "start"))
    pixels = from_real(problem, chosen, config.ipc, config.factor, problem.high - problem.low)
    n = min(config.batch_real, *(len(own) for own in classes))

    def batches(net: nn.Module, it: int, step: int) -> list[NDArray[np.int64]]:
        rng = seeds.generator(seed, "real", it, step)
        return [rng.permutation(own)[:n] for own in classes]

    schedule = Schedule(
        config.iterations,
        config.inner,
        config.n_data,
        config.batch_syn,
        config.lr_image,
        config.distance,
        config.mirror,
    )
    losses = match_online(problem, pixels, schedule, batches, seeds.derive(seed, "matching"))
    return pixels.condensed(problem, losses)
