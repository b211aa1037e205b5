# SPDX-License-Identifier: Apache-2.0
"""Cases of arg_min."""

from cases._args import args, scalar

CASES = args("arg_min")

__all__ = ["CASES", "scalar"]
