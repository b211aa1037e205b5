# SPDX-License-Identifier: Apache-2.0
"""Cases of average_pool2d."""

from cases._case import SUMS_REORDERED
from cases._pools import pools

CASES = pools("average_pool2d", 1e-5, SUMS_REORDERED)
