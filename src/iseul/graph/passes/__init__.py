# SPDX-License-Identifier: Apache-2.0
"""Passes: one rewrite each, `rewrite(graph, target) -> Graph`. `_order.py` lists their order."""

KIND = "pass"
REQUIRED = ("rewrite",)
