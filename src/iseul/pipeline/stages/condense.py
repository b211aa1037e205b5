# SPDX-License-Identifier: Apache-2.0
"""Condense: a few synthetic samples per class in place of the training set.

Writes condensed.dew (the set as `[condense.store]` says), condensed_1.dew and so on (other
syntheses that are judged), history.json (matching loss), neighbours.npz (the nearest real sample
of each) and scores.json (of every network that judged). Metrics hold the evaluation, when the
recipe asks for one.
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
from iseul.core.errors import DataError
from iseul.core.progress import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

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
    places = _places(context)
    kept, losses, seconds = _first(context, problem, places)
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
        "upsampler_bytes": 0 if kept.upsampler is None else kept.upsampler.n_bytes,
        "share_of_real": len(kept) / len(splits.train.y),
    }
    front = getattr(recipe.data.module, "FRONT", None)  # a set of sounds says how it hears them
    if splits.kind == "spectrogram" and front is not None:
        draft.metrics["sound"] = asdict(front)
    near = _neighbours(context, problem, kept, draft)
    if recipe.evaluate is not None:
        draft.metrics |= _evaluation(context, problem, kept, seconds, places, draft)
        if recipe.evaluate.leakage:
            draft.metrics["leakage"] = _leakage(context, problem, kept, near)
        kept = kept.judged(draft.metrics["accuracy"])
    kept.save(draft.path / "condensed.dew")
    draft.metrics["file_bytes"] = kept.layout.n_bytes


def _places(context: Context) -> list[Path]:
    """Folders whose syntheses and scores may be taken over: the finished stage, if nobody changed
    it, and what a stopped run left; none where all is to be made anew."""
    if "condense" in context.anew:
        return []
    folder, work = context.folder("condense"), context.work("condense")
    return [work] if open_artifact(folder) is None else [folder, work]


def _first(
    context: Context, problem: Problem, places: Sequence[Path]
) -> tuple[CondensedSet, list[float], float | None]:
    """Synthesis 0, its losses and the seconds it took, if they are known: as a place holds it, or
    made now. Of a finished stage its judgement alone has changed."""
    for place in places:
        if (kept := _kept(context, place, 0)) is not None:
            history = read_json(place / "history.json")
            if place == context.folder("condense"):
                say("          the set is there and is judged anew; --from condense makes it anew")
            return kept, history["loss"], history.get("seconds")
    started = time.perf_counter()
    made, kept = _make(context, problem, 0)
    losses, seconds = [float(x) for x in made.losses], time.perf_counter() - started
    work = context.work("condense")
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / "history.json", {"loss": losses, "seconds": seconds})  # the set comes last
    _keep(context, kept, 0)
    return kept, losses, seconds


def _keep(context: Context, kept: CondensedSet, i: int) -> None:
    """Save synthesis i where the next run finds it if this one is stopped."""
    work = context.work("condense")
    work.mkdir(parents=True, exist_ok=True)
    kept.save(work / _name(i))


def _found(context: Context, places: Sequence[Path], i: int) -> CondensedSet | None:
    """Synthesis i > 0, if a place holds it."""
    return next(filter(None, (_kept(context, place, i) for place in places)), None)


def _kept(context: Context, folder: Path, i: int) -> CondensedSet | None:
    """Synthesis i as a folder holds it, if it is what would be made now."""
    from iseul.condense._condensed import load_condensed

    path = folder / _name(i)
    if not path.is_file():
        return None
    try:
        kept = load_condensed(path)
    except DataError:  # damaged: it is made anew
        return None
    about, wanted_hash = kept.about, _made_of(context)
    if about.version != iseul.__version__ or about.recipe != wanted_hash[: len(about.recipe)]:
        return None
    return kept.judged({})


def _name(i: int) -> str:
    """The file of synthesis i."""
    return f"condensed_{i}.dew" if i else "condensed.dew"


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
    from iseul.condense._formation import parts
    from iseul.condense._upsampler import n_bytes
    from iseul.condense.store import per_class

    assert recipe.condense is not None and recipe.store is not None
    kept = recipe.store
    config: Any = recipe.condense.config  # of any method; all of them have `ipc`
    factor, beside = getattr(config, "factor", 1), 0
    upsampling = getattr(config, "upsampling", None)
    if upsampling is not None and upsampling.kind == "learned":
        n_values = problem.real.x.shape[3]
        n_out = n_values * parts(factor, problem.axes)
        beside = n_bytes(upsampling.channels, n_values, n_out)
    moved = bool(getattr(config, "steps", 0) or getattr(config, "iterations", 0))
    n = per_class(config.ipc, kept, problem, factor, beside, moved)
    changes: dict[str, Any] = {"ipc": n}
    rounding = getattr(config, "rounding", None)
    if rounding is not None and not rounding.bits:
        colours = palette_of(kept.palette, kept.bits, problem.real.x.shape[3]) == "colours"
        known = {"bits": kept.bits, "palette": "colours" if colours else "levels"}
        changes["rounding"] = rounding.model_copy(update=known)
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
    context: Context,
    problem: Problem,
    kept: CondensedSet,
    seconds: float | None,
    places: Sequence[Path],
    draft: Draft,
) -> dict[str, Any]:
    """Metrics of `[condense.evaluate]`; scores and other syntheses are kept in the draft."""
    from iseul.condense._judging import Panel, judge, trials_of
    from iseul.condense._scores import Ledger

    recipe, config = context.recipe, context.recipe.evaluate
    assert config is not None
    sets = [kept, *(_found(context, places, i) for i in range(1, config.seeds))]

    def synthesis(i: int) -> CondensedSet:
        if (made := sets[i]) is None:
            made = sets[i] = _make(context, problem, i)[1]
            _keep(context, made, i)
        return made

    chosen = recipe.evaluate_model
    panel = Panel(
        lambda i: synthesis(i).condensed(),
        _networks(context, problem),
        {
            name: partial(_baseline, context, problem, name, kept)
            for name in config.baselines
            if recipe.condense is not None and name != recipe.condense.method
        },
        {i: seconds for i, made in enumerate(sets) if made is None},
        {} if chosen is None else {chosen.method: chosen.dump()},
    )
    known = [iseul.__version__, _made_of(context)]
    ledger = Ledger(known, context.work("condense") / "scores.json")
    for place in places:
        ledger.read(place / "scores.json")
    seed = context.seed("condense", "evaluate")
    found = judge(panel, problem, context.splits.test, config, seed, ledger)
    ledger.write(draft.path / "scores.json", trials_of(panel, config, seed))
    for i in range(1, config.seeds):
        synthesis(i).save(draft.path / _name(i))
    return found


def _leakage(
    context: Context, problem: Problem, kept: CondensedSet, near: Neighbours
) -> dict[str, Any]:
    from iseul.condense._leakage import leakage

    assert context.recipe.evaluate is not None
    return leakage(
        kept.condensed(),
        near,
        problem,
        context.splits.test,
        next(iter(_networks(context, problem).values())),
        context.recipe.evaluate,
        context.seed("condense", "leakage"),
    )


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
