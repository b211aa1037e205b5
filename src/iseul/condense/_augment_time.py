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

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFT = 0.1  # share of the time: 100 ms of a second
STRETCH = 1.1  # 1 / 1.1 to 1.1
LOUDNESS = 0.06  # of the byte's range, +-: 8 dB of log-mel features
CONTRAST = 0.25  # times: 0.75 to 1.25
STRIPE = 0.15  # share of frames, and of bands, that are blanked
DRIFT = 0.15  # height of the wave that is added, in deviations of the sample
WAVES = (0.5, 2.0)  # periods of it in a sample


# A row: stretch, shift (a share of the time), contrast, loudness, and two places in 0-1: where the
# stripes lie, or the frequency and phase of the wave.
COLUMNS = 6


def draw(n: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """n independent transforms, (n, COLUMNS); time has no mirror, `mirror` says nothing here."""

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    columns = [
        torch.exp(uniform(-math.log(STRETCH), math.log(STRETCH))),
        uniform(-SHIFT, SHIFT),
        uniform(1 - CONTRAST, 1 + CONTRAST),
        uniform(-LOUDNESS, LOUDNESS),
        uniform(0, 1),
        uniform(0, 1),
    ]
    return torch.stack(columns, 1)


def draw_none(n: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """n times nothing."""
    return torch.zeros(n, 1)


def apply_none(x: Tensor, transforms: Tensor) -> Tensor:
    """x as it is."""
    return x


def _moved(x: Tensor, transforms: Tensor) -> Tensor:
    theta = x.new_zeros(len(x), 2, 3)
    theta[:, 0, 0] = 1
    theta[:, 1, 1] = transforms[:, 0]
    theta[:, 1, 2] = 2 * transforms[:, 1]  # coordinates run over 2 units
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _each(transforms: Tensor, column: int) -> Tensor:
    return transforms[:, column, None, None, None]


def apply_spectrogram(x: Tensor, transforms: Tensor) -> Tensor:
    """One transform per sample of (B, C, frames, bands) reals whose range is 1."""
    x = _moved(x, transforms)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * _each(transforms, 2) + mean + _each(transforms, 3)
    places = [(torch.arange(side, device=x.device) + 0.5) / side for side in x.shape[2:]]
    frames, bands = (
        (place - transforms[:, 4 + i, None]).abs() < STRIPE / 2 for i, place in enumerate(places)
    )
    hole = frames[:, None, :, None] | bands[:, None, None, :]
    return torch.where(hole, mean, x)


def apply_series(x: Tensor, transforms: Tensor) -> Tensor:
    """One transform per sample of (B, C, T, 1) reals."""
    x = _moved(x, transforms)
    mean = x.mean((1, 2, 3), keepdim=True)
    spread = x.detach().std((1, 2, 3), keepdim=True)
    time = torch.linspace(0, 1, x.shape[2], device=x.device)[None, None, :, None]
    least, most = WAVES
    periods = least + (most - least) * _each(transforms, 4)
    phase = _each(transforms, 5)
    wave = torch.sin(2 * math.pi * (periods * time + phase))
    return (x - mean) * _each(transforms, 2) + mean + DRIFT * spread * wave
