# SPDX-License-Identifier: Apache-2.0
"""Cases of relu_0_to_1."""

from cases._clamps import clamps, scalar

CASES = clamps("relu_0_to_1")

__all__ = ["CASES", "scalar"]
