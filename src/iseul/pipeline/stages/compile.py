# SPDX-License-Identifier: Apache-2.0
"""Compile: the compressed graph becomes C99 with a static memory plan.

Writes c/ (all sources, ready for `cc *.c`), package.json (plan and steps) and proofs.json (of the
shortcuts that kernels take).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.artifact import write_json

if TYPE_CHECKING:
    from iseul.compile import Package
    from iseul.core.artifact import Draft
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Recipe


def wanted(recipe: Recipe) -> bool:
    return recipe.compile is not None


def method(recipe: Recipe) -> str:
    assert recipe.compile is not None
    return f"c, {recipe.compile.goal}"


def needs(recipe: Recipe) -> tuple[str, ...]:
    return ("compress",)


def depends(recipe: Recipe) -> Any:
    return {
        "data": recipe.data.dump(),
        "compile": recipe.table("compile"),
        "board": recipe.board.model_dump(mode="json"),
    }


def build_package(context: Context) -> Package:
    """The package of this run: same graph, same golden input, same text."""
    from iseul.compile import compile_graph
    from iseul.graph.files import load_graph
    from iseul.pipeline.stages.compress import device_inputs

    recipe = context.recipe
    assert recipe.compile is not None
    graph = load_graph(context.folder("compress") / "model.iseul")
    golden = device_inputs(context, graph, context.splits.test.x[:1])[0]
    return compile_graph(
        graph, recipe.board, goal=recipe.compile.goal, golden=[golden], name=recipe.name
    )


def run(context: Context, draft: Draft) -> None:
    from iseul.compile import check_fits, write_package

    package = build_package(context)
    check_fits(package, context.recipe.board)
    write_package(package, draft.path / "c")
    write_json(draft.path / "package.json", package.summary())
    write_json(draft.path / "proofs.json", package.proofs())
    draft.metrics |= {
        "arena_bytes": package.plan.arena_bytes,
        "arena_lower_bound_bytes": package.plan.lower_bound_bytes,
        "n_steps": len(package.steps),
    }
    draft.fallbacks += package.notes
