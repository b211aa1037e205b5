# SPDX-License-Identifier: Apache-2.0
"""How good a condensed set is: the test accuracy of fresh networks trained on nothing else.

Hard labels, fixed schedule, the last step's weights (never the best on test). Three columns,
because augmentation moves accuracies by several points and papers differ in it:

    none         the stored samples as they are
    dsa          every batch under random transforms (`_augment.py`)
    dsa_cutmix   the same, and half of the batches get CutMix

Protocol: SGD, momentum 0.9, weight decay 5e-4, learning rate 0.01, a tenth of it in the second
half, as Zhao, Bilen, ICML 2021; 0.1 where there is batch norm (`_learning.py`); CutMix p 0.5 as
Kim et al., ICML 2022. The default is a quick look; `FULL` is what a report needs. Settings of a
method are chosen with [data] n_validation, which puts training samples in place of the test set;
the test set is for the last run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from pydantic import Field, field_validator

from iseul.condense._decode import decode_raw
from iseul.condense._formation import decode
from iseul.condense._learning import LR, LR_BATCH_NORM, descend, sgd
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress
from iseul.core.seed import derive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor, nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem
    from iseul.data._batch import Samples

Column = Literal["none", "dsa", "dsa_cutmix"]


class Config(BaseConfig):
    """The default is a quick look: 3 nets in one column, beside a random draw."""

    nets: int = Field(default=3, ge=1, description="fresh networks per column, set and seed")
    seeds: int = Field(default=1, ge=1, description="syntheses: the set is made anew with each")
    columns: tuple[Column, ...] = Field(
        default=("dsa_cutmix",), min_length=1, description="which augmentations are judged"
    )
    architectures: tuple[str, ...] = Field(
        default=(), description="model families that learn from the set too, at their defaults"
    )
    baselines: tuple[str, ...] = Field(
        default=("random",), description="methods that make a set of as many bytes beside it"
    )
    upper_epochs: int = Field(
        default=0, ge=0, description="passes over the whole training set, for its bound; 0: none"
    )
    leakage: bool = Field(
        default=False, description="measure how near real samples come and whether members show"
    )
    epochs: int = Field(default=300, ge=1, description="passes over the condensed set")
    batch: int = Field(default=50, ge=1, description="samples per step")
    lr: float = Field(
        default=LR,
        gt=0,
        description="learning rate of networks without batch norm; a tenth in the second half",
    )
    lr_batch_norm: float = Field(
        default=LR_BATCH_NORM, gt=0, description="the same, of networks with batch norm"
    )
    mirror: bool = Field(
        default=False, description="augmentation may flip left to right: not for digits or text"
    )

    @field_validator("columns", "architectures", "baselines")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):  # its scores would count twice
            raise ValueError("must name each once")
        return names


# What `--evaluate full` sets where a recipe does not say otherwise.
FULL = {
    "nets": 5,
    "seeds": 3,
    "columns": ["none", "dsa", "dsa_cutmix"],
    "architectures": ["resnet", "ds_cnn", "mobilenet"],
    "baselines": ["random", "herding", "kmeans"],
    "upper_epochs": 20,
    "leakage": True,
}


def samples_of(condensed: Condensed, problem: Problem) -> tuple[Tensor, Tensor]:
    """The samples that a network is trained on, as reals, and their classes."""
    if condensed.upsampler is None:
        x = decode(problem.to_tensor(condensed.x), condensed.factor, problem.axes)
    else:  # in integers, as a chip reads them
        x = problem.to_tensor(
            decode_raw(condensed.x, condensed.factor, problem.axes, condensed.upsampler)
        )
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
    """{column: {mean, std, n}}: test scores over n fresh networks; accuracies are 0-1.

    std is over networks, with n in the denominator; it says nothing of other condensations.
    """
    asked = [(column, i) for column in config.columns for i in range(config.nets)]
    pieces = [("", column, *seeds_of(seed, column, i)) for column, i in asked]
    shared = (condensed, problem, test, config, {"": build_model})
    with progress("condense: evaluation", len(pieces)) as advance:
        scores = problem.engine.map(
            score_of, pieces, shared, lambda i, score: advance(1, shown(score, problem))
        )
    found: dict[str, list[float]] = {column: [] for column in config.columns}
    for (column, _), score in zip(asked, scores, strict=True):
        found[column].append(score)
    return {column: summary([each]) for column, each in found.items()}


def seeds_of(seed: int, trial: str, i: int) -> tuple[int, int]:
    """Of network i of a trial, a column's or another's: of its first weights, of its batches."""
    return derive(seed, trial, "init", i), derive(seed, trial, "batches", i)


def score_of(
    condensed: Condensed,
    problem: Problem,
    test: Samples,
    config: Config,
    networks: Mapping[str, Callable[[int], nn.Module]],
    network: str,
    column: Column,
    init: int,
    batches: int,
) -> float:
    """The test score of one fresh network after its last step: one piece of work, pure."""
    x, y = samples_of(condensed, problem)
    net = networks[network](init).to(problem.device)
    generator = torch.Generator().manual_seed(batches)
    train_net(net, x, y, problem, column, config, generator)
    return problem.task.score(net, test, problem)


def summary(by_seed: Sequence[Sequence[float]]) -> dict[str, float]:
    """{mean, std, n} over all networks of all seeds; with several seeds std_seeds and seeds too.

    by_seed: scores of the networks, a list per synthesis seed
    std, std_seeds: over all networks, and over the seeds' means; the number is the denominator
    """
    every = [score for scores in by_seed for score in scores]
    made = {"mean": float(np.mean(every)), "std": float(np.std(every)), "n": len(every)}
    if len(by_seed) > 1:
        means = [float(np.mean(scores)) for scores in by_seed]
        made |= {"std_seeds": float(np.std(means)), "seeds": len(by_seed)}
    return made


def shown(score: float, problem: Problem) -> str:
    """A score for people."""
    return f"{100 * score:.1f} %" if problem.task.unit == "accuracy" else f"{score:.4g}"


def train_net(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    problem: Problem,
    column: Column,
    config: Config,
    generator: torch.Generator,
) -> None:
    """Train a network on reals (n, C, H, W) and classes by the protocol of the file's header."""
    optimizer = sgd(net, config.lr, config.lr_batch_norm)
    halfway = torch.optim.lr_scheduler.MultiStepLR(optimizer, [config.epochs // 2 + 1])
    net.train()
    for _ in range(config.epochs):
        order = torch.randperm(len(x), generator=generator)
        for index in order.split(config.batch):  # type: ignore[no-untyped-call]
            if len(index) == 1 < len(x):
                continue  # batch norm knows no variance of one value
            batch, target = x[index], y[index]
            if column != "none":
                batch = problem.move(batch, problem.draw(len(batch), config.mirror, generator))
            mixing = generator if column == "dsa_cutmix" else None
            descend(net, optimizer, problem, batch, target, mixing)
        halfway.step()
