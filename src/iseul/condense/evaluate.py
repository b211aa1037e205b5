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
from torch.nn import functional as F

from iseul.condense import _augment
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress
from iseul.core.seed import derive
from iseul.data import augment
from iseul.data._batch import to_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from iseul.condense._condensed import Condensed
    from iseul.data._batch import Samples

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
CUTMIX_SHARE = 0.5
TEST_BATCH = 256

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


def evaluate(
    condensed: Condensed,
    test: Samples,
    scale: float,
    n_classes: int,
    build_model: Callable[[int], nn.Module],
    config: Config,
    seed: int,
) -> dict[str, dict[str, float]]:
    """{column: {mean, std, n}}: test accuracies 0-1 over n fresh networks.

    std is over networks, with n in the denominator; it says nothing of other condensations.
    """
    x, y = to_tensor(condensed.x, scale), torch.from_numpy(condensed.y)
    table: dict[str, dict[str, float]] = {}
    with progress("condense: evaluation", len(config.columns) * config.nets) as advance:
        for column in config.columns:
            scores = []
            for i in range(config.nets):
                net = build_model(derive(seed, column, "init", i))
                generator = torch.Generator().manual_seed(derive(seed, column, "batches", i))
                _train(net, x, y, n_classes, column, config, generator)
                scores.append(_accuracy(net, test, scale))
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
    n_classes: int,
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
            batch, target = x[index], F.one_hot(y[index], n_classes).float()
            if column != "none":
                transforms = _augment.draw(len(batch), config.mirror, generator)
                batch = _augment.apply(batch, transforms)
            if column == "dsa_cutmix" and torch.rand((), generator=generator) < CUTMIX_SHARE:
                batch, other, own = augment.cutmix(batch, generator)
                target = own * target + (1 - own) * target[other]
            loss = F.cross_entropy(net(batch), target)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        halfway.step()


def _accuracy(net: nn.Module, test: Samples, scale: float) -> float:
    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(test), TEST_BATCH):
            logits = net(to_tensor(test.x[start : start + TEST_BATCH], scale))
            y = torch.from_numpy(test.y[start : start + TEST_BATCH])
            right += int((logits.argmax(1) == y).sum())
    return right / len(test)
