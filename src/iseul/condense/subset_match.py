# SPDX-License-Identifier: Apache-2.0
"""Subset matching: synthetic images learn from one coherent part of their class each.

    1. Networks are trained briefly on real samples and kept at several moments.
    2. Each class is split into subsets by balanced k-means in the embedding of the first one.
    3. The stored images of a class are shared out over its subsets and start at real samples.
    4. A bank holds the weight gradient that each subset asks for, at every kept network and
       under seeded augmentations.
    5. Adam moves pixels until the synthetic images of a subset ask for the same gradient under
       the same augmentation, subset by subset; an anchor holds the class's mean gradient too.

One mean gradient per class lets all images of it drift to one average look; a gradient per
subset pins each image to a mode of its class. `partition = "random"` and `"none"` are the
controls: the first must lose, the second is matching class by class.

Own method. It builds on Zhao, Mopuri, Bilen: Dataset Condensation with Gradient Matching,
ICLR 2021 (matching), Zhao, Bilen, ICML 2021 (siamese augmentation), Kim et al., ICML 2022
(networks trained on real data), Liu et al.: DREAM, ICCV 2023 (start at cluster centres).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from iseul.condense._condensed import Condensed
from iseul.condense._subsets import class_indices, partition
from iseul.core import seed as seeds
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import progress

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.condense._bank import Bank, Draw
    from iseul.condense._networks import Recording
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition

SUBSETS = 10  # default K is ipc up to this: one image per subset did best at 10 per class
N_STATES = 4  # moments kept per network, each with a quarter of the next one's steps
N_EMBEDDED = 1500  # real samples per class that are clustered and matched
EMBEDDING_AXES = 32  # principal axes of the features that k-means sees
N_IMAGES = 160  # real images per class behind one draw of the bank
CLASSES_PER_PASS = 2  # keeps activations near the caches; each pass draws its own network


class Config(BaseConfig):
    """`ipc` is the dial; `steps` and `n_nets` trade time for accuracy."""

    ipc: int = Field(default=10, ge=1, description="synthetic samples stored per class")
    subsets: int = Field(
        default=0, ge=0, description="subsets per class, at most ipc; 0: ipc, but at most 10"
    )
    partition: Literal["kmeans", "random", "none"] = Field(
        default="kmeans", description="how a class is split; the others are controls"
    )
    steps: int = Field(
        default=300, ge=0, description="matching steps; 0 leaves the real starting samples"
    )
    lr_image: float = Field(
        default=0.02, gt=0, description="Adam's first step on pixels, in units of their range"
    )
    anchor: float = Field(
        default=1.0, ge=0, description="weight of matching the class's mean gradient as well"
    )
    distance: Literal["squared", "cosine"] = Field(
        default="squared", description="between gradients; cosine forgets their length"
    )
    n_nets: int = Field(default=8, ge=1, description="networks in the bank")
    train_steps: int = Field(
        default=240, ge=1, description="steps, batch 64, that each network is trained"
    )
    n_draws: int = Field(
        default=2, ge=1, description="augmentations in the bank for each kept network"
    )
    mirror: bool = Field(
        default=False, description="augmentation may flip left to right: not for digits or text"
    )


def condense(problem: Problem, config: Config, seed: int) -> Condensed:
    """`ipc` synthetic samples per class, classes in order, subsets in order within.

    Raises DataError if a class has fewer than `ipc` real samples.
    """
    real, n_classes = problem.real, problem.n_classes
    classes = class_indices(
        real.y, n_classes, config.ipc, max(N_EMBEDDED, config.ipc), seeds.derive(seed, "limit")
    )
    recordings = _recordings(problem, config, seed)
    subsets = _subsets(problem, classes, recordings[0].net, config, seed)
    start = np.concatenate([part for row in subsets.starts for part in row])
    x_raw = real.x[start]
    losses: list[float] = []
    if config.steps:
        bank = _bank(recordings, problem, subsets, config, seed)
        x_raw, losses = _match(x_raw, problem, subsets, bank, config, seed)
    owner = np.concatenate([np.repeat(np.arange(len(row)), row) for row in subsets.images]).astype(
        np.int64
    )
    return Condensed(x_raw, np.repeat(np.arange(n_classes), config.ipc), owner, losses)


def _recordings(problem: Problem, config: Config, seed: int) -> list[Recording]:
    """All networks of the bank; the first one, fully trained, is the embedding too."""
    from iseul.condense._networks import record

    last = config.train_steps
    at_steps = sorted({max(1, last // 4**i) for i in range(N_STATES)})
    n_nets = config.n_nets if config.steps else 1
    recordings = []
    with progress("condense: networks", n_nets) as advance:
        for i in range(n_nets):
            recordings.append(
                record(
                    problem,
                    at_steps,
                    config.mirror,
                    seeds.derive(seed, "network", i),
                )
            )
            advance()
    return recordings


def _subsets(
    problem: Problem,
    classes: list[NDArray[np.int64]],
    net: nn.Module,
    config: Config,
    seed: int,
) -> Partition:
    from iseul.condense._networks import embed, principal

    index = np.concatenate(classes)
    features = principal(embed(net, problem.real.x[index], problem), EMBEDDING_AXES)
    embedding = np.zeros((len(problem.real), features.shape[1]), np.float32)
    embedding[index] = features
    n_subsets = min(config.subsets or SUBSETS, config.ipc)
    return partition(embedding, classes, config.ipc, n_subsets, config.partition, seed)


def _bank(
    recordings: list[Recording],
    problem: Problem,
    subsets: Partition,
    config: Config,
    seed: int,
) -> Bank:
    from iseul.condense._bank import build_bank

    total = config.n_draws * sum(len(recording.states) for recording in recordings)
    with progress("condense: gradient bank", total) as advance:
        return build_bank(
            recordings,
            problem,
            subsets,
            config.n_draws,
            N_IMAGES,
            config.mirror,
            seeds.derive(seed, "bank"),
            advance,
        )


def _match(
    x_raw: NDArray[np.uint8],
    problem: Problem,
    subsets: Partition,
    bank: Bank,
    config: Config,
    seed: int,
) -> tuple[NDArray[np.uint8], list[float]]:
    """Move the pixels of x_raw until subsets match; raw integers and the loss of each step."""
    import torch

    n_classes, ipc = len(subsets.images), config.ipc
    x = problem.to_tensor(x_raw).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=config.lr_image)
    rng = seeds.generator(seed, "draws")
    losses = []
    with progress("condense: matching", config.steps) as advance:
        for step in range(config.steps):
            falling = 0.5 * (1 + math.cos(math.pi * step / config.steps))
            optimizer.param_groups[0]["lr"] = config.lr_image * falling
            optimizer.zero_grad(set_to_none=True)
            total = 0.0
            for first in range(0, n_classes, CLASSES_PER_PASS):
                some = range(first, min(first + CLASSES_PER_PASS, n_classes))
                draw = bank.draws[rng.integers(len(bank.draws))]
                images = x[some.start * ipc : some.stop * ipc]
                loss = _match_loss(images, some, subsets, bank, draw, problem, config)
                loss.backward()  # type: ignore[no-untyped-call]
                total += loss.item()
            optimizer.step()
            with torch.no_grad():
                x.clamp_(problem.low, problem.high)
            losses.append(total / n_classes)
            advance(1, f"match loss {losses[-1]:.3f}")
    return problem.to_raw(x), losses


def _match_loss(
    x: Tensor,
    some: range,
    subsets: Partition,
    bank: Bank,
    draw: Draw,
    problem: Problem,
    config: Config,
) -> Tensor:
    """Sum over some neighbouring classes of their subsets' and anchor distances at one draw."""
    import torch

    from iseul.condense._bank import load_state
    from iseul.condense._distance import BY_NAME
    from iseul.condense._gradients import group_gradients

    k = subsets.n_subsets
    groups = torch.arange(some.start * k, some.stop * k)
    sizes = torch.from_numpy(subsets.images[some.start : some.stop]).flatten()
    y = torch.arange(some.start, some.stop).repeat_interleave(config.ipc)
    load_state(bank.net, draw.state)
    moved = problem.move(x, draw.transforms[groups.repeat_interleave(sizes)])
    syn = group_gradients(bank.net, moved, y, sizes.tolist(), True, problem.task.loss)
    real = [layer[groups].float() for layer in draw.gradients]
    distance = BY_NAME[config.distance]
    shares = torch.from_numpy(subsets.shares[some.start : some.stop])  # (classes, K)
    loss = (distance(real, syn) * shares.flatten()).sum()
    if config.anchor and k > 1:

        def of_class(layer: Tensor) -> Tensor:
            each = layer.reshape(*shares.shape, *layer.shape[1:])
            return torch.einsum("ck,ckrn->crn", shares, each)

        means = [of_class(layer) for layer in real], [of_class(layer) for layer in syn]
        loss = loss + config.anchor * distance(*means).sum()
    return loss
