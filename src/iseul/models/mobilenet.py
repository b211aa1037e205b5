# SPDX-License-Identifier: Apache-2.0
"""MobileNet v2 in small: inverted residuals, for pictures of 8 to 96 pixels and for sounds.

A block widens by a 1x1 convolution, filters by a depthwise 3x3 one and narrows by a linear 1x1
one; blocks that keep their shape add their input. The last 1x1 convolution of the large network
is as wide as `head`.
Paper: Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted Residuals and Linear
       Bottlenecks, CVPR 2018. There 17 blocks and ReLU6; here 5 blocks and ReLU, which small
       pictures and int8 kernels ask for.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import nn

from iseul.core.config import Config as Base
from iseul.models._layers import check_blocks, conv_bn, scaled


class Config(Base):
    """`width` is the dial; the other fields say what the network is at width 1."""

    width: float = Field(default=1.0, gt=0, le=8, description="multiplier on all channel counts")
    stem: int = Field(default=16, ge=1, description="channels of the first convolution")
    stem_stride: int = Field(default=1, ge=1, le=4, description="stride of the first convolution")
    expansion: int = Field(default=4, ge=1, le=8, description="inside a block, times its input")
    channels: tuple[int, ...] = Field(
        default=(16, 24, 24, 32, 32), min_length=1, description="output channels of each block"
    )
    strides: tuple[int, ...] = Field(
        default=(1, 2, 1, 2, 1), min_length=1, description="stride of each block, one per channel"
    )
    head: int = Field(default=128, ge=1, description="channels of the last 1x1 convolution")


TINY = Config(width=0.5, channels=(16, 24), strides=(1, 2), head=32)


def build(config: Config, input_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """NCHW reals to logits.

    input_shape: (H, W, C)
    Raises UsageError if `channels` and `strides` differ in length.
    """
    check_blocks("mobilenet", config.channels, config.strides)
    return MobileNet(config, input_shape[2], n_classes)


class MobileNet(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, c_in: int, n_classes: int) -> None:
        super().__init__()
        c = scaled(config.stem, config.width)
        blocks: list[nn.Module] = [conv_bn(c_in, c, kernel_size=3, stride=config.stem_stride)]
        for channels, stride in zip(config.channels, config.strides, strict=True):
            c_out = scaled(channels, config.width)
            blocks.append(InvertedResidual(c, c_out, stride, config.expansion))
            c = c_out
        head = scaled(config.head, config.width)
        self.blocks = nn.Sequential(*blocks, conv_bn(c, head, kernel_size=1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(head, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.pool(self.blocks(x)).flatten(1)  # (B, C)
        return self.classify(features)


class InvertedResidual(nn.Module):
    """1x1 wider, depthwise 3x3, 1x1 narrower without ReLU; adds its input where shapes allow."""

    def __init__(self, c_in: int, c_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = c_in * expansion
        self.widen = conv_bn(c_in, wide, kernel_size=1)
        self.depthwise = conv_bn(wide, wide, kernel_size=3, stride=stride, groups=wide)
        self.narrow = conv_bn(wide, c_out, kernel_size=1, relu=False)
        self.adds = stride == 1 and c_in == c_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.narrow(self.depthwise(self.widen(x)))
        return x + out if self.adds else out
