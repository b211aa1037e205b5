# SPDX-License-Identifier: Apache-2.0
"""Condensation methods: one file each, real samples in, a few synthetic samples per class out."""

KIND = "condensation method"
REQUIRED = (
    "Config",
    "condense",
)
HELPERS = ("evaluate", "store")
