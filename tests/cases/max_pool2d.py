# SPDX-License-Identifier: Apache-2.0
"""Cases of max_pool2d."""

from cases._pools import pools

CASES = pools("max_pool2d", 0.0, "")
