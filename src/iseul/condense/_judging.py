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
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iseul.condense._condensed import Condensed
from iseul.condense._scores import Ledger, Trial
from iseul.condense.evaluate import (
    samples_of,
    score_of,
    seeds_of,
    shown,
    summary,
    train_net,
)
from iseul.core.progress import progress, say
from iseul.core.seed import derive
from iseul.core.units import show_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from iseul.condense._problem import Problem
    from iseul.condense.evaluate import Config
    from iseul.data._batch import Samples

WEIGHT = 0.5  # DD-Ranking's w and gamma
OWN, BASELINE, WHOLE = "own", "baseline ", "whole"  # sets that trials name
# settings of an evaluation that a single score depends on
LEARNING = {"batch", "lr", "lr_batch_norm", "mirror"}
_PROBE_STEPS = 2  # training steps that are timed to state the cost


@dataclass(frozen=True)
class Panel:
    """Who judges what.

    make:          synthesis seed 0, 1, ... -> the stored set; 0 is the set of the run itself
    networks:      name -> seed -> a fresh network; the first one judges the baselines too
    baselines:     name -> synthesis seed -> a stored set of as many bytes
    to_make:       synthesis seeds whose sets are not there yet, and the seconds each will take,
                   None where nobody knows: for the stated cost
    settings:      name -> what a network's name does not say of it, JSON-able
    """

    make: Callable[[int], Condensed]
    networks: Mapping[str, Callable[[int], nn.Module]]
    baselines: Mapping[str, Callable[[int], Condensed]]
    to_make: Mapping[int, float | None] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def trials_of(panel: Panel, config: Config, seed: int) -> list[Trial]:
    """Every network that an evaluation asks for, those of one set one after the other."""
    first = next(iter(panel.networks))
    learners = [(OWN, name) for name in panel.networks]
    learners += [(BASELINE + name, first) for name in panel.baselines]
    learning = config.model_dump(mode="json", include=LEARNING) | {"seed": seed}
    protocols = {
        name: learning | {"model": panel.settings.get(name), "epochs": config.epochs}
        for name in panel.networks
    }
    nets = range(config.nets)
    found = [
        Trial(learned, i, network, column, net, protocols[network])
        for i in range(config.seeds)
        for learned, network in learners
        for column in config.columns
        for net in nets
    ]
    if config.upper_epochs:  # without augmentation; its budget stands beside it
        protocol = protocols[first] | {"epochs": config.upper_epochs}
        found += [Trial(WHOLE, 0, first, "none", net, protocol) for net in nets]
    return found


def judge(
    panel: Panel,
    problem: Problem,
    test: Samples,
    config: Config,
    seed: int,
    ledger: Ledger | None = None,
) -> dict[str, Any]:
    """accuracy, architectures, baselines, seeds, and what of upper_bound, ior, ars, hlr, lrs
    can be said; see the file's header. Means and deviations as `evaluate.summary` gives them.

    ledger: scores that are known; those that are missing are found and added
    """
    ledger = ledger or Ledger()
    trials = trials_of(panel, config, seed)
    _find(trials, panel, problem, test, config, seed, ledger)
    scores: dict[tuple[str, str], dict[str, list[list[float]]]] = {}
    for trial in trials:
        score = ledger.score(trial)
        assert score is not None
        by_seed = scores.setdefault((trial.set, trial.network), {}).setdefault(trial.column, [])
        if trial.synthesis == len(by_seed):
            by_seed.append([])
        by_seed[trial.synthesis].append(score)
    tables = {
        key: {column: summary(each) for column, each in found.items()}
        for key, found in scores.items()
    }
    first = next(iter(panel.networks))
    made_of: dict[str, Any] = {
        "accuracy": tables[OWN, first],
        "architectures": {name: tables[OWN, name] for name in panel.networks},
        "baselines": {name: tables[BASELINE + name, first] for name in panel.baselines},
        "seeds": config.seeds,
    }
    upper: dict[str, Any] = {}
    if config.upper_epochs:
        upper = made_of["upper_bound"] = {
            **tables[WHOLE, first]["none"],
            "column": "none",
            "n_samples": len(problem.real),
            "epochs": config.upper_epochs,
            "steps": config.upper_epochs * math.ceil(len(problem.real) / config.batch),
        }
    if problem.task.unit == "accuracy":
        random = scores.get((BASELINE + "random", first))
        made_of |= _rank(scores[OWN, first], random, upper)
    return made_of


def _find(
    trials: Sequence[Trial],
    panel: Panel,
    problem: Problem,
    test: Samples,
    config: Config,
    seed: int,
    ledger: Ledger,
) -> None:
    """Make the trials that the ledger lacks, and no set that none of them learns."""
    missing = [trial for trial in trials if ledger.score(trial) is None]
    make = lru_cache(maxsize=1)(panel.make)
    if missing:
        say(_cost(panel, make(0), problem, test, config, trials, missing))
    with progress("condense: evaluation", len(trials)) as advance:
        advance(len(trials) - len(missing))

        def keep(some: Sequence[Trial], k: int, score: float) -> None:
            ledger.add(some[k], score)
            advance(1, f"{some[k].network} {some[k].column} {shown(score, problem)}")

        for (learned, i), group in groupby(missing, lambda trial: (trial.set, trial.synthesis)):
            some = list(group)
            if learned == WHOLE:
                made = _whole(problem)
            elif learned == OWN:
                made = make(i)
            else:
                made = panel.baselines[learned.removeprefix(BASELINE)](i)
            budget = config.model_copy(update={"epochs": some[0].protocol["epochs"]})
            pieces = [(each.network, each.column, *_seeds(each, seed)) for each in some]
            shared = (made, problem, test, budget, panel.networks)
            problem.engine.map(score_of, pieces, shared, partial(keep, some))


def _whole(problem: Problem) -> Condensed:
    """All real samples, as a set that is judged."""
    return Condensed(problem.real.x, problem.real.y, np.zeros(len(problem.real), np.int64))


def _seeds(trial: Trial, seed: int) -> tuple[int, int]:
    """Of a trial's network and of its batches: the same for every set, so that sets are compared
    by the same networks."""
    own = seed if trial.synthesis == 0 else derive(seed, "seed", trial.synthesis)
    return seeds_of(own, WHOLE if trial.set == WHOLE else trial.column, trial.net)


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
    panel: Panel,
    made: Condensed,
    problem: Problem,
    test: Samples,
    config: Config,
    trials: Sequence[Trial],
    missing: Sequence[Trial],
) -> str:
    """What the evaluation will take, from a few timed steps of each kind of network."""
    x, y = samples_of(made, problem)
    wanted = {trial.synthesis for trial in missing if trial.set == OWN}
    more = [panel.to_make[i] for i in sorted(wanted) if i in panel.to_make]
    seconds = 0.0
    for name, build in panel.networks.items():
        own = [trial for trial in missing if trial.network == name]
        if own:
            with problem.engine.probed():
                step, look = _times(build, x, y, problem, test, config)
        for trial in own:
            n = len(problem.real if trial.set == WHOLE else y)
            seconds += trial.protocol["epochs"] * math.ceil(n / config.batch) * step + look
    if not problem.engine.is_here:
        seconds /= problem.engine.run.workers
    known = f" ({len(trials) - len(missing)} are known)" if len(trials) > len(missing) else ""
    again = f", {len(more)} more syntheses" if more else ""
    took = show_seconds(seconds + sum(filter(None, more)))
    without = " and what those take" if None in more else ""
    return f"condense  evaluation: {len(trials)} networks{known}{again}, about {took}{without}"


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
