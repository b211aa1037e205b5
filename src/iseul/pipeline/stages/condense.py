# SPDX-License-Identifier: Apache-2.0
"""Condense: a few synthetic samples per class in place of the training set.

Writes condensed.dew (the set as `[condense.store]` says) and history.json (matching loss);
neighbours.npz holds the nearest real sample of each. Metrics hold the evaluation, when the recipe
asks for one.
"""

from __future__ import annotations

import io
import time
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import iseul
from iseul.core.artifact import hash_json, open_artifact, read_json, write_bytes, write_json
from iseul.core.progress import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from iseul.condense._condensed import About, Condensed, CondensedSet
    from iseul.condense._leakage import Neighbours
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
    # the kind of device changes the last bits of sums; workers do not
    return {
        "data": recipe.data.dump(),
        "condense": recipe.table("condense"),
        "device": recipe.run.device,
    }


def run(context: Context, draft: Draft) -> None:
    recipe, splits = context.recipe, context.splits
    assert recipe.condense is not None and recipe.store is not None
    problem = _problem(context)
    kept, losses, seconds = _made_before(context) or _make_first(context, problem)
    write_json(draft.path / "history.json", {"loss": losses})
    draft.metrics |= {
        "n_samples": len(kept),
        "classes": list(splits.classes),
        "kind": splits.kind,
        "unit": problem.task.unit,
        "n_bytes": kept.layout.payload_bytes,
        "bits": kept.bits,
        "coding": "arithmetic" if kept.coded else "none",
        "factor": kept.factor,
        "share_of_real": len(kept) / len(splits.train.y),
    }
    front = getattr(recipe.data.module, "FRONT", None)  # a set of sounds says how it hears them
    if splits.kind == "spectrogram" and front is not None:
        draft.metrics["sound"] = asdict(front)
    near = _neighbours(context, problem, kept, draft)
    if recipe.evaluate is not None:
        draft.metrics |= _evaluation(context, problem, kept, near, seconds)
        kept = kept.judged(draft.metrics["accuracy"])
    kept.save(draft.path / "condensed.dew")
    draft.metrics["file_bytes"] = kept.layout.n_bytes


def _made_before(context: Context) -> tuple[CondensedSet, list[float], float] | None:
    """The set that the run folder holds, its losses and seconds, where it was made of what the
    recipe asks for now: then its judgement alone has changed. None: it must be made."""
    from iseul.condense._condensed import load_condensed

    folder = context.folder("condense")
    if "condense" in context.anew or (before := open_artifact(folder)) is None:
        return None
    kept = load_condensed(folder / "condensed.dew")
    about, wanted_hash = kept.about, _made_of(context)
    if about.version != iseul.__version__ or about.recipe != wanted_hash[: len(about.recipe)]:
        return None
    say("          the set is there and stays; it is judged anew (--from condense makes it anew)")
    return kept.judged({}), read_json(folder / "history.json")["loss"], before.seconds


def _make_first(context: Context, problem: Problem) -> tuple[CondensedSet, list[float], float]:
    started = time.perf_counter()
    made, kept = _make(context, problem, 0)
    return kept, [float(x) for x in made.losses], time.perf_counter() - started


def _make(context: Context, problem: Problem, i: int) -> tuple[Condensed, CondensedSet]:
    """Synthesis seed i: as the method made it, and as it is stored."""
    from iseul.condense.store import room_of, store

    recipe = context.recipe
    assert recipe.condense is not None and recipe.store is not None
    path = ("condense",) if i == 0 else ("condense", "seed", i)
    if i and problem.folder is not None:
        own = problem.folder / f"seed-{i}"
        own.mkdir(parents=True, exist_ok=True)
        problem = replace(problem, folder=own)
    settings = asked_of_the_method(recipe, problem)
    made = recipe.condense.module.condense(problem, settings, context.seed(*path))
    config: Any = recipe.condense.config
    room = room_of(config.ipc, recipe.store, problem)
    return made, store(made, problem, _about(context, problem), recipe.store, room)


def asked_of_the_method(recipe: Recipe, problem: Problem) -> Any:
    """The method's settings with what the storage asks of them: how many samples, which levels."""
    from iseul.condense._condensed import palette_of
    from iseul.condense.store import per_class

    assert recipe.condense is not None and recipe.store is not None
    kept = recipe.store
    config: Any = recipe.condense.config  # of any method; all of them have `ipc`
    n = per_class(config.ipc, kept, problem, getattr(config, "factor", 1))
    changes: dict[str, Any] = {"ipc": n}
    if getattr(config, "bits", None) == 0:
        colours = palette_of(kept.palette, kept.bits, problem.real.x.shape[3]) == "colours"
        changes |= {"bits": kept.bits, "palette": "colours" if colours else "levels"}
    return config.model_copy(update=changes)


