# SPDX-License-Identifier: Apache-2.0
"""How networks learn here: one step of SGD, its width, and the settings of those that ask for
gradients.

Batch norm bears ten times the step width of other networks (He et al., CVPR 2016, train with 0.1):
at 0.01 a few thousand steps leave such a network far from where it would come to (docs/log.md).

Kim et al.: Dataset Condensation via Efficient Synthetic-Data Parameterization, ICML 2022, for
batch, step width and CutMix in half of the batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from iseul.data import augment

if TYPE_CHECKING:
    from torch import Tensor, nn

    from iseul.condense._problem import Problem

BATCH = 64
LR, LR_BATCH_NORM, MOMENTUM, WEIGHT_DECAY = 0.01, 0.1, 0.9, 5e-4
CUTMIX_SHARE = 0.5


def has_batch_norm(net: nn.Module) -> bool:
    """Whether samples of a batch meet in the network's normalisation."""
    return any(isinstance(module, _BatchNorm) for module in net.modules())


def sgd(net: nn.Module, lr: float = LR, lr_batch_norm: float = LR_BATCH_NORM) -> torch.optim.SGD:
    """An optimizer of all parameters, at the step width of the network's kind."""
    lr = lr_batch_norm if has_batch_norm(net) else lr
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
