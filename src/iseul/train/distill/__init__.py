# SPDX-License-Identifier: Apache-2.0
"""Distillation losses: one file each."""

KIND = "distillation loss"
REQUIRED = (
    "Config",
    "loss",
)
