# SPDX-License-Identifier: Apache-2.0
"""Differentiable augmentation of what runs in time: spectrograms and series.

As in `_augment.py`, random numbers are drawn apart from the samples, so that the real and the
synthetic side of a subset meet the same transform. Time is the rows, (B, C, T, W). Both kinds
are moved and stretched along time alone, because a frequency band means something by its place;
what comes in at an end repeats the end.

    spectrogram   louder or softer (an offset of logarithms), more or less contrast; one stripe
                  of frames and one of bands become the sample's mean
    series        larger or smaller around its mean; a slow wave is added

Papers: Park et al.: SpecAugment, Interspeech 2019 (stripes); Um et al.: Data Augmentation of
Wearable Sensor Data, ICMI 2017 (scaling, drift). Ranges are ours, and narrower.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from iseul.condense._augment import Transforms

if TYPE_CHECKING:
    from torch import Tensor

SHIFT = 0.1  # share of the time: 100 ms of a second
STRETCH = 1.1  # 1 / 1.1 to 1.1
LOUDNESS = 0.06  # of the byte's range, +-: 8 dB of log-mel features
CONTRAST = 0.25  # times: 0.75 to 1.25
STRIPE = 0.15  # share of frames, and of bands, that are blanked
DRIFT = 0.15  # height of the wave that is added, in deviations of the sample
WAVES = (0.5, 2.0)  # periods of it in a sample


def draw(n: int, mirror: bool, generator: torch.Generator) -> Transforms:
    """n independent transforms; time has no mirror, so `mirror` says nothing here.

    gain and offset are contrast and loudness; `centre` holds where the stripes lie, or the
    frequency and phase of the wave, in 0-1.
    """

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = 1
    theta[:, 1, 1] = torch.exp(uniform(-math.log(STRETCH), math.log(STRETCH)))
    theta[:, 1, 2] = uniform(-2 * SHIFT, 2 * SHIFT)  # coordinates run over 2 units
    return Transforms(
        theta,
        gain=uniform(1 - CONTRAST, 1 + CONTRAST),
        offset=uniform(-LOUDNESS, LOUDNESS),
        centre=uniform(0, 1, 2),
    )


def draw_none(n: int, mirror: bool, generator: torch.Generator) -> Transforms:
    """n times nothing."""
    theta = torch.eye(2, 3).expand(n, 2, 3)
    return Transforms(theta, torch.ones(n), torch.zeros(n), torch.zeros(n, 2))


def apply_none(x: Tensor, transforms: Transforms) -> Tensor:
    """x as it is."""
    return x


def _moved(x: Tensor, transforms: Transforms) -> Tensor:
    grid = F.affine_grid(transforms.theta.to(x), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _each(values: Tensor, x: Tensor) -> Tensor:
    return values.to(x)[:, None, None, None]


def apply_spectrogram(x: Tensor, transforms: Transforms) -> Tensor:
    """One transform per sample of (B, C, frames, bands) reals whose range is 1."""
    x = _moved(x, transforms)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * _each(transforms.gain, x) + mean + _each(transforms.offset, x)
    places = [(torch.arange(side, device=x.device) + 0.5) / side for side in x.shape[2:]]
    centre = transforms.centre.to(x)
    frames, bands = (
        (place - centre[:, i, None]).abs() < STRIPE / 2 for i, place in enumerate(places)
    )
    hole = frames[:, None, :, None] | bands[:, None, None, :]
    return torch.where(hole, mean, x)


def apply_series(x: Tensor, transforms: Transforms) -> Tensor:
    """One transform per sample of (B, C, T, 1) reals."""
    x = _moved(x, transforms)
    mean = x.mean((1, 2, 3), keepdim=True)
    spread = x.detach().std((1, 2, 3), keepdim=True)
    time = torch.linspace(0, 1, x.shape[2], device=x.device)[None, None, :, None]
    least, most = WAVES
    periods = least + (most - least) * _each(transforms.centre[:, 0], x)
    phase = _each(transforms.centre[:, 1], x)
    wave = torch.sin(2 * math.pi * (periods * time + phase))
    return (x - mean) * _each(transforms.gain, x) + mean + DRIFT * spread * wave
