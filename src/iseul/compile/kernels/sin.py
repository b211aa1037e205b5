# SPDX-License-Identifier: Apache-2.0
"""Kernels of sine: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_sin_f32", 140),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
