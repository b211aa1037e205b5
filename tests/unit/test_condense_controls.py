# SPDX-License-Identifier: Apache-2.0
"""The negative controls of subset matching lose, on a run that is short but real.

Splitting a class by lot must not help, nor splitting its real side alone: if a control wins,
what is measured is not the method. Small networks, few steps and the cosine distance, which shows
the difference soonest; `bench/condense.py` makes the whole table.
"""

from __future__ import annotations

from functools import cache

import pytest
from torch import nn

from iseul.condense import evaluate, subset_match
from iseul.condense._problem import Problem
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded

SPLITS = digits.load(digits.Config())
JUDGE = evaluate.Config(nets=3, columns=("none",), epochs=60)


def net_for(seed: int) -> nn.Module:
    return seeded(lambda: convnet.build(convnet.Config(width=16), SPLITS.shape, 10), seed)


@cache
def accuracy(kind: str) -> float:
    """Percent over three fresh networks, 10 images per class in 5 subsets."""
    config = subset_match.Config.model_validate(
        {
            "steps": 60,
            "lr_image": 0.05,
            "distance": "cosine",
            "anchor": 0.0,
            "subsets": {"kind": kind, "count": 5},
            "networks": {"nets": 3, "train_steps": 60, "states": 3, "draws": 1, "images": 50},
        }
    )
    problem = Problem(SPLITS.train, 10, net_for, SPLITS.scale, raw_max=SPLITS.raw_max)
    made = subset_match.condense(problem, config, 0)
    return 100 * evaluate.evaluate(made, problem, SPLITS.test, net_for, JUDGE, 0)["none"]["mean"]


@pytest.mark.parametrize(("control", "points"), [("random", 1.5), ("real_only", 0.5)])
def test_a_control_loses(control: str, points: float) -> None:
    """Half of the differences that were measured: 89.65 against 86.48 and 88.04."""
    assert accuracy("kmeans") > accuracy(control) + points
