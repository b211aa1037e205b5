# SPDX-License-Identifier: Apache-2.0
"""Runs a recipe's stages in order and skips what is up to date."""

from iseul.pipeline.run import RunResult, run_recipe

__all__ = ["RunResult", "run_recipe"]
