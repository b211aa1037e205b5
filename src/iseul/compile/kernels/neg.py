# SPDX-License-Identifier: Apache-2.0
"""Kernels of the negative."""

from iseul.compile.kernels._each import each, real
from iseul.compile.kernels._lookup import lookup

CARDS = (
    lookup("neg"),
    each("iseul_neg_s16", "iseul_each_t", ("int16",), 5),
    each("iseul_neg_s32", "iseul_each_t", ("int32",), 7),
    real("iseul_neg_f32", 5),
)
