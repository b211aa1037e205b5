# SPDX-License-Identifier: Apache-2.0
"""How good a condensed set is: the test accuracy of fresh networks trained on nothing else.

Hard labels, fixed schedule, the last step's weights (never the best on test). Three columns,
because augmentation moves accuracies by several points and papers differ in it:

    none         the stored samples as they are
    dsa          every batch under random transforms (`_augment.py`)
    dsa_cutmix   the same, and half of the batches get CutMix

Protocol: SGD, momentum 0.9, weight decay 5e-4, learning rate 0.01, a tenth of it in the second
half, as Zhao, Bilen, ICML 2021; CutMix p 0.5 as Kim et al., ICML 2022. Fewer nets and epochs than
there by default: a quick look; raise both for a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from pydantic import Field

from iseul.condense._formation import decode
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress
from iseul.core.seed import derive
from iseul.data import augment

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem
    from iseul.data._batch import Samples

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
CUTMIX_SHARE = 0.5

Column = Literal["none", "dsa", "dsa_cutmix"]


class Config(BaseConfig):
    """The default is a quick look: 3 nets in one column."""

    nets: int = Field(default=3, ge=1, description="fresh networks per column")
    columns: tuple[Column, ...] = Field(
        default=("dsa_cutmix",), min_length=1, description="which augmentations are judged"
    )
    epochs: int = Field(default=300, ge=1, description="passes over the condensed set")
    batch: int = Field(default=50, ge=1, description="samples per step")
    lr: float = Field(default=0.01, gt=0, description="learning rate; a tenth in the second half")
    mirror: bool = Field(
        default=False, description="augmentation may flip left to right: not for digits or text"
    )


def samples_of(condensed: Condensed, problem: Problem) -> tuple[Tensor, Tensor]:
    """The samples that a network is trained on, as reals, and their classes."""
    x = decode(problem.to_tensor(condensed.x), condensed.factor, problem.axes)
    y = torch.from_numpy(condensed.y).repeat_interleave(len(x) // len(condensed.y))
    return x, y.to(problem.device)


def evaluate(
    condensed: Condensed,
    problem: Problem,
    test: Samples,
    build_model: Callable[[int], nn.Module],
    config: Config,
    seed: int,
) -> dict[str, dict[str, float]]:
    """{column: {mean, std, n}}: test accuracies 0-1 over n fresh networks.

    std is over networks, with n in the denominator; it says nothing of other condensations.
    """
    x, y = samples_of(condensed, problem)
    table: dict[str, dict[str, float]] = {}
    with progress("condense: evaluation", len(config.columns) * config.nets) as advance:
        for column in config.columns:
            scores = []
            for i in range(config.nets):
                net = build_model(derive(seed, column, "init", i)).to(problem.device)
                generator = torch.Generator().manual_seed(derive(seed, column, "batches", i))
                _train(net, x, y, problem, column, config, generator)
                scores.append(problem.task.score(net, test, problem))
                advance(1, f"{column} {100 * np.mean(scores):.1f} %")
            table[column] = {
                "mean": float(np.mean(scores)),
                "std": float(np.std(scores)),
                "n": len(scores),
            }
    return table


def _train(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    problem: Problem,
    column: Column,
    config: Config,
    generator: torch.Generator,
) -> None:
    optimizer = torch.optim.SGD(
        net.parameters(), lr=config.lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )
    halfway = torch.optim.lr_scheduler.MultiStepLR(optimizer, [config.epochs // 2 + 1])
    net.train()
    for _ in range(config.epochs):
        order = torch.randperm(len(x), generator=generator)
        for index in order.split(config.batch):  # type: ignore[no-untyped-call]
            batch, target = x[index], y[index]
            if column != "none":
                batch = problem.move(batch, problem.draw(len(batch), config.mirror, generator))
            if column == "dsa_cutmix" and torch.rand((), generator=generator) < CUTMIX_SHARE:
                batch, other, own = augment.cutmix(batch, generator)
                loss = own * problem.task.loss(net, batch, target).mean()
                loss = loss + (1 - own) * problem.task.loss(net, batch, target[other]).mean()
            else:
                loss = problem.task.loss(net, batch, target).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        halfway.step()
