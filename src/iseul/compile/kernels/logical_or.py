# SPDX-License-Identifier: Apache-2.0
"""Kernel of the logical "or"."""

from __future__ import annotations

from iseul.compile.kernels._logical import cards

CARDS = cards(truth=0b1110)
