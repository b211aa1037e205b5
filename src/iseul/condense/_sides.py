# SPDX-License-Identifier: Apache-2.0
"""Both sides of a matching step: gradients of real and of synthetic samples, class by class.

Two ways that agree: "loop", one backward per class straight to the weights, as published; and
"fast", which takes all classes in one pass (`_gradients.py`) where a class has so few values
that calls cost more than sums, and the loop elsewhere. Measured on one core, ConvNet of width
32: 10 groups of 10 images of 8 x 8 cost 10 ms each by the loop and 4 by the pass, 10 groups of
10 images of 28 x 28 cost 25 and 32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from iseul.condense._gradients import group_gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from iseul.condense._augment import Transforms
    from iseul.condense._pixels import Pixels
    from iseul.condense._problem import Problem

    Distance = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]

Engine = Literal["fast", "loop"]
LAYERS = (nn.Conv2d, nn.Linear)
GROUPED_POSITIONS = 4096  # per class: beyond, unfolded inputs leave the caches
PASS_POSITIONS = 65536  # per pass


def run_order(net: nn.Module, x: Tensor) -> list[nn.Module]:
    """Conv and linear layers in the order in which they run; `x`: a batch to run them on."""
    order: list[nn.Module] = []
    hooks = [
        m.register_forward_hook(lambda layer, *_: order.append(layer))
        for m in net.modules()
        if isinstance(m, LAYERS)
    ]
    try:
        with torch.no_grad():
            net(x)
    finally:
        for hook in hooks:
            hook.remove()
    return order


def loop_gradients(
    layers: Sequence[nn.Module],
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    sizes: Sequence[int],
    keep_graph: bool,
    problem: Problem,
) -> list[Tensor]:
    """What `group_gradients` returns, by one backward per group. layers: of `run_order`."""
    weights = [layer.get_parameter("weight") for layer in layers]
    net.requires_grad_(False)
    for weight in weights:
        weight.requires_grad_(True)
    groups = []
    for own_x, own_y in zip(torch.split(x, list(sizes)), torch.split(y, list(sizes)), strict=True):
        loss = problem.task.loss(net, own_x, own_y).mean()
        groups.append(torch.autograd.grad(loss, weights, create_graph=keep_graph))
    return [torch.stack([g.flatten(1) for g in layer]) for layer in zip(*groups, strict=True)]


def class_gradients(
    layers: Sequence[nn.Module],
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
    return loop_gradients(layers, net, x, y, sizes, keep_graph, problem)


def passes(pixels: Pixels, problem: Problem, engine: Engine) -> list[range]:
    """Which classes are matched together: all that fit, or one at a time."""
    n = problem.n_classes
    height, width = problem.real.x.shape[1:3]
    per_class = len(pixels.samples(problem, range(1))) * height * width
    if engine == "loop" or per_class > GROUPED_POSITIONS:
        at_once = 1
    else:
        at_once = min(n, max(1, PASS_POSITIONS // per_class))
    return [range(i, min(i + at_once, n)) for i in range(0, n, at_once)]


def step_gradient(
    net: nn.Module,
    pixels: Pixels,
    real: Sequence[NDArray[np.int64]],
    transforms: Transforms | None,
    distance: Distance,
    problem: Problem,
    engine: Engine,
) -> tuple[Tensor, float]:
    """Gradient of the match loss, summed over classes, for `pixels.values`; and its mean.

    real:       as many indices of real samples for each class
    transforms: one per class, for both of its sides ("siamese"); None: none
    distance:   of lists over layers of (classes, C_out, columns), to (classes,)
    """
    gradient = torch.zeros_like(pixels.values)
    total = 0.0
    layers = run_order(net, pixels.samples(problem, range(1))[:1])
    for some in passes(pixels, problem, engine):
        x_real = problem.to_tensor(
            problem.real.x[[i for label in some for i in real[label].tolist()]]
        )
        x_syn = pixels.samples(problem, some)
        if transforms is not None:
            x_real = problem.move(x_real, _each(transforms, some, len(x_real)))
            x_syn = problem.move(x_syn, _each(transforms, some, len(x_syn)))
        wanted = class_gradients(layers, net, x_real, some, False, problem, engine)
        made = class_gradients(layers, net, x_syn, some, True, problem, engine)
        loss = distance(wanted, made).sum()
        gradient += torch.autograd.grad(loss, pixels.values)[0]
        total += loss.item()
    return gradient, total / problem.n_classes


def _each(transforms: Transforms, some: range, n: int) -> Transforms:
    """A class's transform for each of its samples, n samples in all."""
    owner = torch.arange(some.start, some.stop).repeat_interleave(n // len(some))
    return transforms[owner]
