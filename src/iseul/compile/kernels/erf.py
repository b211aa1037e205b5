# SPDX-License-Identifier: Apache-2.0
"""Kernels of the error function: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_erf_f32", 80),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
