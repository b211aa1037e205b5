# SPDX-License-Identifier: Apache-2.0
"""Kernels of reinterpret: those of reshape, as nothing moves."""

from iseul.compile.kernels.reshape import CARDS

__all__ = ["CARDS"]
