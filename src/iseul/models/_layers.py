# SPDX-License-Identifier: Apache-2.0
"""What model families share: channel counts that kernels like, convolution with batch norm."""

from __future__ import annotations

from torch import nn

from iseul.core.errors import UsageError

MULTIPLE = 4  # channels that a 32-bit SIMD kernel takes at once


def scaled(channels: int, width: float) -> int:
    """Channels at a width, rounded to a multiple of 4, at least 4."""
    return max(MULTIPLE, round(channels * width / MULTIPLE) * MULTIPLE)


def check_blocks(family: str, channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
    """Raise UsageError if the two differ in length."""
    if len(channels) != len(strides):
        raise UsageError(
            f"{family}: channels has {len(channels)} blocks and strides {len(strides)}; "
            "both must have one number per block"
        )


def conv_bn(
    c_in: int, c_out: int, kernel_size: int, stride: int = 1, groups: int = 1, relu: bool = True
) -> nn.Sequential:
    """Convolution without bias, batch norm, ReLU; at stride 1 height and width stay."""
    layers: list[nn.Module] = [
        nn.Conv2d(c_in, c_out, kernel_size, stride, kernel_size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(c_out),
    ]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))
