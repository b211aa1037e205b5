# SPDX-License-Identifier: Apache-2.0
"""Kernels of addition."""

from __future__ import annotations

from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels._sums import sums

CARDS = (*sums("add", b_sign=1), *factor.addition())
