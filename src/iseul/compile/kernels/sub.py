# SPDX-License-Identifier: Apache-2.0
"""Kernels of subtraction."""

from __future__ import annotations

from iseul.compile.kernels._sums import sums

CARDS = sums("sub", b_sign=-1)
