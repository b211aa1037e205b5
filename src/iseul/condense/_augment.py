# SPDX-License-Identifier: Apache-2.0
"""Differentiable augmentation whose random numbers are drawn apart from the images.

Matching needs the real and the synthetic images of a subset under the *same* transform
("siamese"), so parameters are values: draw them once, apply them to both sides, keep them in
the bank. Geometry is one resampling (shift, scale, rotation, mirror), then brightness,
contrast and a blank square. Gradients flow to the images.
Paper: Zhao, Bilen: Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021.
They draw one of six transforms per step; we draw all at once, with smaller ranges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFT = 0.107  # share of the side: 3 of 28 pixels; DSA pads CIFAR's 32 by 4
SCALE = 1.2  # DSA: zoom by 1/1.2 to 1.2 on each axis
ROTATE = 10.0  # degrees; DSA: 15
BRIGHTNESS = 0.25  # added: +-
CONTRAST = 0.5  # times: 0.5 to 1.5, as DSA
CUTOUT = 0.43  # share of the side: 12 of 28 pixels; DSA: 0.5


@dataclass(frozen=True)
class Transforms:
    """n transforms; `apply` uses them, indexing picks some.

    theta:  (n, 2, 3) affine map from output to input coordinates in -1..1
    gain, offset:  (n,) contrast and brightness
    centre: (n, 2) of the blank square, y and x in 0-1
    """

    theta: Tensor
    gain: Tensor
    offset: Tensor
    centre: Tensor

    def to_rows(self) -> Tensor:
        """(n, 10) float32: all parameters, one transform per row."""
        parts = (self.theta.flatten(1), self.gain[:, None], self.offset[:, None], self.centre)
        return torch.cat(parts, 1)

    @staticmethod
    def from_rows(rows: Tensor) -> Transforms:
        """What `to_rows` gave."""
        return Transforms(rows[:, :6].reshape(-1, 2, 3), rows[:, 6], rows[:, 7], rows[:, 8:])

    def to(self, device: torch.device) -> Transforms:
        """The same on another device."""
        parts = (self.theta, self.gain, self.offset, self.centre)
        return Transforms(*(part.to(device) for part in parts))

    def __getitem__(self, index: Tensor) -> Transforms:
        return Transforms(
            self.theta[index], self.gain[index], self.offset[index], self.centre[index]
        )


def draw(n: int, mirror: bool, generator: torch.Generator) -> Transforms:
    """n independent transforms; `mirror` also flips left to right with probability 1/2."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    zoom = torch.exp(uniform(-math.log(SCALE), math.log(SCALE), 2))
    angle = uniform(-ROTATE, ROTATE) * (math.pi / 180)
    # coordinates run over 2 units, so a shift by a share of the side is twice that share
    shift = uniform(-2 * SHIFT, 2 * SHIFT, 2)
    sign = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0) if mirror else torch.ones(n)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack(
        [
            torch.stack([sign * cos / zoom[:, 0], -sin / zoom[:, 0], shift[:, 0]], 1),
            torch.stack([sign * sin / zoom[:, 1], cos / zoom[:, 1], shift[:, 1]], 1),
        ],
        1,
    )
    return Transforms(
        theta,
        gain=uniform(1 - CONTRAST, 1 + CONTRAST),
        offset=uniform(-BRIGHTNESS, BRIGHTNESS),
        centre=uniform(0, 1, 2),
    )


def apply(x: Tensor, transforms: Transforms) -> Tensor:
    """One transform per image of (B, C, H, W) reals."""
    height, width = x.shape[2:]
    grid = F.affine_grid(transforms.theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    mean = x.mean((1, 2, 3), keepdim=True)
    gain, offset = transforms.gain[:, None, None, None], transforms.offset[:, None, None, None]
    x = (x - mean) * gain + mean + offset
    rows = (torch.arange(height, device=x.device) + 0.5) / height
    columns = (torch.arange(width, device=x.device) + 0.5) / width
    in_rows = (rows - transforms.centre[:, :1]).abs() < CUTOUT / 2  # (B, H)
    in_columns = (columns - transforms.centre[:, 1:]).abs() < CUTOUT / 2  # (B, W)
    keep = ~(in_rows[:, None, :, None] & in_columns[:, None, None, :])
    return x * keep
