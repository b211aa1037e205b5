# SPDX-License-Identifier: Apache-2.0
"""Kernels of ReLU from 0 to 1."""

from iseul.compile.kernels._clamping import cards

CARDS = cards("relu_0_to_1")
