# SPDX-License-Identifier: Apache-2.0
"""DS-CNN: one convolution, then depthwise-separable blocks, global average, one linear layer.

A block is a depthwise 3x3 and a pointwise 1x1 convolution, each with batch norm and ReLU, so
nearly all weights and MACs are in 1x1 convolutions, which small chips do best.
Paper: Zhang, Suda, Lai, Chandra: Hello Edge: Keyword Spotting on Microcontrollers,
       arXiv 1711.07128, 2017. There all blocks have one width; here each has its own, as in
       MobileNet (Howard et al., arXiv 1704.04861, 2017), and blocks that keep their shape may
       add their input (He et al., CVPR 2016).
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
    channels: tuple[int, ...] = Field(
        default=(32, 64, 64, 128, 128), min_length=1, description="output channels of each block"
    )
    strides: tuple[int, ...] = Field(
        default=(2, 2, 1, 2, 1), min_length=1, description="stride of each block, one per channel"
    )
    residual: bool = Field(
        default=False, description="blocks that keep their shape add their input"
    )


TINY = Config(width=0.25, channels=(32, 64), strides=(2, 2))


def build(config: Config, input_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """NCHW reals in 0-1 to logits.

    input_shape: (H, W, C)
    Raises UsageError if `channels` and `strides` differ in length.
    """
    check_blocks("ds_cnn", config.channels, config.strides)
    return DsCnn(config, input_shape[2], n_classes)


class DsCnn(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, c_in: int, n_classes: int) -> None:
        super().__init__()
        c = scaled(config.stem, config.width)
        blocks: list[nn.Module] = [conv_bn(c_in, c, kernel_size=3, stride=config.stem_stride)]
        for channels, stride in zip(config.channels, config.strides, strict=True):
            c_out = scaled(channels, config.width)
            blocks.append(Separable(c, c_out, stride, config.residual))
            c = c_out
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(c, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.pool(self.blocks(x)).flatten(1)  # (B, C)
        return self.classify(features)


class Separable(nn.Module):
    """Depthwise 3x3, pointwise 1x1; adds its input where `residual` is set and shapes allow."""

    def __init__(self, c_in: int, c_out: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.depthwise = conv_bn(c_in, c_in, kernel_size=3, stride=stride, groups=c_in)
        self.pointwise = conv_bn(c_in, c_out, kernel_size=1)
        self.adds = residual and stride == 1 and c_in == c_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.pointwise(self.depthwise(x))
        return x + out if self.adds else out
