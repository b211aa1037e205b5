# SPDX-License-Identifier: Apache-2.0
"""DS-CNN: one convolution, then depthwise-separable blocks, global average, one linear layer.

A block is a depthwise 3x3 and a pointwise 1x1 convolution, each with batch norm and ReLU, so
nearly all weights and MACs are in 1x1 convolutions, which small chips do best. Where channels
double, the depthwise convolution has stride 2.
Paper: Zhang, Suda, Lai, Chandra: Hello Edge: Keyword Spotting on Microcontrollers,
       arXiv 1711.07128, 2017. There all blocks have one width; here they widen as the picture
       shrinks, as in MobileNet (Howard et al., arXiv 1704.04861, 2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field
from torch import nn

from iseul.core.config import Config as Base

if TYPE_CHECKING:
    from collections.abc import Iterator


class Config(Base):
    """`width` is the dial; the rest shapes the family."""

    width: float = Field(default=1.0, gt=0, le=8, description="multiplier on all channel counts")
    stem: int = Field(default=16, ge=1, description="channels of the first convolution, width 1")
    stem_stride: int = Field(default=1, ge=1, le=4, description="stride of the first convolution")
    channels: tuple[int, ...] = Field(
        default=(32, 64, 128), min_length=1, description="output channels of each stage, width 1"
    )
    blocks: tuple[int, ...] = Field(
        default=(1, 2, 2), min_length=1, description="depthwise-separable blocks of each stage"
    )


TINY = Config(width=0.25, channels=(32, 64), blocks=(1, 1))


def build(config: Config, input_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """NCHW reals in 0-1 to logits.

    input_shape: (H, W, C)
    """
    return DsCnn(config, input_shape[2], n_classes)


class DsCnn(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, c_in: int, n_classes: int) -> None:
        super().__init__()
        stem = scaled(config.stem, config.width)
        layers = [*conv(c_in, stem, kernel_size=3, stride=config.stem_stride)]
        c = stem
        for width, n_blocks in zip(config.channels, config.blocks, strict=True):
            c_out = scaled(width, config.width)
            for i in range(n_blocks):
                layers += separable(c, c_out, stride=2 if i == 0 else 1)
                c = c_out
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(c, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classify(self.pool(self.features(x)).flatten(1))
