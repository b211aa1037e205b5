# SPDX-License-Identifier: Apache-2.0
"""Runs the stages of a recipe: resumes where it stopped, skips what is up to date.

A stage is up to date when its folder is whole and its key, the hash of everything its result
depends on, is what it would be now. A killed run leaves finished stages and a `.part` folder;
the next run goes on from there.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import iseul
from iseul.core import registry
from iseul.core.artifact import Artifact, draft, hash_json, open_artifact, read_json, write_json
from iseul.core.errors import BudgetError, DataError, UsageError
from iseul.core.parallel import Engine
from iseul.core.progress import say
from iseul.core.units import show_seconds
from iseul.pipeline._context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iseul.pipeline.recipe import Budgets, Recipe

STAGES = "iseul.pipeline.stages"
ORDER = ("condense", "train", "compress", "compile", "device", "report")


@dataclass(frozen=True)
class RunResult:
    """A finished run. `summary` is what `run --json` prints; `broken` the exceeded budgets."""

    run_dir: Path
    summary: Mapping[str, Any]
    broken: BudgetError | None


def stages_of(recipe: Recipe) -> tuple[str, ...]:
    """Names of the stages that a recipe has, in run order."""
    return tuple(name for name in ORDER if registry.load(STAGES, name).wanted(recipe))


def run_recipe(
    recipe: Recipe,
    run_dir: Path,
    *,
    start: str | None = None,
    only: str | None = None,
    until: str | None = None,
) -> RunResult:
    """Run a recipe's stages into a folder.

    start: redo this stage and all after it, even if up to date
    only:  run this stage alone; what it needs must be there
    until: stop after this stage
    Raises what the stages raise; a broken budget is returned, so that the report is written.
    """
    names = stages_of(recipe)
    _check_needs(recipe, names)
    for asked in (start, only, until):
        if asked is not None and asked not in names:
            raise UsageError(f'the recipe has no stage "{asked}"', f"one of: {', '.join(names)}")
    run_dir.mkdir(parents=True, exist_ok=True)
    _use_cores(recipe)
    anew = {only} if only else set(names[names.index(start) :]) if start else set()
    context = Context(recipe, run_dir, frozenset(anew))
    write_json(run_dir / "recipe.json", recipe.dump())
    done: dict[str, Artifact] = {}
    skipped: dict[str, bool] = {}
    for name in names:
        if only not in (None, name):
            found = open_artifact(run_dir / name)
            if found is not None:
                done[name], skipped[name] = found, True
            continue
        done[name], skipped[name] = _bring_up_to_date(context, name, done)
        if name == "device":
            _write_summary(context, done, skipped)
        if name == until:
            break
    summary = _write_summary(context, done, skipped)
    return RunResult(run_dir, summary, _broken(recipe, run_dir, summary))


def _check_needs(recipe: Recipe, names: tuple[str, ...]) -> None:
    """Raise UsageError, before any work, if a stage needs one that the recipe does not have."""
    for name in names:
        missing = [n for n in registry.load(STAGES, name).needs(recipe) if n not in names]
        if missing:
            lacks = ", ".join(f"[{need}]" for need in missing)
            raise UsageError(
                f"[{name}] needs {lacks}, which is not in the recipe",
                f"add [{missing[0]}]" if missing[0] != "condense" else 'samples = "real"',
            )


def _use_cores(recipe: Recipe) -> None:
    """Torch threads as [run] says, or all cores, or OMP_NUM_THREADS; deterministic kernels."""
    import torch

    torch.set_num_threads(Engine(recipe.run.model_copy(update={"engine": "process"})).threads)
    torch.use_deterministic_algorithms(True)


def stage_key(recipe: Recipe, name: str, done: Mapping[str, Artifact]) -> str:
    """Hash of everything a stage's result depends on. Raises UsageError if an input is missing."""
    stage = registry.load(STAGES, name)
    needed = stage.needs(recipe)
    missing = [need for need in needed if need not in done]
    if missing:
        raise UsageError(
            f'stage "{name}" needs {", ".join(missing)}, which has not been run',
            "leave --only out, or run those stages first",
        )
    return hash_json(
        {
            "stage": name,
            "version": iseul.__version__,
            "seed": recipe.seed,
            "tiny": recipe.tiny,
            "depends": stage.depends(recipe),
            "inputs": {need: done[need].hash for need in needed},
        }
    )


def _bring_up_to_date(
    context: Context, name: str, done: Mapping[str, Artifact]
) -> tuple[Artifact, bool]:
    stage = registry.load(STAGES, name)
    method = stage.method(context.recipe)
    key = stage_key(context.recipe, name, done)
    folder = context.folder(name)
    found = open_artifact(folder)
    if found is not None and found.key == key and name not in context.anew:
        say(f"{name:9} {method}: up to date")
        return found, True
    say(f"{name:9} {method} ...")
    with draft(folder, name, method, key) as made:
        stage.run(context, made)
    fresh = open_artifact(folder)
    assert fresh is not None, f"{folder} is not whole just after it was written"
    shutil.rmtree(context.work(name), ignore_errors=True)
    for line in fresh.fallbacks:
        say(f"          note: {line}")
    say(f"{name:9} done in {show_seconds(fresh.seconds)}{_headline(fresh)}")
    return fresh, False


