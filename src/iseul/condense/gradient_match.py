# SPDX-License-Identifier: Apache-2.0
"""Gradient matching, class by class: DC, and with `siamese = true` DSA.

Each iteration draws a fresh network. In turn, pixels move until the network's weight gradients
on the synthetic samples of every class point where those on real samples point, and the network
is trained on the synthetic set for some epochs: matching follows the path that training on the
result will take. The distance is 1 - cosine per output row of conv and linear weights.

Papers: Zhao, Mopuri, Bilen: Dataset Condensation with Gradient Matching, ICLR 2021 (DC);
Zhao, Bilen: Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021 (DSA).
Loops, batches, step widths and starts are theirs by default. Departures: pixels stay in what can
be stored, after each step; samples are not shifted to mean 0 (the norm after the first conv
takes the mean out, but for the border); DSA's kind of transform is drawn for each class
(`_augment.py`); for numbers of samples that the papers do not list, loops are those of the
nearest listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._pixels import Pixels
    from iseul.condense._problem import Problem

# (outer, inner) by samples per class, as published
LOOPS = {1: (1, 1), 10: (10, 50), 20: (20, 25), 30: (30, 20), 40: (40, 15), 50: (50, 10)}
MOMENTUM = 0.5  # of pixels
BATCH_SYN = 256  # synthetic samples per step of the network
EPSILON = 1e-6  # added to the product of lengths, as published: weak rows count less


class Config(BaseConfig):
    """Published loops by default: hours to days on a CPU. `iterations` is the dial of cost."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    factor: int = Field(
        default=1, ge=1, description="parts along each axis that share one stored sample"
    )
    siamese: bool = Field(
        default=False, description="DSA: both sides and the network see the same transforms"
    )
    iterations: int = Field(default=1000, ge=0, description="fresh networks")
    outer: int = Field(
        default=0, ge=0, description="matching steps per network; 0: as published for ipc"
    )
    inner: int = Field(
        default=0, ge=0, description="epochs of the network between them; 0: as published for ipc"
    )
    batch_real: int = Field(default=256, ge=1, description="real samples per class and step")
    lr_image: float = Field(
        default=0.1, gt=0, description="step on pixels, in deviations of the real set; momentum 0.5"
    )
    lr_net: float = Field(default=0.01, gt=0, description="step on the network's weights")
    start: Literal["auto", "noise", "real"] = Field(
        default="auto", description="where pixels start; auto: noise, with siamese real samples"
    )
    engine: Literal["fast", "loop"] = Field(
        default="fast", description="loop: one backward per class, the slow oracle of fast"
    )
    mirror: bool = Field(
        default=False, description="transforms may flip left to right: not for digits or text"
    )


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` synthetic samples per class. Raises DataError if a class has fewer real ones."""
    import torch

    from iseul.condense._pixels import steps

    classes = class_indices(problem.real.y, problem.n_classes, config.ipc)
    pixels = _start(problem, classes, config, seed)
    optimizer = torch.optim.SGD([pixels.values], lr=config.lr_image, momentum=MOMENTUM)
    outer, inner = loops(config)
    losses = []
    with steps("condense: matching", config.iterations * outer) as advance:
        for it in range(config.iterations):
            net = problem.build_model(seeds.derive(seed, "net", it)).to(problem.device)
            sgd = torch.optim.SGD(net.parameters(), lr=config.lr_net)
            generator = torch.Generator().manual_seed(seeds.derive(seed, "batches", it))
            for step in range(outer):
                lot = seeds.derive(seed, "step", it, step)
                pixels.values.grad, loss = _step(net, pixels, classes, problem, config, lot)
                optimizer.step()
                pixels.clamp(problem)
                losses.append(loss)
                advance(1, f"match loss {loss:.3f}")
                if step + 1 < outer:
                    _train(net, sgd, pixels, inner, problem, config, generator)
    return pixels.condensed(problem, losses)


def loops(config: Config) -> tuple[int, int]:
    """(matching steps per network, epochs of the network between them)."""
    outer, inner = LOOPS[min(LOOPS, key=lambda ipc: abs(ipc - config.ipc))]
    return config.outer or outer, config.inner or inner


def row_cosine(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """1 - cosine per output row, summed over rows and layers: (groups,)."""
    total = real[0].new_zeros(len(real[0]))
    for r, s in zip(real, syn, strict=True):
        lengths = r.norm(dim=2) * s.norm(dim=2)
        total = total + (1 - (r * s).sum(2) / (lengths + EPSILON)).sum(1)
    return total


def _start(problem: Problem, classes: list[NDArray[np.int64]], config: Config, seed: int) -> Pixels:
    from iseul.condense._pixels import by_lot, from_noise, from_real, moments

    _, unit = moments(problem)
    if config.start == "noise" or (config.start == "auto" and not config.siamese):
        lot = seeds.derive(seed, "noise")
        return from_noise(problem, config.ipc, config.factor, unit, lot)
    chosen = by_lot(problem, classes, config.ipc, config.factor, seeds.derive(seed, "start"))
    return from_real(problem, chosen, config.ipc, config.factor, unit)


def _step(
    net: nn.Module,
    pixels: Pixels,
    classes: list[NDArray[np.int64]],
    problem: Problem,
    config: Config,
    seed: int,
) -> tuple[Tensor, float]:
    """Gradient for the pixels and the loss at one network, on fresh real batches."""
    import torch

    from iseul.condense._sides import Matching, step_gradient

    n = min(config.batch_real, *(len(own) for own in classes))
    real = [
        seeds.generator(seed, "real", label).permutation(own)[:n]
        for label, own in enumerate(classes)
    ]
    transforms = None
    if config.siamese:
        generator = torch.Generator().manual_seed(seeds.derive(seed, "transforms"))
        transforms = problem.draw(problem.n_classes, config.mirror, generator)
    matching = Matching(row_cosine, engine=config.engine)
    return step_gradient(net, pixels, real, transforms, problem, matching)


def _train(
    net: nn.Module,
    sgd: torch.optim.Optimizer,
    pixels: Pixels,
    epochs: int,
    problem: Problem,
    config: Config,
    generator: torch.Generator,
) -> None:
    """Epochs of plain SGD on the synthetic set as it is now."""
    from torch import arange, randperm

    from iseul.condense._learning import descend

    net.requires_grad_(True).train()
    x = pixels.samples(problem, range(problem.n_classes)).detach()
    y = arange(problem.n_classes, device=x.device)
    y = y.repeat_interleave(len(x) // problem.n_classes)
    for _ in range(epochs):
        order = randperm(len(x), generator=generator)
        for index in order.split(BATCH_SYN):  # type: ignore[no-untyped-call]
            batch = x[index]
            if config.siamese:
                batch = problem.move(batch, problem.draw(len(batch), config.mirror, generator))
            descend(net, sgd, problem, batch, y[index])
