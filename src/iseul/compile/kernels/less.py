# SPDX-License-Identifier: Apache-2.0
"""Kernels of the comparison "less"."""

from __future__ import annotations

from iseul.compile.kernels._comparing import cards

CARDS = cards("less")
