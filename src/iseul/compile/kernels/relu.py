# SPDX-License-Identifier: Apache-2.0
"""Kernels of ReLU."""

from iseul.compile.kernels._clamping import cards

CARDS = cards("relu")
