# SPDX-License-Identifier: Apache-2.0
"""Kernels of means over axes: those of sums."""

from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels._reducing import REMEDY, axes, few_axes, sums
from iseul.graph.ops._reducing import count

CARDS = (*sums(is_mean=True), factor.mean(axes, few_axes, count))

__all__ = ["CARDS", "REMEDY"]
