# SPDX-License-Identifier: Apache-2.0
"""Kernels of ceil: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_ceil_f32", 18),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
