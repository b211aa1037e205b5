# SPDX-License-Identifier: Apache-2.0
"""What a condensed set shows of the real samples behind it. A measurement, not a guarantee.

Two questions. Is a sample a copy: how far is the nearest real training sample of its class, in
units of how far real samples of that class are from each other? And does the set tell who was in
the training set: networks that learned from it alone score training samples and held-out ones;
the area under the curve is 0.5 where members do not stand out.

    loss         member score = - loss of the networks trained on the set
    calibrated   the same minus the loss of networks trained on as many held-out samples: what is
                 merely easy does not count

each over all members and over the exposed ones, those nearest to condensed samples.

That condensation hides members was claimed (Dong, Zhao, Lyu, ICML 2022) and rebutted (Carlini,
Feldman, Nasr, arXiv 2209.14987). The attack here is a light form of Carlini et al.: Membership
Inference Attacks From First Principles, IEEE S&P 2022: a stronger one may find more, and a result
near 0.5 proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iseul.condense._decode import decode_raw
from iseul.condense._subsets import squared_distances
from iseul.condense.evaluate import Config, samples_of, train_net
from iseul.core import seed as seeds
from iseul.core.errors import UnsupportedError
from iseul.core.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import nn

    from iseul.condense._condensed import Condensed
    from iseul.condense._problem import Problem
    from iseul.data._batch import Samples

COPY = 0.5  # nearer than this share of the typical distance between real neighbours: a copy
N_TYPICAL = 200  # real samples of a class whose own neighbours give the typical distance
N_MEMBERS = 500  # members and others of the membership test, at most
EMBED_STEPS = 200  # batch 64, of the network whose features are compared
_CHUNK = 2048  # real rows at once


@dataclass(frozen=True)
class Neighbours:
    """Per sample to learn from (stored ones that hold several are cut): its nearest real one.

    index: (N,) position in the real set
    ratio: (N,) distance over the typical distance between real neighbours of the class
    """

    index: NDArray[np.int64]
    ratio: NDArray[np.float32]


def neighbours(
    x: NDArray[Any],
    y: NDArray[np.int64],
    real: NDArray[Any],
    real_y: NDArray[np.int64],
    seed: int,
) -> Neighbours:
    """Nearest real rows of the same class; rows are pixels or features.

    A class with a single real sample, or with nothing but equal ones, has no typical distance:
    its ratios are 0 for equal rows and infinite for others.
    """
    index, ratio = np.zeros(len(x), np.int64), np.zeros(len(x), np.float32)
    for label in np.unique(y):
        own, others = np.flatnonzero(y == label), np.flatnonzero(real_y == label)
        if not len(others):
            ratio[own] = np.inf
            continue
        rows = real[others].astype(np.float32)
        far, at = _nearest(x[own].astype(np.float32), rows)
        few = seeds.generator(seed, "typical", int(label)).permutation(len(others))[:N_TYPICAL]
        typical = float(np.median(_nearest(rows[few], rows, skip=few)[0]))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(far > 0, far / typical, 0)
        index[own], ratio[own] = others[at], share
    return Neighbours(index, ratio)


def _nearest(
    x: NDArray[np.float32], real: NDArray[np.float32], skip: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Distance to and position of the nearest row; row i does not see real row skip[i]."""
    best, at = np.full(len(x), np.inf, np.float32), np.zeros(len(x), np.int64)
    for start in range(0, len(real), _CHUNK):
        distance = squared_distances(x, real[start : start + _CHUNK])
        if skip is not None:
            inside = np.flatnonzero((skip >= start) & (skip < start + _CHUNK))
            distance[inside, skip[inside] - start] = np.inf
        nearest = distance.argmin(1)
        found = distance[np.arange(len(x)), nearest]
        better = found < best
        best[better], at[better] = found[better], start + nearest[better]
    # by differences: the expanded square leaves noise where rows are equal
    exact = np.sqrt(((x - real[at]) ** 2).sum(1)) if skip is None else np.sqrt(best)
    return exact, at


