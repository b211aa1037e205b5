# SPDX-License-Identifier: Apache-2.0
"""Kernels of floor: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_floor_f32", 17),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
