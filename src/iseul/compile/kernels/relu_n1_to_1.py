# SPDX-License-Identifier: Apache-2.0
"""Kernels of ReLU from -1 to 1."""

from iseul.compile.kernels._clamping import cards

CARDS = cards("relu_n1_to_1")
