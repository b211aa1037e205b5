# SPDX-License-Identifier: Apache-2.0
"""Kernels of round: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_round_f32", 25),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
