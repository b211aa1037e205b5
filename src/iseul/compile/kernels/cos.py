# SPDX-License-Identifier: Apache-2.0
"""Kernels of cosine: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_cos_f32", 138),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
