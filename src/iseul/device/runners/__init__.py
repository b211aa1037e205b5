# SPDX-License-Identifier: Apache-2.0
"""Runners: one thing each that executes a compiled package."""

KIND = "runner"
REQUIRED = (
    "available",
    "run",
)
