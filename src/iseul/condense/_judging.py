# SPDX-License-Identifier: Apache-2.0
"""A whole evaluation: several syntheses, several architectures, baselines of as many bytes.

Every set is stored as `[condense.store]` says before it is judged, baselines too: the same bits
and the same number of stored samples are the same bytes. All networks are trained by one protocol
with hard labels and judged after their last step; nothing is chosen by the test set.

Scores beside the accuracies are those of DD-Ranking (Li et al., arXiv 2505.13300, 2025):

    HLR  accuracy of the whole real set - accuracy of the condensed set, both without augmentation
    IOR  accuracy of the condensed set - accuracy of a random draw of as many bytes, per column
    LRS  (exp(w IOR - (1 - w) HLR) - 1/e) / (e - 1/e), w = 1/2, IOR of the strongest augmentation
    ARS  the same scale over g IOR(augmented) + (1 - g) IOR(without), g = 1/2

They are defined for accuracies, so only classification has them.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iseul.condense.evaluate import samples_of, scores_of, summary, train_net
from iseul.core.progress import progress, say
from iseul.core.seed import derive
from iseul.core.units import show_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem
    from iseul.condense.evaluate import Config
    from iseul.data._batch import Samples

WEIGHT = 0.5  # DD-Ranking's w and gamma
_PROBE_STEPS = 2  # training steps that are timed to state the cost


@dataclass(frozen=True)
class Panel:
    """Who judges what.

    make:          synthesis seed 0, 1, ... -> the stored set; 0 is the set of the run itself
    networks:      name -> seed -> a fresh network; the first one judges the baselines too
    baselines:     name -> synthesis seed -> a stored set of as many bytes
    make_seconds:  how long one synthesis takes, for the stated cost
    """

    make: Callable[[int], Condensed]
    networks: Mapping[str, Callable[[int], nn.Module]]
    baselines: Mapping[str, Callable[[int], Condensed]]
    make_seconds: float = 0.0


def judge(
    panel: Panel, problem: Problem, test: Samples, config: Config, seed: int
) -> dict[str, Any]:
    """accuracy, architectures, baselines, seeds, and what of upper_bound, ior, ars, hlr, lrs
    can be said; see the file's header. Means and deviations as `evaluate.summary` gives them.
    """
    names = list(panel.networks)
    first = panel.make(0)
    n_sets = config.seeds * (len(names) + len(panel.baselines))
    n_nets = n_sets * len(config.columns) * config.nets + (
        config.nets if config.upper_epochs else 0
    )
    say(_cost(panel, first, problem, test, config, n_nets))
    scores: dict[str, dict[str, list[list[float]]]] = {}

    def add(name: str, found: Mapping[str, list[float]]) -> None:
        for column, each in found.items():
            scores.setdefault(name, {}).setdefault(column, []).append(each)

    with progress("condense: evaluation", n_nets) as advance:
        for i in range(config.seeds):
            own = seed if i == 0 else derive(seed, "seed", i)
            made = first if i == 0 else panel.make(i)
            for name in names:
                build = panel.networks[name]
                add(name, scores_of(made, problem, test, build, config, own, advance))
            for name, select in panel.baselines.items():
                build = panel.networks[names[0]]
                found = scores_of(select(i), problem, test, build, config, own, advance)
                add(f"baseline {name}", found)
        upper = _upper_bound(panel.networks[names[0]], problem, test, config, seed, advance)
    tables = {
        name: {column: summary(each) for column, each in found.items()}
        for name, found in scores.items()
    }
    made_of: dict[str, Any] = {
        "accuracy": tables[names[0]],
        "architectures": {name: tables[name] for name in names},
        "baselines": {name: tables[f"baseline {name}"] for name in panel.baselines},
        "seeds": config.seeds,
    }
    if upper:
        made_of["upper_bound"] = upper
    if problem.task.unit == "accuracy":
        made_of |= _rank(scores[names[0]], scores.get("baseline random"), upper)
    return made_of


def _upper_bound(
    build: Callable[[int], nn.Module],
    problem: Problem,
    test: Samples,
    config: Config,
    seed: int,
    advance: Callable[..., None],
) -> dict[str, Any]:
    """The whole training set, without augmentation; its budget stands beside it."""
    if not config.upper_epochs:
        return {}
    x = problem.to_tensor(problem.real.x)
    y = torch.from_numpy(problem.real.y).to(problem.device)
    budget = config.model_copy(update={"epochs": config.upper_epochs})
    found = []
    for i in range(config.nets):
        net = build(derive(seed, "whole", "init", i)).to(problem.device)
        generator = torch.Generator().manual_seed(derive(seed, "whole", "batches", i))
        train_net(net, x, y, problem, "none", budget, generator)
        found.append(problem.task.score(net, test, problem))
        advance(1, "whole set")
    return {
        **summary([found]),
        "column": "none",
        "n_samples": len(y),
        "epochs": config.upper_epochs,
        "steps": config.upper_epochs * math.ceil(len(y) / config.batch),
    }


def _rank(
    own: Mapping[str, Sequence[Sequence[float]]],
    random: Mapping[str, Sequence[Sequence[float]]] | None,
    upper: Mapping[str, Any],
) -> dict[str, Any]:
    """HLR, IOR, LRS and ARS as far as their parts were measured."""

    def mean(table: Mapping[str, Sequence[Sequence[float]]], column: str) -> float:
        return float(np.mean([score for scores in table[column] for score in scores]))

    found: dict[str, Any] = {}
    if upper and "none" in own:
        found["hlr"] = upper["mean"] - mean(own, "none")
    if random is None:
        return found
    ior = {column: mean(own, column) - mean(random, column) for column in own}
    found["ior"] = ior
    strongest = next(c for c in ("dsa_cutmix", "dsa", "none") if c in ior)
    if "hlr" in found:
        found["lrs"] = normalised(WEIGHT * ior[strongest] - (1 - WEIGHT) * found["hlr"])
    if "none" in ior and strongest != "none":
        found["ars"] = normalised(WEIGHT * ior[strongest] + (1 - WEIGHT) * ior["none"])
    return found


def normalised(difference: float) -> float:
    """DD-Ranking's scale: a difference of accuracies, -1 to 1, as 0 to 1; no difference: 0.269."""
    return (math.exp(difference) - math.exp(-1)) / (math.e - math.exp(-1))


