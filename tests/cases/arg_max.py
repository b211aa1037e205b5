# SPDX-License-Identifier: Apache-2.0
"""Cases of arg_max."""

from cases._args import args, scalar

CASES = args("arg_max")

__all__ = ["CASES", "scalar"]
