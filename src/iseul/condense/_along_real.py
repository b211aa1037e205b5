# SPDX-License-Identifier: Apache-2.0
"""Matching along networks that are trained on real data meanwhile: the loop of IDC and DREAM.

Each iteration draws a fresh network. In turn, pixels move one step towards the real gradients
and the network takes a few steps on real samples, so that the synthetic set meets networks of
all ages, and none that was led astray by a bad synthetic set.
Paper: Kim et al.: Dataset Condensation via Efficient Synthetic-Data Parameterization, ICML 2022.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from iseul.condense._distance import absolute_sum, squared_sum
from iseul.condense._learning import BATCH, descend, real_batch, sgd
from iseul.condense._pixels import steps
from iseul.condense._problem import CLASSIFICATION
from iseul.condense._sides import Matching, step_gradient
from iseul.core import seed as seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from iseul.condense._pixels import Pixels
    from iseul.condense._problem import Problem

MOMENTUM_IMAGE = 0.5

# (network as it is, iteration, step) -> as many indices of real samples for each class
RealBatches = Callable[["nn.Module", int, int], list["NDArray[np.int64]"]]


@dataclass(frozen=True)
class Schedule:
    """Loops and step widths; the fields of the methods' configs."""

    iterations: int
    inner: int
    n_data: int
    batch_syn: int
    lr_image: float
    distance: Literal["mse", "l1"]
    mirror: bool


DISTANCES = {"mse": squared_sum, "l1": absolute_sum}


def image_step(n_classes: int, lr: float) -> tuple[float, float]:
    """(step width, momentum) of one step for all classes at once.

    As published, classes take turns, and while the others have theirs a class coasts on its
    momentum m: its step adds up to lr (1 + m + ... + m^(n-1)), and m^n is left for its next.
    """
    left: float = MOMENTUM_IMAGE**n_classes
    return lr * (1 - left) / (1 - MOMENTUM_IMAGE), left


def match_online(
    problem: Problem, pixels: Pixels, schedule: Schedule, batches: RealBatches, seed: int
) -> list[float]:
    """Move the pixels; the loss of each step, mean over classes."""
    lr, momentum = image_step(problem.n_classes, schedule.lr_image)
    optimizer = torch.optim.SGD([pixels.values], lr=lr, momentum=momentum)
    matching = Matching(DISTANCES[schedule.distance], conv_only=True)
    losses = []
    with steps("condense: matching", schedule.iterations * schedule.inner) as advance:
        for it in range(schedule.iterations):
            net = problem.build_model(seeds.derive(seed, "net", it)).to(problem.device)
            optimizer_net = sgd(net)
            generator = torch.Generator().manual_seed(seeds.derive(seed, "batches", it))
            for step in range(schedule.inner):
                real = batches(net, it, step)
                lot = torch.Generator().manual_seed(seeds.derive(seed, "transforms", it, step))
                transforms = problem.draw(problem.n_classes, schedule.mirror, lot)
                syn = _some_of(pixels, problem, schedule, seeds.derive(seed, "syn", it, step))
                pixels.values.grad, loss = step_gradient(
                    net, pixels, real, transforms, problem, matching, syn
                )
                optimizer.step()
                pixels.clamp(problem)
                losses.append(loss)
                advance(1, f"match loss {loss:.4g}")
                if step + 1 < schedule.inner:
                    _train(net, optimizer_net, problem, schedule, generator)
    return losses


def _some_of(
    pixels: Pixels, problem: Problem, schedule: Schedule, seed: int
) -> NDArray[np.int64] | None:
    """Which synthetic samples of each class take part: a random `batch_syn`, or all."""
    n = pixels.n_samples(problem)
    if n <= schedule.batch_syn:
        return None
    rng = np.random.default_rng(seed)
    return np.stack(
        [np.sort(rng.permutation(n)[: schedule.batch_syn]) for _ in range(problem.n_classes)]
    )


def _train(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    problem: Problem,
    schedule: Schedule,
    generator: torch.Generator,
) -> None:
    """A pass over `n_data` real samples, transformed; classifiers get CutMix half of the time."""
    net.requires_grad_(True).train()
    mixing = generator if problem.task is CLASSIFICATION else None
    for _ in range(-(-schedule.n_data // BATCH)):
        x, y = real_batch(problem, schedule.mirror, generator)
        descend(net, optimizer, problem, x, y, mixing)
