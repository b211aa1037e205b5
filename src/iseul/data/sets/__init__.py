# SPDX-License-Identifier: Apache-2.0
"""Data sets: one file each, `load(config) -> Splits`."""

KIND = "data set"
REQUIRED = (
    "Config",
    "load",
)
