# SPDX-License-Identifier: Apache-2.0
"""Kernel of quotients rounded down."""

from __future__ import annotations

from iseul.compile.kernels import _binary as binary

CARDS = (binary.card("iseul_floor_div_f32", "iseul_pair_t", ("float32",), 97, binary.no_fields),)
