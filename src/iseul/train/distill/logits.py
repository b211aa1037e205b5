# SPDX-License-Identifier: Apache-2.0
"""Distillation of softened logits: the student also matches the teacher's probabilities.

loss = (1 - alpha) * CE(target, student) + alpha * T^2 * KL(teacher / T || student / T).
T^2 keeps the gradient of the second term at the first one's size when T changes.
Paper: Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, NIPS Deep Learning
       Workshop 2014, arXiv 1503.02531, 2015. As there, but averaged over the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field
from torch.nn import functional

from iseul.core.config import Config as Base

if TYPE_CHECKING:
    from torch import Tensor


class Config(Base):
    """How soft the teacher's answers are, and how much they weigh."""

    temperature: float = Field(
        default=4.0, gt=0, le=100, description="divides both logits; higher shows more of the rest"
    )
    alpha: float = Field(
        default=0.7, ge=0, le=1, description="weight of the teacher's loss, 0-1; the rest: targets"
    )


def loss(student: Tensor, teacher: Tensor, target: Tensor, config: Config) -> Tensor:
    """Scalar >= 0, averaged over the batch.

    student, teacher: (B, K) logits; no gradient flows into the teacher
    target:           (B,) int64 classes or (B, K) probabilities
    """
    t = config.temperature
    hard = functional.cross_entropy(student, target)
    soft = functional.kl_div(
        functional.log_softmax(student / t, dim=1),
        functional.log_softmax(teacher.detach() / t, dim=1),
        reduction="batchmean",
        log_target=True,
    )
    return (1.0 - config.alpha) * hard + config.alpha * t * t * soft
