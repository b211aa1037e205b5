# SPDX-License-Identifier: Apache-2.0
"""Kernels of sums over axes."""

from iseul.compile.kernels._reducing import REMEDY, sums

CARDS = sums(is_mean=False)

__all__ = ["CARDS", "REMEDY"]
