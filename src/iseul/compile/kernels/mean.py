# SPDX-License-Identifier: Apache-2.0
"""Kernels of means over axes: those of sums."""

from iseul.compile.kernels._reducing import sums

CARDS = sums(is_mean=True)