def _cost(
    panel: Panel, made: Condensed, problem: Problem, test: Samples, config: Config, n_nets: int
) -> str:
    """What the evaluation will take, from a few timed steps of each kind of network."""
    x, y = samples_of(made, problem)
    seconds = panel.make_seconds * (config.seeds - 1)
    for i, build in enumerate(panel.networks.values()):
        step, look = _times(build, x, y, problem, test, config)
        steps = config.epochs * math.ceil(len(y) / config.batch)
        sets = config.seeds * (1 + (len(panel.baselines) if i == 0 else 0))
        seconds += sets * len(config.columns) * config.nets * (steps * step + look)
        if i == 0 and config.upper_epochs:
            whole = config.upper_epochs * math.ceil(len(problem.real) / config.batch)
            seconds += config.nets * (whole * step + look)
    again = f", {config.seeds - 1} more syntheses" if config.seeds > 1 else ""
    return f"condense  evaluation: {n_nets} networks{again}, about {show_seconds(seconds)}"


def _times(
    build: Callable[[int], nn.Module],
    x: torch.Tensor,
    y: torch.Tensor,
    problem: Problem,
    test: Samples,
    config: Config,
) -> tuple[float, float]:
    """Seconds of one training step and of judging one network."""
    net = build(0).to(problem.device)
    generator = torch.Generator().manual_seed(0)
    few = config.model_copy(update={"epochs": 1})
    size = min(len(x), config.batch)
    train_net(net, x[:size], y[:size], problem, "none", few, generator)  # first calls are slower
    start = time.perf_counter()
    for _ in range(_PROBE_STEPS):
        train_net(net, x[:size], y[:size], problem, "none", few, generator)
    step = (time.perf_counter() - start) / _PROBE_STEPS
    part = test.take(slice(0, 256))
    start = time.perf_counter()
    with torch.no_grad():
        net(problem.task.reads(problem.to_tensor(part.x)))
    return step, (time.perf_counter() - start) * len(test) / max(1, len(part))
