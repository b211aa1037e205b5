# SPDX-License-Identifier: Apache-2.0
"""Networks for matching and embedding: briefly trained on real samples, with snapshots."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from iseul.condense._learning import descend, has_batch_norm, real_batch, sgd
from iseul.core.errors import UnsupportedError
from iseul.core.seed import derive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from iseul.condense._problem import Problem

EMBED_BATCH = 256
STATISTICS_BATCHES = 8


@dataclass(frozen=True)
class Recording:
    """One network at several moments of its training on real samples, earliest first.

    states: all numbers of the network, each (P,) float32, for `load_vector`
    """

    net: nn.Module
    states: list[Tensor]


def to_vector(net: nn.Module) -> Tensor:
    """All parameters and buffers of a network as one new vector, float32, on the CPU."""
    return torch.cat([value.flatten().float() for value in net.state_dict().values()]).cpu()


def load_vector(net: nn.Module, vector: Tensor) -> None:
    """Copy such a vector into the network; cheaper than load_state_dict, which also checks."""
    start = 0
    with torch.no_grad():
        for value in net.state_dict().values():
            end = start + value.numel()
            value.copy_(vector[start:end].view_as(value))
            start = end


def record(
    problem: Problem,
    at_steps: Sequence[int],
    mirror: bool,
    seed: int,
    build: Callable[[int], nn.Module] | None = None,
) -> Recording:
    """Train one fresh network by SGD on augmented real batches, keep its state at some steps.

    build: seed -> it; None: the problem's matching network
    """
    net = (build or problem.build_model)(derive(seed, "init")).to(problem.device)
    generator = torch.Generator().manual_seed(derive(seed, "batches"))
    optimizer = sgd(net)
    states = []
    net.train()
    for step in range(1, max(at_steps) + 1):
        descend(net, optimizer, problem, *real_batch(problem, mirror, generator))
        if step in at_steps:
            settled = settle(net, problem, mirror, derive(seed, "statistics", step))
            states.append(to_vector(settled))
    net = settled.eval()
    net.requires_grad_(False)
    return Recording(net, states)


def settle(net: nn.Module, problem: Problem, mirror: bool, seed: int) -> nn.Module:
    """The network, or where it has batch norm a copy with its statistics over some real batches.

    Running averages are far behind after few steps: after 20 a network of batch norm still
    answers one class for everything, though its weights know three times as much as chance.
    """
    if not has_batch_norm(net):
        return net
    made = copy.deepcopy(net)
    for module in made.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # the mean over batches, each weighs the same
    generator = torch.Generator().manual_seed(seed)
    made.train()
    with torch.no_grad():
        for _ in range(STATISTICS_BATCHES):
            made(problem.task.reads(real_batch(problem, mirror, generator)[0]))
    return made


def features(net: nn.Module, x: Tensor) -> Tensor:
    """What the network's last linear layer receives from a batch that it reads: (B, E).

    Raises UnsupportedError for a network without a linear layer.
    """
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise UnsupportedError(
            f"condense: {type(net).__name__} has no linear layer to take features before",
            "a matching network that ends in a linear layer, such as convnet",
        )
    rows: list[Tensor] = []
    hook = linear[-1].register_forward_pre_hook(lambda _, inputs: rows.append(inputs[0].flatten(1)))
    try:
        net(x)
    finally:
        hook.remove()
    return torch.cat(rows)


def embed(net: nn.Module, x_raw: NDArray[np.uint8], problem: Problem) -> NDArray[np.float32]:
    """`features` of samples in evaluation mode, without a graph: (N, E)."""
    net.eval()
    with torch.no_grad():
        rows = [
            features(net, problem.task.reads(problem.to_tensor(part))).cpu()
            for part in (x_raw[i : i + EMBED_BATCH] for i in range(0, len(x_raw), EMBED_BATCH))
        ]
    return torch.cat(rows).numpy().astype(np.float32)


def principal(features: NDArray[np.float32], n_axes: int) -> NDArray[np.float32]:
    """Features along their n_axes widest directions, centred: less noise, faster clustering."""
    from sklearn.decomposition import PCA

    n = min(n_axes, *features.shape)
    made: NDArray[np.float32] = PCA(n, svd_solver="covariance_eigh").fit_transform(features)
    return made
