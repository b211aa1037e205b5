# SPDX-License-Identifier: Apache-2.0
"""Kernels of largest values over axes."""

from iseul.compile.kernels._reducing import NUMBERS, extremes

CARDS = extremes(0, *NUMBERS)
