# SPDX-License-Identifier: Apache-2.0
"""Cases of relu6."""

from cases._clamps import clamps

CASES = clamps("relu6")
