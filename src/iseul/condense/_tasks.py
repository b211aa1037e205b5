# SPDX-License-Identifier: Apache-2.0
"""Tasks beside classification: the next values, or what is normal; and what a data set asks for.

Losses of forecasts and
reconstructions are summed over the values that are made, not averaged: one learning rate then
suits them and classification alike, and matching does not see the factor.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iseul.condense._problem import CLASSIFICATION, TEST_BATCH, Problem, Task
from iseul.core import registry
from iseul.models import autoencoder, convnet, dlinear
from iseul.models._seed import seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.data._batch import Samples, Splits


def _errors(
    net: nn.Module, samples: Samples, problem: Problem, loss: Callable[..., Tensor]
) -> NDArray[np.float64]:
    """A loss per sample of a test set, (N,)."""
    net.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(samples), TEST_BATCH):
            x = problem.to_tensor(samples.x[start : start + TEST_BATCH])
            parts.append(loss(net, x, None).double().cpu().numpy())
    made: NDArray[np.float64] = np.concatenate(parts)
    return made


def forecasting(horizon: int) -> Task:
    """Foretell the last `horizon` rows of a window from those before; the score is the MSE.

    A network maps (B, C, rows - horizon, W) to (B, C * W * horizon), series by series.
    """

    def past(x: Tensor) -> Tensor:
        return x[:, :, :-horizon]

    def loss(net: nn.Module, x: Tensor, y: Tensor | None) -> Tensor:
        future = x[:, :, -horizon:]
        error = net(past(x)) - future.permute(0, 1, 3, 2).flatten(1)
        return error.square().sum(1) * (horizon / error.shape[1])  # mean over series

    def mean_squared_error(net: nn.Module, samples: Samples, problem: Problem) -> float:
        return float(_errors(net, samples, problem, loss).mean()) / horizon

    return Task("forecasting", loss, mean_squared_error, higher=False, unit="MSE", reads=past)


def _rebuilding(net: nn.Module, x: Tensor, y: Tensor | None) -> Tensor:
    return (net(x) - x.flatten(1)).square().sum(1)


def _area_under_curve(net: nn.Module, samples: Samples, problem: Problem) -> float:
    """How often an unusual sample (class not 0) is rebuilt worse than a usual one, 0-1."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(samples.y != 0, _errors(net, samples, problem, _rebuilding)))


ANOMALY = Task("anomaly", _rebuilding, _area_under_curve, unit="AUC")


def task_of(splits: Splits) -> Task:
    """The task that a data set states."""
    if splits.task == "forecasting":
        return forecasting(splits.horizon)
    return ANOMALY if splits.task == "anomaly" else CLASSIFICATION


def network_sides(splits: Splits) -> tuple[tuple[int, int, int], int]:
    """(H, W, C) that a network of this task reads, and how many values it gives."""
    height, width, channels = splits.shape
    if splits.task == "forecasting":
        past = height - splits.horizon
        return (past, width, channels), splits.horizon * width * channels
    if splits.task == "anomaly":
        return splits.shape, height * width * channels
    return splits.shape, splits.n_classes


def problem_of(
    splits: Splits, build_model: Callable[[int], nn.Module] | None = None, tiny: bool = False
) -> Problem:
    """The problem that a data set states.

    build_model: seed -> a matching network; None: ConvNet for classes, DLinear for forecasts,
                 an autoencoder for what is normal, small ones with `tiny`
    """
    known = splits.task == "classification"
    return Problem(
        splits.train,
        splits.n_classes if known else 1,
        build_model or partial(_matching_net, splits, tiny),
        splits.scale,
        splits.zero_point,
        splits.raw_max,
        task_of(splits),
        axes="hw" if splits.kind == "image" else "h",
        augment="none" if splits.task == "forecasting" else splits.kind,
        build_other=partial(_other_net, splits, tiny),
    )


def _matching_net(splits: Splits, tiny: bool, seed: int) -> nn.Module:
    family: Any = {"forecasting": dlinear, "anomaly": autoencoder}.get(splits.task, convnet)
    return _fresh(family, splits, tiny, seed)


def _other_net(splits: Splits, tiny: bool, name: str, seed: int) -> nn.Module:
    return _fresh(registry.load("iseul.models", name), splits, tiny, seed)


def _fresh(family: Any, splits: Splits, tiny: bool, seed: int) -> nn.Module:
    config = family.TINY if tiny else family.Config()
    made: nn.Module = seeded(lambda: family.build(config, *network_sides(splits)), seed)
    return made
