# SPDX-License-Identifier: Apache-2.0
"""Kernels of the index of the largest element."""

from iseul.compile.kernels._along import arg_cards

CARDS = arg_cards(largest=True)
