# SPDX-License-Identifier: Apache-2.0
"""Runners: one thing each that executes a compiled package.

A runner states which cores it runs: one of emulated chips with `FAMILY` (see `_chip.py`), another
one with `CORES`.
"""

KIND = "runner"
REQUIRED = (
    "available",
    "run",
    "selftest",
)
