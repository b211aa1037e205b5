# SPDX-License-Identifier: Apache-2.0
"""What a trained model answers, and how often it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from iseul.core.errors import DataError
from iseul.data._batch import to_tensor

if TYPE_CHECKING:
    from torch import nn

    from iseul.data._batch import Samples
    from iseul.numerics import Array

BATCH = 1000


def logits_of(model: nn.Module, samples: Samples, scale: float, batch: int = BATCH) -> Array:
    """(N, K) float32 logits in evaluation mode; the model's mode is put back.

    model: NCHW reals to logits
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        parts = [
            model(to_tensor(samples.x[i : i + batch], scale)).float().numpy()
            for i in range(0, len(samples), batch)
        ]
    model.train(was_training)
    return np.concatenate(parts)


def accuracy(logits: Array, y: Array) -> float:
    """Share of samples, 0-1, whose largest logit is the right class's; the first wins a tie.

    Raises DataError if there is no sample.
    """
    if not len(y):
        raise DataError("accuracy: there are no samples to judge")
    return float(np.mean(logits.argmax(axis=1) == y))


def confusion(predicted: Array, y: Array, n_classes: int) -> Array:
    """(K, K) int64 counts: row is the right class, column the predicted one."""
    cells = np.bincount(y * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes).astype(np.int64)
