# SPDX-License-Identifier: Apache-2.0
"""Kernels of softplus: floats only."""

from iseul.compile.kernels._each import real

CARDS = (real("iseul_softplus_f32", 117),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
