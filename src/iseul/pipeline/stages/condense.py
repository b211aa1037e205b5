# SPDX-License-Identifier: Apache-2.0
"""Condense: a few synthetic samples per class in place of the training set.

Writes condensed.dew (the set as `[condense.store]` says) and history.json (matching loss);
metrics hold the accuracy of fresh nets trained on it and on a random draw of as many real
samples, when the recipe asks for an evaluation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import iseul
from iseul.core.artifact import hash_json, write_json

if TYPE_CHECKING:
    from torch import nn

    from iseul.condense._condensed import About, Condensed
    from iseul.condense._problem import Problem
    from iseul.core.artifact import Draft
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Recipe


def wanted(recipe: Recipe) -> bool:
    return recipe.condense is not None


def method(recipe: Recipe) -> str:
    assert recipe.condense is not None
    return recipe.condense.method


def needs(recipe: Recipe) -> tuple[str, ...]:
    return ()


def depends(recipe: Recipe) -> Any:
    return {"data": recipe.data.dump(), "condense": recipe.table("condense")}


def run(context: Context, draft: Draft) -> None:
    from iseul.condense.store import store

    recipe, splits = context.recipe, context.splits
    assert recipe.condense is not None and recipe.store is not None

    problem = _problem(context)
    made = recipe.condense.module.condense(
        problem, recipe.condense.config, context.seed("condense")
    )
    write_json(draft.path / "history.json", {"loss": [float(x) for x in made.losses]})
    kept, note = store(
        made, problem, _about(context, problem), recipe.store, context.seed("condense", "store")
    )
    draft.fallbacks += [note] if note else []
    condensed = kept.condensed()
    draft.metrics |= {
        "n_samples": len(kept),
        "classes": list(splits.classes),
        "n_bytes": kept.layout.payload_bytes,
        "bits": kept.bits,
        "factor": kept.factor,
        "share_of_real": len(kept) / len(splits.train.y),
    }
    if recipe.evaluate is not None:
        from iseul.condense import random
        from iseul.condense._tasks import network_sides
        from iseul.condense.evaluate import evaluate
        from iseul.models._seed import seeded

        chosen = recipe.evaluate_model

        def judge_net(seed: int) -> nn.Module:
            if chosen is None:
                return problem.build_model(seed)
            build = chosen.module.build
            return seeded(lambda: build(chosen.config, *network_sides(splits)), seed)

        def judged(samples: Condensed) -> dict[str, dict[str, float]]:
            assert recipe.evaluate is not None
            return evaluate(
                samples,
                problem,
                splits.test,
                judge_net,
                recipe.evaluate,
                context.seed("condense", "evaluate"),
            )

        draft.metrics["accuracy"] = judged(condensed)
        if recipe.condense.method != "random":
            config = random.Config(ipc=len(condensed.y) // problem.n_classes)
            seed = context.seed("condense", "random")
            draft.metrics["random"] = judged(random.condense(problem, config, seed))
        kept = kept.judged(draft.metrics["accuracy"])
    kept.save(draft.path / "condensed.dew")
    draft.metrics["file_bytes"] = kept.layout.n_bytes


def _about(context: Context, problem: Problem) -> About:
    """What the file says of the set."""
    from iseul.condense._condensed import About

    recipe, splits = context.recipe, context.splits
    made_by = recipe.table("condense") | {"evaluate": None}  # judging a set does not change it
    depends = {"data": recipe.data.dump(), "condense": made_by, "seed": recipe.seed}
    return About(
        problem.scale,
        problem.zero_point,
        problem.raw_max,
        splits.classes,
        problem.task.name,
        problem.axes,
        method(recipe),
        iseul.__version__,
        hash_json(depends),
        recipe.seed,
    )


def _problem(context: Context) -> Problem:
    from iseul.condense._tasks import problem_of
    from iseul.core.parallel import Engine

    return replace(
        problem_of(context.splits, tiny=context.recipe.tiny),
        folder=context.work("condense"),
        device=context.recipe.run.device,
        engine=Engine(context.recipe.run),
    )
