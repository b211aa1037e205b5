# SPDX-License-Identifier: Apache-2.0
"""Report: one HTML file and one JSON file from the artefacts of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iseul.core.artifact import Draft
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Recipe


def wanted(recipe: Recipe) -> bool:
    return True


def method(recipe: Recipe) -> str:
    return "html, json"


def needs(recipe: Recipe) -> tuple[str, ...]:
    from iseul.pipeline.run import stages_of

    return tuple(name for name in stages_of(recipe) if name != "report")


def depends(recipe: Recipe) -> Any:
    return recipe.dump()


def run(context: Context, draft: Draft) -> None:
    from iseul.report import write_report

    write_report(context.run_dir, draft.path)
