# SPDX-License-Identifier: Apache-2.0
"""Kernels of smallest values over axes."""

from iseul.compile.kernels._reducing import NUMBERS, extremes

CARDS = extremes(-1, *NUMBERS)
