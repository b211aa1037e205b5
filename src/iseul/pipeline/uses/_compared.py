# SPDX-License-Identifier: Apache-2.0
"""What a condensed set is compared with in its uses: real samples, as many per class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from iseul.condense._learning import descend, sgd
from iseul.core.errors import UnsupportedError, UsageError
from iseul.data._batch import Samples

if TYPE_CHECKING:
    from torch import nn

    from iseul.condense._problem import Problem
    from iseul.pipeline._context import Context


def check_classes(context: Context, use: str) -> None:
    """Raise UnsupportedError for sets whose task is not classification."""
    if context.splits.task != "classification":
        raise UnsupportedError(
            f"--as {use}: {context.recipe.data.method} is a set for {context.splits.task}",
            "a recipe whose data set has classes",
        )


def condensed(context: Context) -> Samples:
    """The condensed set of the run, decoded. Raises UsageError if the recipe makes none."""
    if context.recipe.condense is None:
        raise UsageError("--as: the recipe has no [condense]", 'method = "subset_match"')
    return context.training_samples("condensed")


def equal_draw(context: Context, method: str, n: int, seed: int) -> Samples:
    """n real samples by a selection method ("random", "herding"), classes alike."""
    from iseul.condense._tasks import problem_of
    from iseul.core import registry
    from iseul.pipeline.recipe import CONDENSE

    problem = problem_of(context.splits, tiny=context.recipe.tiny)
    entry = registry.load(CONDENSE, method)
    made = entry.condense(problem, entry.Config(ipc=max(1, n // problem.n_classes)), seed)
    return Samples(made.x, made.y)


def learn(
    net: nn.Module,
    problem: Problem,
    samples: Samples,
    n_steps: int,
    batch: int,
    seed: int,
    memory: Samples | None = None,
) -> None:
    """Train as `condense/evaluate.py` does, without CutMix and by a number of steps.

    memory: half of every batch comes from it, where it is given
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = sgd(net)
    net.train()
    for step in range(n_steps):
        if step == n_steps // 2:
            for group in optimizer.param_groups:
                group["lr"] /= 10
        parts = [samples] if memory is None else [samples, memory]
        x_raw, y = [], []
        for part in parts:
            index = torch.randint(len(part), (batch // len(parts),), generator=generator).numpy()
            x_raw.append(part.x[index])
            y.append(part.y[index])
        x = problem.to_tensor(np.concatenate(x_raw))
        x = problem.move(x, problem.draw(len(x), False, generator))
        descend(net, optimizer, problem, x, torch.from_numpy(np.concatenate(y)).to(x.device))
    net.eval()