def _headline(artifact: Artifact) -> str:
    accuracy = artifact.metrics.get("accuracy")
    return f", accuracy {100 * accuracy:.2f} %" if isinstance(accuracy, float) else ""


def _write_summary(
    context: Context, done: Mapping[str, Artifact], skipped: Mapping[str, bool]
) -> dict[str, Any]:
    run_dir = context.run_dir
    stages = {
        name: {
            "seconds": artifact.seconds,
            "skipped": skipped[name],
            "metrics": dict(artifact.metrics),
            "hash": artifact.hash,
        }
        for name, artifact in done.items()
    }
    has_profile = "device" in done and "profile.json" in done["device"].files
    profile = read_json(run_dir / "device" / "profile.json") if has_profile else None
    accuracy = {
        "float": _metric(done, "train"),
        "compressed": _metric(done, "compress"),
        "device": _metric(done, "device"),
    }
    summary = {
        "run_dir": str(run_dir),
        "stages": stages,
        "device": profile,
        "accuracy": accuracy,
        "budgets": budget_rows(context.recipe.budgets, profile, accuracy["device"]),
    }
    write_json(run_dir / "run.json", summary)
    return summary


def _metric(done: Mapping[str, Artifact], stage: str) -> float | None:
    return done[stage].metrics.get("accuracy") if stage in done else None


def budget_rows(
    budgets: Budgets, profile: Mapping[str, Any] | None, accuracy: float | None
) -> list[dict[str, Any]]:
    """One row {name, limit, got, ok} for each budget that is set and was measured."""
    if profile is None:
        return []
    ram, flash = profile["ram"], profile["flash"]
    got = {
        "flash_bytes": flash["code_bytes"] + flash["constant_bytes"],
        "constant_bytes": flash["constant_bytes"],
        "ram_bytes": ram["arena_bytes"] + ram["state_bytes"] + ram["stack_bytes"],
        "arena_bytes": ram["arena_bytes"],
        "latency_ms": profile["latency_ms_model"],
        "accuracy": accuracy,
    }
    rows = []
    for name, limit in budgets.model_dump().items():
        if limit is None or got[name] is None:
            continue
        ok = got[name] >= limit if name == "accuracy" else got[name] <= limit
        rows.append({"name": name, "limit": limit, "got": got[name], "ok": bool(ok)})
    return rows


_REMEDY = {
    "flash_bytes": "[train.model] width smaller, or [compress.prune] sparsity larger",
    "constant_bytes": "[train.model] width smaller, or [compress.prune] sparsity larger",
    "ram_bytes": "[train.model] width smaller, or a stride in an earlier layer",
    "arena_bytes": "[train.model] width smaller, or a stride in an earlier layer",
    "latency_ms": "[compress.prune] sparsity larger, or [train.model] width smaller",
    "accuracy": "[train] epochs larger, or [train.model] width larger",
}


def _broken(recipe: Recipe, run_dir: Path, summary: Mapping[str, Any]) -> BudgetError | None:
    """The first broken budget as an error that names the node that weighs most."""
    bad = [row for row in summary["budgets"] if not row["ok"]]
    if not bad:
        return None
    lines = []
    for row in bad:
        what = _heaviest(row["name"], run_dir, summary["device"])
        sign = "needs at least" if row["name"] == "accuracy" else "has a limit of"
        lines.append(
            f"{row['name']} is {row['got']:,.6g}, {recipe.board.name} "
            f"{sign} {row['limit']:,.6g}{what}"
        )
    return BudgetError("\n".join(lines), _REMEDY[bad[0]["name"]])


def _heaviest(budget: str, run_dir: Path, profile: Mapping[str, Any]) -> str:
    if budget == "latency_ms":
        node = max(profile["nodes"], key=lambda n: n["instructions"])
        share = node["instructions"] / profile["instructions"]
        return f' (most in node "{node["name"]}": {100 * share:.0f} % of the instructions)'
    if budget in ("ram_bytes", "arena_bytes"):
        return f" ({peak_of(read_json(run_dir / 'compile' / 'package.json'))})"
    if budget in ("flash_bytes", "constant_bytes"):
        from iseul.graph.files import load_graph

        graph = load_graph(run_dir / "compress" / "model.iseul")
        sizes = {
            node.name: sum(v.n_bytes for v in graph.io(node).inputs if v.is_constant)
            for node in graph.nodes
        }
        name = max(sizes, key=lambda n: sizes[n])
        return f' (most in node "{name}": {sizes[name]:,} bytes of constants)'
    return ""


def peak_of(package: Mapping[str, Any]) -> str:
    """`peak at node 14 "add_3": 98,304 a + 98,304 b + 115,840 scratch` from package.json."""
    plan, steps = package["plan"], package["steps"]
    if not steps:
        raise DataError("package.json has no steps")

    def live(step: int) -> list[Any]:
        return [b for b in plan["buffers"] if b["first_step"] <= step <= b["last_step"]]

    step = max(range(len(steps)), key=lambda i: sum(b["n_bytes"] for b in live(i)))
    parts = " + ".join(f"{b['n_bytes']:,} {b['name']}" for b in live(step))
    return f'peak at node {step} "{steps[step]["node"]}": {parts}'
