# SPDX-License-Identifier: Apache-2.0
"""Runners: one thing each that executes a compiled package.

A runner of emulated chips also states `FAMILY` (see `_chip.py`): which cores it runs.
"""

KIND = "runner"
REQUIRED = (
    "available",
    "run",
    "selftest",
)
