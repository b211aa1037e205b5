# SPDX-License-Identifier: Apache-2.0
"""Kernels of sign: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_sign_f32", 9),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