def flat(x: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Raw samples as rows."""
    return x.reshape(len(x), -1)


def look_up(made: Condensed, problem: Problem, seed: int) -> Neighbours:
    """Nearest real samples by raw values."""
    x, y = _cut(made, problem)
    return neighbours(flat(x), y, flat(problem.real.x), problem.real.y, seed)


def _cut(made: Condensed, problem: Problem) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    x = decode_raw(made.x, made.factor, problem.axes, made.upsampler)
    return x, made.y.repeat(len(x) // max(1, len(made.y)))


def leakage(
    made: Condensed,
    near: Neighbours,
    problem: Problem,
    held_out: Samples,
    build_model: Callable[[int], nn.Module],
    config: Config,
    seed: int,
) -> dict[str, Any]:
    """Numbers of both questions, JSON-able.

    near:     what `look_up` found for this set
    held_out: samples of the same kind that no method has seen: the test set
    config:   of the evaluation: its protocol trains the networks, `nets` of each kind
    """
    usual = held_out.take(np.flatnonzero(held_out.y < problem.n_classes))
    rng = seeds.generator(seed, "held out")
    some = usual.take(np.sort(rng.permutation(len(usual))[:N_MEMBERS]))
    real = problem.real
    control = neighbours(flat(some.x), some.y, flat(real.x), real.y, seed)
    found: dict[str, Any] = {"copy_below": COPY, "pixels": _spread(near, control)}
    try:
        found["embedding"] = _in_features(made, some, problem, seed)
    except UnsupportedError:  # a network without features: pixels alone are compared
        found["embedding"] = None
    found["n_copies"] = int((near.ratio < COPY).sum())
    found["membership"] = _membership(made, near, problem, usual, build_model, config, seed)
    return found


def _spread(near: Neighbours, control: Neighbours) -> dict[str, Any]:
    """Ratios of the set, and of held-out real samples beside them."""
    return {
        "ratio_min": float(near.ratio.min()),
        "ratio_median": float(np.median(near.ratio)),
        "n_copies": int((near.ratio < COPY).sum()),
        "n": len(near.ratio),
        "held_out_ratio_median": float(np.median(control.ratio)),
        "held_out_share_below": float((control.ratio < COPY).mean()),
    }


def _in_features(made: Condensed, some: Samples, problem: Problem, seed: int) -> dict[str, Any]:
    from iseul.condense._networks import embed, record

    net = record(problem, [EMBED_STEPS], False, seeds.derive(seed, "embedding")).net
    x, y = _cut(made, problem)
    real = embed(net, problem.real.x, problem)
    own = neighbours(embed(net, x, problem), y, real, problem.real.y, seed)
    control = neighbours(embed(net, some.x, problem), some.y, real, problem.real.y, seed)
    return _spread(own, control)


def _membership(
    made: Condensed,
    near: Neighbours,
    problem: Problem,
    held_out: Samples,
    build_model: Callable[[int], nn.Module],
    config: Config,
    seed: int,
) -> dict[str, Any]:
    """Areas under the curve of both scores over both kinds of members, with standard errors."""
    rng = seeds.generator(seed, "membership")
    order = rng.permutation(len(held_out))
    x, y = samples_of(made, problem)
    n_reference = min(len(y), len(order) // 2)
    reference, others = order[:n_reference], order[n_reference:][:N_MEMBERS]
    members = rng.permutation(len(problem.real))[:N_MEMBERS]
    exposed = np.unique(near.index)[:N_MEMBERS]
    judged = {
        "members": problem.real.take(members),
        "exposed": problem.real.take(exposed),
        "others": held_out.take(others),
    }
    plain = held_out.take(reference)
    sides = {
        "set": (x, y),
        "reference": (
            problem.to_tensor(plain.x),
            torch.from_numpy(plain.y).to(problem.device),
        ),
    }
    losses: dict[tuple[str, str], NDArray[np.float64]] = {}
    with progress("condense: membership test", 2 * config.nets) as advance:
        for side, (own_x, own_y) in sides.items():
            sums = {name: np.zeros(len(part)) for name, part in judged.items()}
            for i in range(config.nets):
                net = build_model(seeds.derive(seed, side, i)).to(problem.device)
                generator = torch.Generator().manual_seed(seeds.derive(seed, side, "batches", i))
                train_net(net, own_x, own_y, problem, "none", config, generator)
                for name, part in judged.items():
                    sums[name] += _losses(net, part, problem) / config.nets
                advance(1)
            losses |= {(side, name): each for name, each in sums.items()}
    gain = {name: losses["reference", name] - losses["set", name] for name in judged}
    return {
        **{
            who: {
                "loss": _area(-losses["set", who], -losses["set", "others"]),
                "calibrated": _area(gain[who], gain["others"]),
            }
            for who in ("members", "exposed")
        },
        "nets": config.nets,
        "n_reference": n_reference,
    }


def _losses(net: nn.Module, samples: Samples, problem: Problem) -> NDArray[np.float64]:
    net.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(samples), 256):
            part = samples.take(slice(start, start + 256))
            target = torch.from_numpy(part.y).to(problem.device)
            loss = problem.task.loss(net, problem.to_tensor(part.x), target)
            parts.append(loss.double().cpu().numpy())
    return np.concatenate(parts)


def _area(members: NDArray[np.float64], others: NDArray[np.float64]) -> dict[str, float]:
    """How often a member scores above another sample, ties half; Hanley, McNeil's error, 1982."""
    both = np.concatenate([members, others])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # mean rank of equal scores, from 1
    n, m = len(members), len(others)
    auc = float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n - 1) * (first - auc**2) + (m - 1) * (second - auc**2)
    return {
        "auc": auc,
        "error": math.sqrt(max(0.0, variance) / (n * m)),
        "n_members": n,
        "n_others": m,
    }
