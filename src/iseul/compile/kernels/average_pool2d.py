# SPDX-License-Identifier: Apache-2.0
"""Kernels of average pools."""

from iseul.compile.kernels._pooling import cards

CARDS = cards("iseul_average_pool2d")
