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
from iseul.core.errors import DataError, ShapeError
from iseul.core.progress import progress
from iseul.core.seed import derive
from iseul.core.units import show_percent
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
    batch: int = Field(
        default=128, ge=1, description="samples per step, at most; steps of an epoch are equal"
    )
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
        default=0.0,
        ge=0,
        lt=1,
        description="decay per step of a running mean of the weights; 0 off",
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

    Raises DataError if there are no samples, or the loss stops being a number; ShapeError if
    the model has fewer logits than there are classes.
    """
    if not len(samples):
        raise DataError("train: there are no samples to train on")
    distill = distill or _default_distill
    generator = torch.Generator().manual_seed(derive(seed, "train"))
    x_all, y_all = raw_tensor(samples.x), torch.from_numpy(samples.y.copy())
    n_steps = math.ceil(len(samples) / config.batch)
    optimizer = _optimizer(model, config)
    mean = _RunningMean(model, config.ema) if config.ema else None
    history = History([], [], [])
    teacher_mode = teacher is not None and teacher.training
    if teacher is not None:
        teacher.eval()
    model.train()
    with torch.random.fork_rng(devices=[]), progress(title, config.epochs * n_steps) as advance:
        torch.manual_seed(derive(seed, "layers"))  # layers that draw, such as dropout
        for epoch in range(config.epochs):
            loss_sum, n_right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
            order = torch.randperm(len(samples), generator=generator)
            for i, picks in enumerate(torch.tensor_split(order, n_steps)):
                lr = learning_rate(config, (epoch * n_steps + i) / (config.epochs * n_steps))
                for group in optimizer.param_groups:
                    group["lr"] = lr
                batch = _draw(x_all[picks], y_all[picks], scale, config, generator)
                student = model(batch.x)
                target = _target(batch, student.shape[1], config.label_smoothing)
                if teacher is None:
                    loss = functional.cross_entropy(student, target)
                else:
                    with torch.no_grad():
                        known = teacher(batch.x)
                    loss = distill(student, known, target)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                if mean is not None:
                    mean.update(model)
                loss_sum += loss.detach() * len(picks)
                n_right += (student.detach().argmax(1) == batch.y).sum()
                advance()
            history.loss.append(float(loss_sum) / len(samples))
            history.accuracy.append(int(n_right) / len(samples))
            history.lr.append(lr)
            _check(history, config)
            advance(0, f"loss {history.loss[-1]:.4f}, {show_percent(history.accuracy[-1], 1)}")
    if mean is not None:
        mean.copy_to(model)
    if teacher is not None:
        teacher.train(teacher_mode)
    model.eval()
    return history


@dataclass(frozen=True)
class _Batch:
    """x: (B, C, H, W) reals; the target of sample i is kept * y[i] + (1 - kept) * y_other[i]."""

    x: Tensor
    y: Tensor
    y_other: Tensor
    kept: float


def _draw(x: Tensor, y: Tensor, scale: float, config: Config, generator: torch.Generator) -> _Batch:
    """One augmented batch from raw uint8 samples."""
    x = augment.shift(x, config.shift, generator)
    if config.flip:
        x = augment.flip(x, generator)
    x = augment.cutout(x, config.cutout, generator)
    y_other, kept = y, 1.0
    if config.cutmix and float(torch.rand((), generator=generator)) < config.cutmix:
        x, other, kept = augment.cutmix(x, generator)
        y_other = y[other]
    return _Batch(x.float().mul_(scale), y, y_other, kept)


def _target(batch: _Batch, n_classes: int, smoothing: float) -> Tensor:
    """(B, K) float32 probabilities. Raises ShapeError for a class that the model has not."""
    if int(batch.y.max()) >= n_classes:
        raise ShapeError(
            f"train: a sample is of class {int(batch.y.max())}, the model has {n_classes} logits; "
            "it must have one for each class, from 0"
        )
    target = functional.one_hot(batch.y, n_classes).float()
    if batch.kept < 1.0:
        other = functional.one_hot(batch.y_other, n_classes).float()
        target = torch.lerp(other, target, batch.kept)
    return target * (1.0 - smoothing) + smoothing / n_classes


def learning_rate(config: Config, done: float) -> float:
    """Learning rate when a share `done` of all steps is behind us: linear up, cosine down."""
    if done < config.warmup:
        return config.lr * (done + 1e-3) / (config.warmup + 1e-3)
    falling = (done - config.warmup) / (1.0 - config.warmup)
    return config.lr * 0.5 * (1.0 + math.cos(math.pi * falling))


def _optimizer(model: nn.Module, config: Config) -> torch.optim.Optimizer:
    """Decay pulls on kernels and matrices only: batch norm and biases need their size."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.lr)
    return torch.optim.SGD(groups, lr=config.lr, momentum=MOMENTUM, nesterov=True)


def _default_distill(student: Tensor, teacher: Tensor, target: Tensor) -> Tensor:
    return logits.loss(student, teacher, target, logits.Config())


def _check(history: History, config: Config) -> None:
    if not math.isfinite(history.loss[-1]):
        raise DataError(
            f"train: the loss is {history.loss[-1]} after epoch {len(history.loss)}; "
            "it must stay a finite number",
            f"lr = {config.lr / 10:g}",
        )


class _RunningMean:
    """Exponential mean over steps of all float weights and buffers (batch norm's too)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.n = 0
        self.values = [v.detach().clone() for v in _floats(model)]

    def update(self, model: nn.Module) -> None:
        """The first steps count more, or the random start would stay in the mean."""
        self.n += 1
        decay = min(self.decay, self.n / (self.n + 9))
        torch._foreach_lerp_(self.values, _floats(model), 1.0 - decay)

    def copy_to(self, model: nn.Module) -> None:
        for value, kept in zip(_floats(model), self.values, strict=True):
            value.copy_(kept)


def _floats(model: nn.Module) -> list[Tensor]:
    return [v.detach() for v in model.state_dict().values() if v.is_floating_point()]
