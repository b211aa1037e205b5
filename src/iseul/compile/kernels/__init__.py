# SPDX-License-Identifier: Apache-2.0
"""Kernel cards: one file per op; which kernels can run it, what they need, what they cost."""

KIND = "kernel cards"
REQUIRED = ("CARDS",)
