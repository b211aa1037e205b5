# SPDX-License-Identifier: Apache-2.0
"""Pruning: one method a file, graph in, smaller graph out."""

KIND = "pruning method"
REQUIRED = (
    "Config",
    "apply",
)
