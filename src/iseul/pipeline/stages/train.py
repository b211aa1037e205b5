# SPDX-License-Identifier: Apache-2.0
"""Train: the network of the recipe, optionally with a teacher; the result is a float graph.

Writes model.iseul (batch norm folded, activations fused, softmax at the end) and history.json.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from iseul.core.artifact import write_json
from iseul.core.errors import UnsupportedError

if TYPE_CHECKING:
    from torch import nn

    from iseul.core.artifact import Draft
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Choice, Recipe, Train
    from iseul.train.loop import Distill


def wanted(recipe: Recipe) -> bool:
    return recipe.train is not None


def method(recipe: Recipe) -> str:
    assert recipe.train is not None
    return recipe.train.model.method


def needs(recipe: Recipe) -> tuple[str, ...]:
    assert recipe.train is not None
    return ("condense",) if recipe.train.samples == "condensed" else ()


def depends(recipe: Recipe) -> Any:
    return {"data": recipe.data.dump(), "train": recipe.table("train")}


def run(context: Context, draft: Draft) -> None:
    from iseul.graph.files import save_graph
    from iseul.graph.passes._order import run_passes
    from iseul.graph.read.torch_export import export_module
    from iseul.train.evaluate import accuracy, logits_of
    from iseul.train.loop import fit

    recipe, splits = context.recipe, context.splits
    assert recipe.train is not None
    if splits.task != "classification":
        raise UnsupportedError(
            f"[train] learns classes; {recipe.data.method} is a set for {splits.task}",
            "leave [train] out: [condense] and its evaluation know this task",
        )
    samples = context.training_samples(recipe.train.samples)
    teacher = _teacher(context, recipe.train, draft)
    model = _build(context, recipe.train.model, "train")
    history = fit(
        model,
        samples,
        splits.scale,
        recipe.train.loop,
        context.seed("train", "fit"),
        teacher=teacher,
        distill=distill_loss(recipe.train.distill),
    )
    write_json(draft.path / "history.json", history.as_dict())
    test = accuracy(logits_of(model, splits.test, splits.scale), splits.test.y)
    height, width, channels = splits.shape
    exported = export_module(model, (channels, height, width), recipe.name, softmax=True)
    graph = run_passes(exported, recipe.board)
    save_graph(graph, draft.path / "model.iseul")
    draft.metrics |= {
        "accuracy": float(test),
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "n_samples": len(samples.y),
        "n_test": len(splits.test.y),
    }


def _build(context: Context, model: Choice, use: str) -> nn.Module:
    from iseul.models._seed import seeded

    splits = context.splits
    return seeded(
        lambda: model.module.build(model.config, splits.shape, splits.n_classes),
        context.seed(use, "init"),
    )


def distill_loss(choice: Choice | None) -> Distill | None:
    """A distillation loss with its config bound."""
    return partial(choice.module.loss, config=choice.config) if choice is not None else None


def _teacher(context: Context, train: Train, draft: Draft) -> nn.Module | None:
    if train.teacher is None or train.teacher_loop is None:
        return None
    from iseul.train.evaluate import accuracy, logits_of
    from iseul.train.loop import fit

    splits = context.splits
    teacher = _build(context, train.teacher, "teacher")
    fit(
        teacher,
        context.training_samples(train.samples),
        splits.scale,
        train.teacher_loop,
        context.seed("teacher", "fit"),
        title="teacher",
    )
    draft.metrics["accuracy_teacher"] = float(
        accuracy(logits_of(teacher, splits.test, splits.scale), splits.test.y)
    )
    return teacher
