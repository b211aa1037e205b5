# SPDX-License-Identifier: Apache-2.0
"""ConvNet: the small network that condensation matches gradients on and judges sets with.

Blocks of conv 3x3, instance norm, ReLU, average pool 2x2, then one linear layer. It is the
network of the condensation literature (there 3 blocks of 128), so accuracies compare. The
norm works inside one image and one channel: images of a batch stay independent, which
per-subset gradients need, and batch norm would not give. A series (one column) gets kernels of
3 rows and pools of 2.

Paper: Gidaris, Komodakis: Dynamic Few-Shot Visual Learning without Forgetting, CVPR 2018;
as used by Zhao, Mopuri, Bilen: Dataset Condensation with Gradient Matching, ICLR 2021. Ours
is narrower by default, so that it runs on a laptop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field
from torch import nn

from iseul.core.config import Config as BaseConfig
from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_SIDE = 4  # a block pools by 2; below this side there is nothing left to pool


class Config(BaseConfig):
    """Size of the network."""

    width: int = Field(default=32, ge=1, description="channels of every block")
    depth: int = Field(
        default=3, ge=1, description="blocks, at most: maps narrower than 4 get no further block"
    )


TINY = Config(width=8, depth=2)


class ConvNet(nn.Module):
    """NCHW float in [0, 1] to logits (B, n_classes)."""

    def __init__(self, config: Config, input_shape: tuple[int, int, int], n_classes: int) -> None:
        super().__init__()
        height, width, channels = input_shape
        layers: list[nn.Module] = []
        for _ in range(config.depth):
            if _smallest(height, width) < SMALLEST_SIDE:
                break
            layers += _block(channels, config.width, width == 1)
            height, width, channels = height // 2, max(width // 2, 1), config.width
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Linear(channels * height * width, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.blocks(x).flatten(1))
        return logits


def _smallest(height: int, width: int) -> int:
    """The smallest side; the one column of a series does not count."""
    return height if width == 1 else min(height, width)


def _block(channels: int, width: int, is_series: bool) -> list[nn.Module]:
    conv = (
        nn.Conv2d(channels, width, (3, 1), padding=(1, 0))
        if is_series
        else nn.Conv2d(channels, width, 3, padding=1)
    )
    return [
        conv,
        nn.GroupNorm(width, width),  # one group per channel: instance norm with scale and offset
        nn.ReLU(),
        nn.AvgPool2d((2, 1) if is_series else 2),
    ]


def build(config: Config, input_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """A ConvNet for inputs of (H, W, C); its weights come from torch's current generator."""
    if _smallest(*input_shape[:2]) < SMALLEST_SIDE:
        raise ShapeError(
            f"convnet: input is {input_shape[0]}x{input_shape[1]}, "
            f"sides must be at least {SMALLEST_SIDE}",
            "another model family",
        )
    return ConvNet(config, input_shape, n_classes)
