# SPDX-License-Identifier: Apache-2.0
"""Cases of relu."""

from cases._clamps import clamps

CASES = clamps("relu")
