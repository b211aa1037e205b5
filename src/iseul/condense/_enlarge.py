# SPDX-License-Identifier: Apache-2.0
"""Learned upsampling with gradients: `_upsampler.py` in floating point, and its training.

Matching moves stored values through it. What integers round on the way, hidden values and the
result, is left out here; judging and reading use the integers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from iseul.condense._formation import decode, parts, reductions
from iseul.condense._upsampler import (
    HIDDEN,
    MOST_BIAS,
    MOST_HIDDEN,
    MOST_WEIGHT,
    SUM,
    TAPS,
    WEIGHT,
    Upsampler,
    check_fit,
    factors,
)
from iseul.core.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from iseul.condense._problem import Problem

LR, BATCH = 3e-3, 64
# of stored values, widths in units of their range; where they are rounded, wide steps lead away
FIT_STEPS, FIT_WIDTH, FIT_WIDTH_ROUNDED = 100, 0.03, 0.003


def enlarge(part: Tensor, upsampler: Upsampler, factor: int, axes: str, problem: Problem) -> Tensor:
    """(n, C, h, w) reals of parts to (n, C, H, W) reals of samples, differentiable."""
    weights = _weights(upsampler, part)
    raw = part / problem.scale + problem.zero_point
    made = _enlarged(raw, weights, factors(factor, axes), MOST_HIDDEN / HIDDEN)
    return (made.clamp(0, upsampler.raw_max) - problem.zero_point) * problem.scale


def decode_by(upsampler: Upsampler | None, x: Tensor, factor: int, problem: Problem) -> Tensor:
    """`_formation.decode` by an upsampler, or bilinear where there is none."""

    def learned(part: Tensor) -> Tensor:
        assert upsampler is not None
        return enlarge(part, upsampler, factor, problem.axes, problem)

    return decode(x, factor, problem.axes, None if upsampler is None else learned)


def train(
    problem: Problem,
    factor: int,
    channels: int,
    steps: int,
    seed: int,
    stored: Callable[[Tensor], Tensor] = lambda x: x,
) -> Upsampler:
    """One for the real samples of a problem: least absolute error of what is enlarged.

    stored: what storage makes of reals, as `_matching.as_stored`
    Raises ShapeError if samples can not be cut for it.
    """
    height, width, n_values = problem.real.x.shape[1:]
    check_fit((height, width, n_values), factor, problem.axes)
    across, n_out = factors(factor, problem.axes), n_values * parts(factor, problem.axes)
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(channels, n_values, 3, 3, generator=generator)
    first *= math.sqrt(2 / (n_values * TAPS))
    start = [first, torch.zeros(channels), torch.zeros(n_out, channels, 3, 3), torch.zeros(n_out)]
    weights = [each.to(problem.device).requires_grad_(True) for each in start]
    down, back = reductions((height, width), factor, problem.axes)
    down, back = down.to(problem.device), back.to(problem.device)
    optimizer = torch.optim.Adam(weights)
    unit, most = problem.raw_max, MOST_HIDDEN / HIDDEN / problem.raw_max
    with progress("condense: upsampler", steps) as advance:
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = LR * (1 - step / steps)
            index = torch.randint(len(problem.real), (BATCH,), generator=generator).numpy()
            x = problem.to_tensor(problem.real.x[index])
            part = stored((down @ x @ back).clamp(problem.low, problem.high))
            raw, want = ((each / problem.scale + problem.zero_point) / unit for each in (part, x))
            kept = [_on_steps(weights[0]), weights[1], _on_steps(weights[2]), weights[3]]
            loss = (_enlarged(raw, kept, across, most) - want).abs().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            advance(1, f"error {100 * loss.item():.2f} % of the range")

    def whole(values: Tensor, unit: float, most: int) -> NDArray[np.float32]:
        made: NDArray[np.float32] = (
            (values.detach().cpu() * unit).round().clamp(-most, most).numpy()
        )
        return made

    return Upsampler(
        whole(weights[0], WEIGHT, MOST_WEIGHT).astype(np.int8),
        whole(weights[1], WEIGHT * unit, MOST_BIAS).astype(np.int16),
        whole(weights[2], WEIGHT, MOST_WEIGHT).astype(np.int8),
        whole(weights[3], SUM * unit, MOST_BIAS).astype(np.int16),
        problem.raw_max,
    )


def fit(
    x: Tensor,
    wanted: Tensor,
    decoded: Callable[[Tensor], Tensor],
    problem: Problem,
    width: float = FIT_WIDTH,
) -> Tensor:
    """(n, C, H, W) stored reals, moved until they decode to nearly the (n * parts, ...) wanted.

    Least squares by Adam, from where x is. Rounding makes steps that lead away, so each sample
    is kept as it was at its best.
    """
    span = problem.high - problem.low
    made = []
    n_parts = len(wanted) // len(x)
    for start in range(0, len(x), BATCH):
        own = x[start : start + BATCH].clamp(problem.low, problem.high).requires_grad_(True)
        target = wanted[start * n_parts : (start + BATCH) * n_parts]
        optimizer = torch.optim.Adam([own])
        best, least = own.detach().clone(), torch.full((len(own),), math.inf, device=x.device)
        for step in range(FIT_STEPS):
            optimizer.param_groups[0]["lr"] = width * span * (1 - step / FIT_STEPS)
            error = (decoded(own) - target).square().flatten(1).sum(1).view(-1, n_parts).sum(1)
            better = error.detach() < least
            best[better], least[better] = own.detach()[better], error.detach()[better]
            optimizer.zero_grad(set_to_none=True)
            error.sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            with torch.no_grad():
                own.clamp_(problem.low, problem.high)
        made.append(best)
    return torch.cat(made)


def _weights(upsampler: Upsampler, like: Tensor) -> list[Tensor]:
    """Weights and biases as reals, in raw values."""
    units = (WEIGHT, WEIGHT, WEIGHT, SUM)
    arrays = (
        upsampler.first,
        upsampler.first_bias,
        upsampler.second,
        upsampler.second_bias,
    )
    return [torch.from_numpy(a).to(like) / unit for a, unit in zip(arrays, units, strict=True)]


def _on_steps(weight: Tensor) -> Tensor:
    """Weights as they are stored, with the gradient of those that are trained."""
    kept = (weight * WEIGHT).round().clamp(-MOST_WEIGHT, MOST_WEIGHT) / WEIGHT
    return weight + (kept - weight).detach()


def _enlarged(raw: Tensor, weights: list[Tensor], across: tuple[int, int], most: float) -> Tensor:
    n, n_values, height, width = raw.shape
    size = (height * across[0], width * across[1])
    base = F.interpolate(raw, size=size, mode="bilinear", align_corners=False)
    hidden = F.conv2d(raw, weights[0], weights[1], padding=1).clamp(0, most)
    detail = F.conv2d(hidden, weights[2], weights[3], padding=1)
    detail = detail.view(n, n_values, *across, height, width).permute(0, 1, 4, 2, 5, 3)
    return base + detail.reshape(n, n_values, *size)
