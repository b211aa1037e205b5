# SPDX-License-Identifier: Apache-2.0
"""Readers: one file format each, `read(path) -> Graph` and the `SUFFIXES` it takes."""

KIND = "reader"
REQUIRED = ("read", "SUFFIXES")
