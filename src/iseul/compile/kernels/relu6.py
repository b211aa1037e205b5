# SPDX-License-Identifier: Apache-2.0
"""Kernels of ReLU6."""

from iseul.compile.kernels._clamping import cards

CARDS = cards("relu6")
