# SPDX-License-Identifier: Apache-2.0
"""Moving synthetic samples until each subset asks for its real subset's gradient.

A shard is a few neighbouring classes with their stored samples and their optimizer's moments.
What a shard becomes depends on nothing but itself, the bank and the step's number, so shards
run anywhere, in any order, and go on from a checkpoint as if nothing had happened.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from iseul.condense._distance import BY_NAME
from iseul.condense._enlarge import decode_by
from iseul.condense._gradients import group_gradients
from iseul.condense._networks import load_vector
from iseul.condense._palette import nearest_rows
from iseul.core import seed as seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.condense._bank import Draw
    from iseul.condense._problem import Problem
    from iseul.condense._subsets import Partition
    from iseul.condense._upsampler import Upsampler


class Source(Protocol):
    """Where real gradients come from."""

    def pick(self, step: int, groups: slice, rng: np.random.Generator, x: Tensor) -> Draw:
        """A draw for a step, of some neighbouring subsets; x are the shard's stored samples."""
        ...


@dataclass(frozen=True)
class Settings:
    """How a step is made; see subset_match.Config for the meaning of each.

    weights: of each layer's distance, in the network's order; empty: all 1
    bits:    of a stored value; below 8, gradients pass straight through the rounding
    colours: (n, C) reals that pixels are rounded to in place of 2^bits even levels, or None
    """

    steps: int
    lr_image: float
    distance: str
    anchor: float
    weights: tuple[float, ...]
    factor: int
    bits: int
    colours: NDArray[np.float32] | None
    whole_class: bool
    upsampler: Upsampler | None = None


