# SPDX-License-Identifier: Apache-2.0
"""ResNet of basic blocks: a stronger, larger family, as a teacher or for larger chips.

A stem convolution, stages of blocks of two 3x3 convolutions with a shortcut, global average,
one linear layer. Channels double and the picture halves from stage to stage; there the
shortcut is a strided 1x1 convolution.
Paper: He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016; the
       variant for small pictures (their section 4.2). MLPerf Tiny's ResNet-8 is stages = 3,
       blocks = 1, base = 16.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import nn

from iseul.core.config import Config as Base
from iseul.models._layers import conv_bn, scaled


class Config(Base):
    """`width` is the dial; the other fields say what the network is at width 1."""

    width: float = Field(default=1.0, gt=0, le=16, description="multiplier on all channel counts")
    base: int = Field(default=16, ge=1, description="channels of the stem and the first stage")
    stages: int = Field(default=3, ge=1, le=5, description="stages; channels double at each")
    blocks: int = Field(default=1, ge=1, le=32, description="blocks in each stage")
    stem_stride: int = Field(default=1, ge=1, le=4, description="stride of the first convolution")


TINY = Config(width=0.25, stages=2)


def build(config: Config, input_shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """NCHW reals in 0-1 to logits.

    input_shape: (H, W, C)
    """
    return ResNet(config, input_shape[2], n_classes)


class ResNet(nn.Module):
    """See the file's header."""

    def __init__(self, config: Config, c_in: int, n_classes: int) -> None:
        super().__init__()
        c = scaled(config.base, config.width)
        blocks: list[nn.Module] = [conv_bn(c_in, c, kernel_size=3, stride=config.stem_stride)]
        for stage in range(config.stages):
            c_out = scaled(config.base * 2**stage, config.width)
            for i in range(config.blocks):
                blocks.append(Basic(c, c_out, stride=2 if stage > 0 and i == 0 else 1))
                c = c_out
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(c, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.pool(self.blocks(x)).flatten(1)  # (B, C)
        return self.classify(features)


class Basic(nn.Module):
    """relu(shortcut(x) + conv(relu(conv(x)))), batch norm after every convolution."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.first = conv_bn(c_in, c_out, kernel_size=3, stride=stride)
        self.second = conv_bn(c_out, c_out, kernel_size=3, relu=False)
        same = stride == 1 and c_in == c_out
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else conv_bn(c_in, c_out, kernel_size=1, stride=stride, relu=False)
        )
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.shortcut(x) + self.second(self.first(x)))
