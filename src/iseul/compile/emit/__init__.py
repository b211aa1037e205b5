# SPDX-License-Identifier: Apache-2.0
"""Emitters: one output format each."""

KIND = "format"
REQUIRED = ("emit",)
