# SPDX-License-Identifier: Apache-2.0
"""How networks learn here: one step of SGD, and the settings of those that ask for gradients.

Kim et al.: Dataset Condensation via Efficient Synthetic-Data Parameterization, ICML 2022, for
batch, step width and CutMix in half of the batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from iseul.data import augment

if TYPE_CHECKING:
    from torch import Tensor, nn

    from iseul.condense._problem import Problem

BATCH = 64
LR, MOMENTUM, WEIGHT_DECAY = 0.01, 0.9, 5e-4
CUTMIX_SHARE = 0.5


def sgd(net: nn.Module, lr: float = LR) -> torch.optim.SGD:
    """An optimizer of all parameters."""
    return torch.optim.SGD(net.parameters(), lr=lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)


def real_batch(problem: Problem, mirror: bool, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """BATCH real samples by lot, under random transforms, and their classes."""
    index = torch.randint(len(problem.real), (BATCH,), generator=generator).numpy()
    x = problem.to_tensor(problem.real.x[index])
    x = problem.move(x, problem.draw(len(x), mirror, generator))
    return x, torch.from_numpy(problem.real.y[index]).to(problem.device)


def descend(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    problem: Problem,
    x: Tensor,
    y: Tensor,
    cutmix: torch.Generator | None = None,
) -> None:
    """One step on a batch of reals (B, C, H, W) and classes (B,).

    cutmix: with it half of the batches get CutMix, by lot
    """
    if cutmix is not None and float(torch.rand((), generator=cutmix)) < CUTMIX_SHARE:
        x, other, own = augment.cutmix(x, cutmix)
        loss = own * problem.task.loss(net, x, y).mean()
        loss = loss + (1 - own) * problem.task.loss(net, x, y[other]).mean()
    else:
        loss = problem.task.loss(net, x, y).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
