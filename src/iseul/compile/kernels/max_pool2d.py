# SPDX-License-Identifier: Apache-2.0
"""Kernels of maximum pools."""

from iseul.compile.kernels._pooling import cards

CARDS = cards("iseul_max_pool2d")
