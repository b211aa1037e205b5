# SPDX-License-Identifier: Apache-2.0
"""Kernels of hard swish."""

from iseul.compile.kernels._each import real
from iseul.compile.kernels._lookup import lookup

CARDS = (lookup("hard_swish"), real("iseul_hard_swish_f32", 13))
