# SPDX-License-Identifier: Apache-2.0
"""Kernel of remainders of quotients rounded down."""

from __future__ import annotations

from iseul.compile.kernels import _binary as binary

CARDS = (binary.card("iseul_floor_mod_f32", "iseul_pair_t", ("float32",), 58, binary.no_fields),)
