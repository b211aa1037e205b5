# SPDX-License-Identifier: Apache-2.0
"""Distribution matching: synthetic samples whose mean features are those of their class.

Each step draws a fresh random network, never trained, and moves pixels until the mean of what
its last layer receives is the same for the synthetic samples of a class and for a batch of real
ones, under the same transforms. No second derivative, no training: a step is cheap, and many
are needed.

Paper: Zhao, Bilen: Dataset Condensation with Distribution Matching, WACV 2023. Steps, batch,
step width and start are theirs by default. Departures: pixels stay in what can be stored, after
each step; the kind of transform is drawn for each class (`_augment.py`).
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
    from torch import Tensor, nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._pixels import Pixels
    from iseul.condense._problem import Problem

MOMENTUM = 0.5  # of pixels


class Config(BaseConfig):
    """`iterations` is the dial of cost."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    factor: int = Field(
        default=1, ge=1, description="parts along each axis that share one stored sample"
    )
    siamese: bool = Field(default=True, description="both sides see the same transforms")
    iterations: int = Field(
        default=20_000, ge=0, description="steps, each with a fresh random network"
    )
    batch_real: int = Field(default=256, ge=1, description="real samples per class and step")
    lr_image: float = Field(
        default=1.0, gt=0, description="step on pixels, in deviations of the real set; momentum 0.5"
    )
    start: Literal["noise", "real"] = Field(default="real", description="where pixels start")
    mirror: bool = Field(
        default=False, description="transforms may flip left to right: not for digits or text"
    )


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` synthetic samples per class. Raises DataError if a class has fewer real ones."""
    import torch

    from iseul.condense._pixels import by_lot, from_noise, from_real, moments, steps

    classes = class_indices(problem.real.y, problem.n_classes, config.ipc)
    _, unit = moments(problem)
    if config.start == "noise":
        pixels = from_noise(problem, config.ipc, config.factor, unit, seeds.derive(seed, "noise"))
    else:
        chosen = by_lot(problem, classes, config.ipc, config.factor, seeds.derive(seed, "start"))
        pixels = from_real(problem, chosen, config.ipc, config.factor, unit)
    optimizer = torch.optim.SGD([pixels.values], lr=config.lr_image, momentum=MOMENTUM)
    n = min(config.batch_real, *(len(own) for own in classes))
    losses = []
    with steps("condense: matching", config.iterations) as advance:
        for it in range(config.iterations):
            net = problem.build_model(seeds.derive(seed, "net", it)).to(problem.device)
            net.requires_grad_(False)
            rng = seeds.generator(seed, "real", it)
            real = [rng.permutation(own)[:n] for own in classes]
            transforms = None
            if config.siamese:
                generator = torch.Generator().manual_seed(seeds.derive(seed, "transforms", it))
                transforms = problem.draw(problem.n_classes, config.mirror, generator)
            pixels.values.grad, loss = mean_gradient(net, pixels, real, transforms, problem)
            optimizer.step()
            pixels.clamp(problem)
            losses.append(loss)
            advance(1, f"match loss {loss:.3f}")
    return pixels.condensed(problem, losses)


def mean_gradient(
    net: nn.Module,
    pixels: Pixels,
    real: list[NDArray[np.int64]],
    transforms: Tensor | None,
    problem: Problem,
) -> tuple[Tensor, float]:
    """Gradient of the squared distance of mean features, summed over classes, and its mean.

    real:       as many indices of real samples for each class
    transforms: one per class, for both of its sides; None: none
    """
    import numpy as np
    import torch

    from iseul.condense._networks import features
    from iseul.condense._sides import passes

    gradient = torch.zeros_like(pixels.values)
    total = 0.0
    for some in passes(len(real[0]), problem, "fast"):
        x_real = problem.to_tensor(problem.real.x[np.concatenate([real[c] for c in some])])
        x_syn = pixels.samples(problem, some)
        if transforms is not None:
            owner = torch.arange(some.start, some.stop)
            each = owner.repeat_interleave(len(x_real) // len(some))
            x_real = problem.move(x_real, transforms[each])
            each = owner.repeat_interleave(len(x_syn) // len(some))
            x_syn = problem.move(x_syn, transforms[each])
        with torch.no_grad():
            wanted = _means(features(net, problem.task.reads(x_real)), len(some))
        made = _means(features(net, problem.task.reads(x_syn)), len(some))
        loss = (wanted - made).square().sum()
        gradient += torch.autograd.grad(loss, pixels.values)[0]
        total += loss.item()
    return gradient, total / problem.n_classes


def _means(rows: Tensor, n_classes: int) -> Tensor:
    """Mean features of each class, (classes, E); rows are grouped by class."""
    return rows.reshape(n_classes, len(rows) // n_classes, -1).mean(1)
