# SPDX-License-Identifier: Apache-2.0
"""Puts the condensed set of a recipe to a use, after the stages that the use needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core import registry
from iseul.core.artifact import write_json
from iseul.core.errors import UsageError
from iseul.pipeline._context import Context
from iseul.pipeline.run import run_recipe, stages_of

if TYPE_CHECKING:
    from pathlib import Path

    from iseul.pipeline.recipe import Recipe

USES = "iseul.pipeline.uses"
# What `--tiny` makes of a use: a few seconds.
TINY: dict[str, dict[str, int]] = {
    "calibration": {"draws": 1, "most": 100},
    "proxy": {"steps": 2, "whole_steps": 2},
    "replay": {"steps": 2, "seeds": 1},
}


def use_set(recipe: Recipe, run_dir: Path, name: str) -> tuple[dict[str, Any], str]:
    """What the set is worth in that use, and the same as text; kept as `use_<name>.json`.

    Raises UsageError for an unknown use, or if the recipe lacks a stage that it needs.
    """
    entry = registry.load(USES, name)
    missing = [stage for stage in entry.STAGES if stage not in stages_of(recipe)]
    if missing:
        raise UsageError(
            f"--as {name} needs [{missing[0]}], which is not in the recipe",
            f"a recipe with {' and '.join(f'[{stage}]' for stage in entry.STAGES)}",
        )
    run_recipe(recipe, run_dir, until=entry.STAGES[-1])
    settings = TINY.get(name, {}) if recipe.tiny else {}
    value: dict[str, Any] = entry.run(Context(recipe, run_dir), entry.Config(**settings))
    write_json(run_dir / f"use_{name}.json", value)
    text: str = entry.table(value)
    return value, text
