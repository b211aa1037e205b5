# SPDX-License-Identifier: Apache-2.0
"""Kernels of softsign: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_softsign_f32", 11),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
