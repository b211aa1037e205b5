# SPDX-License-Identifier: Apache-2.0
"""Kernels of smallest values over axes."""

from iseul.compile.kernels._reducing import NUMBERS, REMEDY, extremes

CARDS = extremes(-1, *NUMBERS)

__all__ = ["CARDS", "REMEDY"]