def _neighbours(context: Context, problem: Problem, kept: CondensedSet, draft: Draft) -> Neighbours:
    """Find the nearest real samples and keep them for the report's gallery."""
    from iseul.condense._leakage import look_up

    near = look_up(kept.condensed(), problem, context.seed("condense", "neighbours"))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=problem.real.x[near.index], ratio=near.ratio)
    write_bytes(draft.path / "neighbours.npz", buffer.getvalue())
    return near


def _evaluation(
    context: Context, problem: Problem, kept: CondensedSet, near: Neighbours, seconds: float
) -> dict[str, Any]:
    """Metrics of `[condense.evaluate]`."""
    from iseul.condense._judging import Panel, judge
    from iseul.condense._leakage import leakage

    recipe, config = context.recipe, context.recipe.evaluate
    assert config is not None
    networks = _networks(context, problem)
    panel = Panel(
        lambda i: kept.condensed() if i == 0 else _make(context, problem, i)[1].condensed(),
        networks,
        {
            name: partial(_baseline, context, problem, name, kept)
            for name in config.baselines
            if recipe.condense is not None and name != recipe.condense.method
        },
        seconds,
    )
    seed = context.seed("condense", "evaluate")
    found = judge(panel, problem, context.splits.test, config, seed)
    if config.leakage:
        found["leakage"] = leakage(
            kept.condensed(),
            near,
            problem,
            context.splits.test,
            next(iter(networks.values())),
            config,
            context.seed("condense", "leakage"),
        )
    return found


def _networks(context: Context, problem: Problem) -> dict[str, Callable[[int], nn.Module]]:
    """Networks that are trained on the set: the recipe's, or the matching one, comes first."""
    from iseul.condense._tasks import network_sides
    from iseul.models._seed import seeded

    recipe, sides = context.recipe, network_sides(context.splits)
    assert recipe.evaluate is not None and problem.build_other is not None
    found: dict[str, Callable[[int], nn.Module]]
    chosen = recipe.evaluate_model
    if chosen is not None:
        build: Any = chosen.module.build
        found = {chosen.method: lambda seed: seeded(lambda: build(chosen.config, *sides), seed)}
    else:
        name = type(problem.build_model(0)).__module__.rpartition(".")[2]
        found = {name: problem.build_model}
    for name in recipe.evaluate.architectures:
        found.setdefault(name, partial(problem.build_other, name))
    return found


def _baseline(
    context: Context, problem: Problem, name: str, kept: CondensedSet, i: int
) -> Condensed:
    """A set of another method at its defaults in as many bytes: as many samples at the same bits,
    or with coding as many as have room."""
    from iseul.condense.store import in_room, store
    from iseul.core import registry
    from iseul.core.config import build
    from iseul.pipeline.recipe import CONDENSE

    kind, room = context.recipe.store, None
    assert kind is not None
    ipc = len(kept) // problem.n_classes
    if kept.coded:
        room = kept.layout.payload_bytes
        ipc = in_room(room, kind, problem)
    entry = registry.load(CONDENSE, name)
    config = build(entry.Config, {"ipc": ipc}, f"condense.evaluate.baselines: {name}")
    path = ("condense", name) if i == 0 else ("condense", name, i)
    made = entry.condense(replace(problem, folder=None), config, context.seed(*path))
    settings = kind.model_copy(update={"order": "none"})
    return store(made, problem, _about(context, problem), settings, room).condensed()


def _about(context: Context, problem: Problem) -> About:
    """What the file says of the set."""
    from iseul.condense._condensed import About

    recipe, splits = context.recipe, context.splits
    return About(
        problem.scale,
        problem.zero_point,
        problem.raw_max,
        splits.classes,
        problem.task.name,
        problem.axes,
        method(recipe),
        iseul.__version__,
        _made_of(context),
        recipe.seed,
    )


def _made_of(context: Context) -> str:
    """Hash of all that the set depends on besides this version; judging does not change it."""
    recipe = context.recipe
    made_by = depends(recipe) | {"condense": recipe.table("condense") | {"evaluate": None}}
    return hash_json(made_by | {"seed": recipe.seed, "tiny": recipe.tiny})


def _problem(context: Context) -> Problem:
    from iseul.condense._tasks import problem_of
    from iseul.core.parallel import Engine

    return replace(
        problem_of(context.splits, tiny=context.recipe.tiny),
        folder=context.work("condense"),
        device=context.recipe.run.device,
        engine=Engine(context.recipe.run),
    )
