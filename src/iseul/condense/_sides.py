# SPDX-License-Identifier: Apache-2.0
"""Both sides of a matching step: gradients of real and of synthetic samples, class by class.

Two ways that agree: "loop", one backward per class straight to the weights, as published; and
"fast", which takes all classes in one pass (`_gradients.py`) where a class has so few values
that calls cost more than sums, and the loop elsewhere. Measured on one core, ConvNet of width
32: 10 groups of 10 images of 8 x 8 cost 10 ms each by the loop and 4 by the pass, 10 groups of
10 images of 28 x 28 cost 25 and 32.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn

from iseul.condense._gradients import Layer, group_gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from iseul.condense._pixels import Pixels
    from iseul.condense._problem import Problem

    Distance = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]

Engine = Literal["fast", "loop"]
GROUPED_POSITIONS = 4096  # per class: beyond, unfolded inputs leave the caches
PASS_POSITIONS = 65536  # per pass


@dataclass(frozen=True)
class Matching:
    """How two sides are compared.

    distance:  of lists over layers of (classes, C_out, columns), to (classes,)
    conv_only: leaves linear layers out, where there is a convolution
    """

    distance: Distance
    conv_only: bool = False
    engine: Engine = "fast"


def loop_gradients(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    sizes: Sequence[int],
    keep_graph: bool,
    problem: Problem,
) -> list[Tensor]:
    """What `group_gradients` returns, by one backward per group."""
    weights = [m.weight for m in net.modules() if isinstance(m, Layer)]
    net.requires_grad_(False)
    for weight in weights:
        weight.requires_grad_(True)
    groups = []
    for own_x, own_y in zip(torch.split(x, list(sizes)), torch.split(y, list(sizes)), strict=True):
        loss = problem.task.loss(net, own_x, own_y).mean()
        groups.append(torch.autograd.grad(loss, weights, create_graph=keep_graph))
    return [torch.stack([g.flatten(1) for g in layer]) for layer in zip(*groups, strict=True)]


def class_gradients(
    net: nn.Module,
    x: Tensor,
    some: range,
    keep_graph: bool,
    problem: Problem,
    engine: Engine,
) -> list[Tensor]:
    """Mean weight gradient of each of some classes: per layer (classes, C_out, columns).

    x: as many samples of each class, classes in order
    """
    n = len(x) // len(some)
    y = torch.arange(some.start, some.stop, device=x.device).repeat_interleave(n)
    sizes = [n] * len(some)
    if engine == "fast" and n * x.shape[2] * x.shape[3] <= GROUPED_POSITIONS:
        net.requires_grad_(False)
        return group_gradients(net, x, y, sizes, keep_graph, problem.task.loss)
    return loop_gradients(net, x, y, sizes, keep_graph, problem)


def passes(per_class: int, problem: Problem, engine: Engine) -> list[range]:
    """Which classes are taken together, `per_class` samples each: all that fit, or one."""
    n = problem.n_classes
    height, width = problem.real.x.shape[1:3]
    positions = per_class * height * width
    fits = engine == "fast" and positions <= GROUPED_POSITIONS
    at_once = min(n, PASS_POSITIONS // positions) if fits else 1
    return [range(i, min(i + at_once, n)) for i in range(0, n, at_once)]


def step_gradient(
    net: nn.Module,
    pixels: Pixels,
    real: Sequence[NDArray[np.int64]],
    transforms: Tensor | None,
    problem: Problem,
    matching: Matching,
    syn: NDArray[np.int64] | None = None,
) -> tuple[Tensor, float]:
    """Gradient of the match loss, summed over classes, for `pixels.values`; and its mean.

    real:       as many indices of real samples for each class
    transforms: one per class, for both of its sides ("siamese"); None: none
    syn:        (classes, n) which of a class's synthetic samples take part; None: all
    """
    gradient = torch.zeros_like(pixels.values)
    total = 0.0
    n_syn = pixels.n_samples(problem) if syn is None else syn.shape[1]
    kinds = [isinstance(m, nn.Conv2d) for m in net.modules() if isinstance(m, Layer)]
    kept = [conv or not (matching.conv_only and any(kinds)) for conv in kinds]
    for some in passes(n_syn, problem, matching.engine):
        x_real = problem.to_tensor(problem.real.x[np.concatenate([real[c] for c in some])])
        x_syn = pixels.samples(problem, some)
        if syn is not None:
            first = pixels.n_samples(problem) * np.arange(len(some))[:, None]
            x_syn = x_syn[torch.from_numpy((syn[some.start : some.stop] + first).ravel())]
        if transforms is not None:
            x_real = problem.move(x_real, _each(transforms, some, len(x_real)))
            x_syn = problem.move(x_syn, _each(transforms, some, len(x_syn)))
        sides = [
            class_gradients(net, x, some, keep_graph, problem, matching.engine)
            for x, keep_graph in ((x_real, False), (x_syn, True))
        ]
        of_real, of_syn = (list(itertools.compress(side, kept)) for side in sides)
        loss = matching.distance(of_real, of_syn).sum()
        gradient += torch.autograd.grad(loss, pixels.values)[0]
        total += loss.item()
    return gradient, total / problem.n_classes


def _each(transforms: Tensor, some: range, n: int) -> Tensor:
    """A class's transform for each of its samples, n samples in all."""
    owner = torch.arange(some.start, some.stop).repeat_interleave(n // len(some))
    return transforms[owner]
