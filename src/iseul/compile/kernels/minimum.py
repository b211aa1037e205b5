# SPDX-License-Identifier: Apache-2.0
"""Kernels of the smaller of two values."""

from __future__ import annotations

from iseul.compile.kernels._choosing import cards

CARDS = cards("minimum")
