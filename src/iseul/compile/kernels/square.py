# SPDX-License-Identifier: Apache-2.0
"""Kernels of square: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_square_f32", 5),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
