# SPDX-License-Identifier: Apache-2.0
"""Differentiable augmentation of images whose random numbers are drawn apart from them.

Matching needs the real and the synthetic images of a subset under the *same* transform
("siamese"), so parameters are values: a transform is one row of a tensor; draw it once, apply
it to both sides, keep it in the bank. Each transform is one of

    colour, crop, cutout, scale, rotate, and mirror where left and right mean the same

by lot, with the ranges of the paper. Gradients flow to the images.
Paper: Zhao, Bilen: Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021,
strategy color_crop_cutout_flip_scale_rotate. They draw the kind for a whole batch, we draw it
for each transform. (All kinds at once, with smaller ranges, cost a network that learned from
100 images of Fashion-MNIST about five points.)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

BRIGHTNESS = 0.5  # added: +-
SATURATION = 2.0  # times: 0 to 2
CONTRAST = 0.5  # times: 0.5 to 1.5
CROP = 0.125  # share of the side, moved by whole pixels: 4 of CIFAR's 32
CUTOUT = 0.5  # share of the side
SCALE = 1.2  # of each axis: 1 / 1.2 to 1.2
ROTATE = 15.0  # degrees, to both sides

KINDS = ("colour", "crop", "cutout", "scale", "rotate")
# A row: linear map from output to input (4), shift (2, x and y, shares of the side), saturation,
# contrast, brightness, side of the hole (a share; 0: none), its centre (2, y and x, 0-1).
COLUMNS = 12


def draw(n: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """n independent transforms, (n, COLUMNS); `mirror` adds flipping left to right."""

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    kind = torch.randint(len(KINDS) + mirror, (n,), generator=generator)

    def where(name: str, value: Tensor, other: float) -> Tensor:
        return torch.where(kind == KINDS.index(name), value, other)

    angle = where("rotate", uniform(-ROTATE, ROTATE) * (math.pi / 180), 0)
    zoom = [where("scale", uniform(1 / SCALE, SCALE), 1) for _ in "xy"]
    flipped = (kind == len(KINDS)) & (uniform(0, 1) < 0.5)
    sign = torch.where(flipped, -1.0, 1.0)
    columns = [
        sign * torch.cos(angle) * zoom[0],
        -torch.sin(angle),
        torch.sin(angle),
        torch.cos(angle) * zoom[1],
        *(where("crop", uniform(-CROP, CROP), 0) for _ in "xy"),
        where("colour", uniform(0, SATURATION), 1),
        where("colour", uniform(1 - CONTRAST, 1 + CONTRAST), 1),
        where("colour", uniform(-BRIGHTNESS, BRIGHTNESS), 0),
        where("cutout", torch.full((n,), CUTOUT), 0),
        uniform(0, 1),
        uniform(0, 1),
    ]
    return torch.stack(columns, 1)


def apply(x: Tensor, transforms: Tensor) -> Tensor:
    """One transform per image of (B, C, H, W) reals whose range is about 1."""
    sides = torch.tensor((x.shape[3], x.shape[2]), device=x.device)
    shift = (transforms[:, 4:6] * sides).round() * 2 / sides  # coordinates run over 2 units
    theta = torch.cat([transforms[:, :4].reshape(-1, 2, 2), shift[:, :, None]], 2)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    saturation, gain, offset = (transforms[:, i, None, None, None] for i in (6, 7, 8))
    gray = x.mean(1, keepdim=True)
    x = (x - gray) * saturation + gray
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * gain + mean + offset
    in_rows, in_columns = (
        ((torch.arange(side, device=x.device) + 0.5) / side - transforms[:, i, None]).abs()
        < transforms[:, 9, None] / 2
        for i, side in ((10, x.shape[2]), (11, x.shape[3]))
    )
    return x * ~(in_rows[:, None, :, None] & in_columns[:, None, None, :])
