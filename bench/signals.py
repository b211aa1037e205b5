# SPDX-License-Identifier: Apache-2.0
"""Condensation of sounds and series beside its baselines: one recipe, several methods and seeds.

    python bench/signals.py recipes/condense_ecg5000_10.toml [--seeds 3] [--nets 5]
        [--methods random,herding] [--validation] [--set condense.steps=600] [--json FILE]

Every method gives as many samples per class as the recipe's, and is judged by the recipe's
[condense.evaluate]: fresh networks, last step, mean and deviation over seeds times networks.
--validation judges on the validation part of the training set, which is what settings are
chosen by. What the baselines cost is stated below (COMPARED).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.condense._tasks import network_sides, problem_of
from iseul.condense.evaluate import evaluate
from iseul.core import registry
from iseul.core.config import build
from iseul.core.errors import UsageError
from iseul.core.seed import derive
from iseul.models._seed import seeded
from iseul.pipeline.recipe import CONDENSE, Recipe, read_recipe

if TYPE_CHECKING:
    from torch import nn

# What each baseline costs here: published loops would take days. DC gets 10 matching steps per
# network (--dc-nets) with up to 64 real samples per class; --set is for the recipe's method.
COMPARED: dict[str, dict[str, Any]] = {
    "random": {},
    "herding": {},
    "kmeans": {},
    "gradient_match": {"iterations": 30, "outer": 10, "inner": 10, "batch_real": 64},
    "distribution_match": {"iterations": 300, "batch_real": 64},
    "multi_formation": {"factor": 1, "iterations": 30, "inner": 10, "batch_real": 64},
}


def row(recipe: Recipe, method: str, n_seeds: int, nets: int, small: bool) -> dict[str, Any]:
    """Scores of one method: {"columns": {column: {mean, std, n}}, "seconds": per condensation}."""
    assert recipe.condense is not None and recipe.evaluate is not None
    splits = recipe.data.module.load(recipe.data.config)
    problem = problem_of(splits, tiny=recipe.tiny or small)
    own = recipe.condense.config.model_dump(mode="json")
    if method == recipe.condense.method:
        table = own
    else:
        table = {"ipc": own["ipc"]} | COMPARED.get(method, {})
    entry = registry.load(CONDENSE, method)
    config = build(entry.Config, table, method)
    judge = recipe.evaluate.model_copy(update={"nets": nets})
    chosen = recipe.evaluate_model

    def judge_net(seed: int) -> nn.Module:
        if chosen is None:
            return problem.build_model(seed)
        make = chosen.module.build
        return seeded(lambda: make(chosen.config, *network_sides(splits)), seed)

    found: dict[str, list[dict[str, float]]] = {}
    seconds = []
    for i in range(n_seeds):
        start = time.process_time()
        made = entry.condense(problem, config, derive(recipe.seed, "condense", i))
        seconds.append(time.process_time() - start)
        # Networks and batches are the same for every method.
        table_ = evaluate(made, problem, splits.test, judge_net, judge, derive(recipe.seed, i))
        for column, cell in table_.items():
            found.setdefault(column, []).append(cell)
    return {
        "method": method,
        "seconds": round(float(np.mean(seconds)), 1),
        "columns": {column: _joined(cells) for column, cells in found.items()},
    }


def _joined(cells: list[dict[str, float]]) -> dict[str, float]:
    """Mean and deviation over all networks of all seeds, from those of each seed."""
    means = np.array([cell["mean"] for cell in cells])
    within = np.mean([cell["std"] ** 2 for cell in cells])
    return {
        "mean": float(means.mean()),
        "std": float(np.sqrt(within + means.var())),
        "std_of_seeds": float(means.std()),
        "n": int(sum(cell["n"] for cell in cells)),
    }


def main() -> int:
    """Print a table; rows appear as they are made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--nets", type=int, default=5)
    parser.add_argument("--methods", default="")
    parser.add_argument("--dc-nets", type=int, default=30)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--set", action="append", default=[], dest="sets")
    parser.add_argument("--small", action="store_true", help="the small matching network")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    COMPARED["gradient_match"]["iterations"] = given.dc_nets
    sets = list(given.sets)
    recipe = read_recipe(given.recipe, sets, given.tiny)
    if given.validation:
        fields = type(recipe.data.config).model_fields
        sets.append("data.validation=true" if "validation" in fields else "data.n_validation=250")
        recipe = read_recipe(given.recipe, sets, given.tiny)
    if recipe.condense is None or recipe.evaluate is None:
        raise UsageError(f"{given.recipe}: has no [condense] with [condense.evaluate]")
    kept = recipe.store  # rows are of sets that are not stored
    if kept is not None and (kept.bits < 8 or kept.fill):
        raise UsageError(
            f"{given.recipe}: [condense.store] has bits = {kept.bits} and fill = "
            f"{str(kept.fill).lower()}, must have 8 and false here",
            "iseul condense RECIPE --evaluate, with [condense.evaluate] baselines",
        )
    known = registry.names(CONDENSE)
    methods = given.methods.split(",") if given.methods else [m for m in COMPARED if m in known]
    if not given.methods and recipe.condense.method not in methods:
        methods.append(recipe.condense.method)
    rows = []
    for method in methods:
        made = row(recipe, method, given.seeds, given.nets, given.small)
        rows.append(made)
        cells = "   ".join(
            f"{column} {cell['mean']:.4f} ± {cell['std']:.4f} (seeds {cell['std_of_seeds']:.4f}, "
            f"n {cell['n']})"
            for column, cell in made["columns"].items()
        )
        print(f"{method:20s} {made['seconds']:7.1f} CPU-s   {cells}", flush=True)
        if given.json:
            given.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
