# SPDX-License-Identifier: Apache-2.0
"""Quantization: one method a file, float graph in, integer graph out."""

KIND = "quantization method"
REQUIRED = (
    "Config",
    "apply",
)
