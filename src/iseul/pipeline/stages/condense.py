# SPDX-License-Identifier: Apache-2.0
"""Condense: a few synthetic samples per class in place of the training set.

Writes condensed.npz (x, y, subset) and history.json (matching loss); metrics hold the
accuracy of fresh nets trained on it and on a random draw of as many real samples, when the
recipe asks for an evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.artifact import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from iseul.condense._condensed import Condensed
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
    from iseul.models import convnet
    from iseul.models._seed import seeded

    recipe, splits = context.recipe, context.splits
    assert recipe.condense is not None

    def matching_net(seed: int) -> nn.Module:
        settings = convnet.TINY if recipe.tiny else convnet.Config()
        return seeded(lambda: convnet.build(settings, splits.shape, splits.n_classes), seed)

    condensed = recipe.condense.module.condense(
        splits.train,
        splits.scale,
        splits.n_classes,
        matching_net,
        recipe.condense.config,
        context.seed("condense"),
    )
    condensed.save(draft.path / "condensed.npz")
    write_json(draft.path / "history.json", {"loss": [float(x) for x in condensed.losses]})
    draft.metrics |= {
        "n_samples": len(condensed.y),
        "classes": list(splits.classes),
        "n_bytes": int(condensed.x.nbytes),
        "share_of_real": len(condensed.y) / len(splits.train.y),
    }
    if recipe.evaluate is not None:
        from iseul.condense.evaluate import evaluate

        chosen = recipe.evaluate_model

        def judge_net(seed: int) -> nn.Module:
            if chosen is None:
                return matching_net(seed)
            build = chosen.module.build
            return seeded(lambda: build(chosen.config, splits.shape, splits.n_classes), seed)

        def judged(samples: Condensed) -> dict[str, dict[str, float]]:
            assert recipe.evaluate is not None
            return evaluate(
                samples,
                splits.test,
                splits.scale,
                splits.n_classes,
                judge_net,
                recipe.evaluate,
                context.seed("condense", "evaluate"),
            )

        draft.metrics["accuracy"] = judged(condensed)
        if recipe.condense.method != "random":
            draft.metrics["random"] = judged(_random_draw(context, len(condensed.y), matching_net))


def _random_draw(context: Context, n: int, build_model: Callable[[int], nn.Module]) -> Condensed:
    """As many real samples, drawn by lot: what every method must beat."""
    from iseul.condense import random

    splits = context.splits
    config = random.Config(ipc=n // splits.n_classes)
    return random.condense(
        splits.train,
        splits.scale,
        splits.n_classes,
        build_model,
        config,
        context.seed("condense", "random"),
    )
