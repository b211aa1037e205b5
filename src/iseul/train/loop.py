# SPDX-License-Identifier: Apache-2.0
"""The one training loop: plain, seeded, and the last step's weights are the result.

SGD with Nesterov momentum or AdamW; the learning rate warms up linearly and falls along a
cosine to 0. Pictures are augmented batch-wise as raw integers. With a teacher, the loss is a
distillation loss on the same augmented batch. Same seed, samples, config and number of
threads: same weights, bit for bit.
Papers: Loshchilov, Hutter: SGDR, ICLR 2017 (cosine) and Decoupled Weight Decay
        Regularization, ICLR 2019 (AdamW); Szegedy et al.: Rethinking the Inception
        Architecture, CVPR 2016 (label smoothing).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.core.progress import progress
from iseul.core.seed import derive
from iseul.data import augment
from iseul.data._batch import raw_tensor
from iseul.train.distill import logits

if TYPE_CHECKING:
    from iseul.data._batch import Samples

MOMENTUM = 0.9

Distill = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(student logits, teacher logits, target probabilities) -> scalar loss."""


class Config(Base):
    """How long, how fast, and with which augmentation."""

    epochs: int = Field(default=20, ge=1, description="passes over the training samples")
    batch: int = Field(default=128, ge=1, description="samples per step")
    optimizer: Literal["sgd", "adamw"] = Field(
        default="sgd", description="sgd (Nesterov momentum 0.9) or adamw"
    )
    lr: float = Field(default=0.1, gt=0, description="highest learning rate, after the warm-up")
    warmup: float = Field(
        default=0.1, ge=0, lt=1, description="share of the steps in which lr rises from 0"
    )
    weight_decay: float = Field(
        default=5e-4, ge=0, description="pull of weight matrices and kernels to 0; biases have none"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of each target spread over all classes"
    )
    shift: int = Field(default=0, ge=0, description="augmentation: move by up to n pixels")
    flip: bool = Field(default=False, description="augmentation: mirror left to right, p = 0.5")
    cutout: int = Field(default=0, ge=0, description="augmentation: blank a box of n x n pixels")
    cutmix: float = Field(
        default=0.0, ge=0, le=1, description="augmentation: share of the batches that are mixed"
    )
    ema: float = Field(
        default=0.0, ge=0, lt=1, description="decay per step of a running mean of the weights; 0 off"
    )


@dataclass(frozen=True)
class History:
    """One number per epoch: mean loss, last learning rate, share right on augmented batches."""

    loss: list[float]
    lr: list[float]
    accuracy: list[float]

    def as_dict(self) -> dict[str, Any]:
        """For `history.json`."""
        return asdict(self)


def fit(
    model: nn.Module,
    samples: Samples,
    scale: float,
    config: Config,
    seed: int,
    teacher: nn.Module | None = None,
    distill: Distill | None = None,
    title: str = "train",
) -> History:
    """Train `model` in place and leave it in evaluation mode.

    model, teacher: NCHW reals in 0-1 to (B, K) logits; the teacher is not changed
    distill:        the loss against the teacher's logits; default: `logits.loss` as configured
                    by its defaults. Not used without a teacher

    Raises DataError if there are no samples, or the loss stops being a number.
    """
    if not len(samples):
        raise DataError("train: there are no samples to train on")
    distill = distill or _default_distill
    generator = torch.Generator().manual_seed(derive(seed, "train"))
    x_all, y_all = raw_tensor(samples.x), torch.from_numpy(samples.y)
    n_steps = math.ceil(len(samples) / config.batch)
    optimizer = _optimizer(model, config)
    mean = _Mean(model, config.ema) if config.ema else None
    history = History([], [], [])
    if teacher is not None:
        teacher.eval()
    model.train()
    with progress(title, config.epochs * n_steps) as advance:
        for epoch in range(config.epochs):
            order = torch.randperm(len(samples), generator=generator)
            loss_sum, n_right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
            for i, picks in enumerate(order.split(config.batch)):
                lr = _lr(config, (epoch * n_steps + i + 1) / (config.epochs * n_steps))
                for group in optimizer.param_groups:
                    group["lr"] = lr
                x, target = _draw(x_all[picks], y_all[picks], scale, config, generator)
