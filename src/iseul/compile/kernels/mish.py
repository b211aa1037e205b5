# SPDX-License-Identifier: Apache-2.0
"""Kernels of mish: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_mish_f32", 160),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