@dataclass(frozen=True)
class Shard:
    """Stored samples of some neighbouring classes in the middle of matching.

    first, last: classes first .. last - 1
    x:           (n, C, H, W) float32 reals, classes in order
    mean, square: Adam's moments of x
    losses:      of every step so far; their number is the number of steps done
    """

    first: int
    last: int
    x: NDArray[np.float32]
    mean: NDArray[np.float32]
    square: NDArray[np.float32]
    losses: list[float] = field(default_factory=list)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a checkpoint keeps."""
        return {
            "x": self.x,
            "mean": self.mean,
            "square": self.square,
            "losses": np.asarray(self.losses, np.float64),
        }


def shards_of(x: Tensor, n_classes: int, per_shard: int) -> list[Shard]:
    """Stored samples, classes in order and equally many each, cut into shards."""
    ipc = len(x) // n_classes
    made = []
    for first in range(0, n_classes, per_shard):
        last = min(first + per_shard, n_classes)
        own = x[first * ipc : last * ipc].detach().cpu().numpy().astype(np.float32)
        made.append(Shard(first, last, own, np.zeros_like(own), np.zeros_like(own)))
    return made


def advance(
    problem: Problem,
    nets: Sequence[nn.Module],
    subsets: Partition,
    source: Source,
    settings: Settings,
    seed: int,
    shard: Shard,
    until: int,
    per_pass: int,
) -> Shard:
    """The shard after step `until`; its own steps go on from where they are.

    Adam (Kingma, Ba, ICLR 2015) with a cosine from lr_image to 0.

    nets:     a network of each of the source's families; their numbers are overwritten
    per_pass: classes per forward pass
    """
    x = torch.tensor(shard.x, device=problem.device, requires_grad=True)
    losses = list(shard.losses)
    optimizer = torch.optim.Adam([x])
    moments = {
        "step": torch.tensor(float(len(losses))),
        "exp_avg": torch.tensor(shard.mean, device=problem.device),
        "exp_avg_sq": torch.tensor(shard.square, device=problem.device),
    }
    optimizer.state[x] = moments
    for step in range(len(losses), until):
        rng = seeds.generator(seed, "step", shard.first, step)
        loss = _step_loss(problem, nets, subsets, source, settings, shard, x, step, per_pass, rng)
        optimizer.param_groups[0]["lr"] = (
            settings.lr_image * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        )
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            x.clamp_(problem.low, problem.high)
        losses.append(loss)
    values = (x, moments["exp_avg"], moments["exp_avg_sq"])
    kept = [value.detach().cpu().numpy() for value in values]
    return Shard(shard.first, shard.last, kept[0], kept[1], kept[2], losses)


def loss_at(
    problem: Problem,
    nets: Sequence[nn.Module],
    subsets: Partition,
    source: Source,
    settings: Settings,
    seed: int,
    shard: Shard,
    n_steps: int,
    per_pass: int,
) -> float:
    """Mean match loss per class of a shard as it is, at the draws of steps 0 .. n_steps - 1.

    The same draws for any samples, so two sets can be compared: losses along a run can not, each
    of its steps has a draw of its own, and those differ severalfold.
    """
    x, total = torch.tensor(shard.x, device=problem.device), 0.0
    for step in range(n_steps):
        rng = seeds.generator(seed, "step", shard.first, step)
        total += _step_loss(problem, nets, subsets, source, settings, shard, x, step, per_pass, rng)
    return total / n_steps


def _step_loss(
    problem: Problem,
    nets: Sequence[nn.Module],
    subsets: Partition,
    source: Source,
    settings: Settings,
    shard: Shard,
    x: Tensor,
    step: int,
    per_pass: int,
    rng: np.random.Generator,
) -> float:
    """Mean match loss per class; its gradient is added to x.grad if x asks for one."""
    ipc = len(x) // (shard.last - shard.first)
    k = subsets.n_subsets
    total = 0.0
    for first in range(shard.first, shard.last, per_pass):
        last = min(first + per_pass, shard.last)
        stored = x[(first - shard.first) * ipc : (last - shard.first) * ipc]
        groups = slice(first * k, last * k)
        draw = source.pick(step, groups, rng, x)
        if settings.whole_class:
            draw = _one_subset_each(draw, k, rng)
        net = nets[draw.family]
        load_vector(net, draw.state)
        loss = _match_loss(problem, net, subsets, settings, stored, first, last, draw)
        if x.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total / (shard.last - shard.first)


def _one_subset_each(draw: Draw, k: int, rng: np.random.Generator) -> Draw:
    """One of the K real subsets of each class, by lot: the control that splits one side only."""
    n = len(draw.gradients[0]) // k
    index = torch.from_numpy(np.arange(n) * k + rng.integers(k, size=n))
    gradients = [g[index] for g in draw.gradients]
    return replace(draw, transforms=draw.transforms[index], gradients=gradients)


def _match_loss(
    problem: Problem,
    net: nn.Module,
    subsets: Partition,
    settings: Settings,
    stored: Tensor,
    first: int,
    last: int,
    draw: Draw,
) -> Tensor:
    """Sum over classes first .. last - 1 of their subsets' and anchor distances at one draw."""
    images = subsets.images[first:last]
    shares = torch.from_numpy(subsets.shares[first:last])
    if settings.whole_class:
        images = images.sum(1, keepdims=True)
        shares = torch.ones(last - first, 1)
    shares = shares.to(stored.device)
    sizes = images.flatten().tolist()
    kept = as_stored(stored, problem, settings.bits, settings.colours)
    samples = decode_by(settings.upsampler, kept, settings.factor, problem)
    per_class = len(samples) // (last - first)
    order = subsets.order[first:last] + per_class * np.arange(last - first)[:, None]
    samples = samples[torch.from_numpy(order.flatten()).to(samples.device)]
    owner = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    moved = problem.move(samples, draw.transforms[owner])
    y = torch.arange(first, last).repeat_interleave(per_class)
    syn = group_gradients(net, moved, y.to(stored.device), sizes, True, problem.task.loss)
    real = [layer.to(stored.device) for layer in draw.gradients]
    if settings.weights:
        roots = [math.sqrt(weight) for weight in settings.weights]
        syn, real = _scaled(syn, roots), _scaled(real, roots)
    distance = BY_NAME[settings.distance]
    loss = (distance(real, syn) * shares.flatten()).sum()
    if settings.anchor and shares.shape[1] > 1:

        def of_class(layer: Tensor) -> Tensor:
            each = layer.reshape(*shares.shape, *layer.shape[1:])
            return torch.einsum("ck,ckrn->crn", shares, each)

        means = [of_class(layer) for layer in real], [of_class(layer) for layer in syn]
        loss = loss + settings.anchor * distance(*means).sum()
    return loss


def _scaled(layers: Sequence[Tensor], roots: Sequence[float]) -> list[Tensor]:
    return [layer * root for layer, root in zip(layers, roots, strict=True) if root]


def as_stored(
    x: Tensor, problem: Problem, bits: int, colours: NDArray[np.float32] | None = None
) -> Tensor:
    """x as it is after storage, with the gradient of x: each pixel (B, C, H, W) rounded to the
    nearest of (n, C) colours, or where there are none each value to 2^bits even levels.
    """
    if bits >= 8:
        return x
    if colours is not None:
        pixels = x.detach().movedim(1, -1)  # (B, H, W, C)
        found = nearest_rows(pixels.reshape(-1, x.shape[1]).cpu().numpy(), colours)
        rounded = torch.from_numpy(colours[found]).to(x.device).view(pixels.shape).movedim(-1, 1)
        return x + (rounded - x).detach()
    unit = (problem.high - problem.low) / (2**bits - 1)
    rounded = ((x - problem.low) / unit).round() * unit + problem.low
    return x + (rounded - x).detach()
