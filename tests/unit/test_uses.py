# SPDX-License-Identifier: Apache-2.0
"""Uses of a condensed set: what they need, what they compare, that they say the same twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iseul.core import registry
from iseul.core.errors import UnsupportedError, UsageError
from iseul.pipeline.recipe import Recipe, resolve
from iseul.pipeline.run import run_recipe
from iseul.pipeline.use import TINY, USES, use_set
from iseul.pipeline.uses import _compared
from iseul.pipeline.uses.proxy import architectures

CONDENSE = {"method": "random", "ipc": 2}
TRAIN = {
    "epochs": 2,
    "batch": 32,
    "model": {"method": "ds_cnn", "width": 0.25, "channels": [32, 64], "strides": [2, 2]},
}


def recipe(**tables: Any) -> Recipe:
    data = {"method": "digits", "n_train": 300, "n_test": 50}
    raw = {"name": "use", "board": "nucleo-l4r5zi", "data": data, "condense": CONDENSE} | tables
    return resolve(raw, True, "recipe")


@pytest.mark.parametrize("name", registry.names(USES))
def test_entries_are_whole(name: str) -> None:
    entry = registry.load(USES, name)
    fields = entry.Config.model_fields
    assert all(field.description for field in fields.values()) and set(TINY[name]) <= set(fields)
    assert "condense" in entry.STAGES


def test_calibration_compares_equal_numbers_of_real_samples(tmp_path: Path) -> None:
    value, text = use_set(recipe(train=TRAIN), tmp_path, "calibration")
    assert value["n_samples"] == {"condensed": 20, "random": 20, "whole": 100}
    assert all(0 <= value["accuracy"][name] <= 1 for name in ("condensed", "whole"))
    assert abs(value["accuracy"]["whole"] - value["accuracy_float"]) < 0.1
    assert "20 condensed samples" in text
    again, _ = use_set(recipe(train=TRAIN), tmp_path, "calibration")
    assert again == value and (tmp_path / "use_calibration.json").is_file()


def test_proxy_ranks_every_architecture_on_every_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iseul.pipeline.uses import proxy

    assert len(architectures()) >= 12
    assert len({family for family, _ in architectures()}) == 3
    monkeypatch.setattr(proxy, "architectures", lambda: architectures()[:4])
    value, text = use_set(recipe(), tmp_path, "proxy")
    assert [len(scores) for scores in value["accuracy"].values()] == [4] * 4
    assert set(value["correlation"]) == {"condensed", "random", "herding"}
    assert "Spearman" in text


def test_replay_tells_a_memory_from_none(tmp_path: Path) -> None:
    from iseul.pipeline._context import Context
    from iseul.pipeline.uses import replay

    made = recipe(condense={"method": "random", "ipc": 8})
    run_recipe(made, tmp_path, until="condense")
    value = replay.run(Context(made, tmp_path), replay.Config(group=5, steps=50, seeds=1))
    accuracy = {name: cell["mean"] for name, cell in value["accuracy"].items()}
    assert accuracy["random"] > accuracy["none"] + 0.1 and value["n_bytes"] == 80 * 64


def test_the_memory_is_half_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from iseul.condense._problem import Problem
    from iseul.data._batch import Samples

    seen: list[float] = []

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(float((x > 0.5).float().mean()))
            return x.mean((1, 2, 3))[:, None] * self.weight

    new = Samples(np.zeros((5, 4, 4, 1), np.uint8), np.zeros(5, np.int64))
    old = Samples(np.full((3, 4, 4, 1), 255, np.uint8), np.ones(3, np.int64))
    problem = Problem(new, 2, lambda _: Net(), augment="none")
    _compared.learn(Net(), problem, new, 3, 8, 0, old)
    assert seen == [0.5] * 3


def test_what_can_not_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"needs \[train\]"):
        use_set(recipe(), tmp_path, "calibration")
    with pytest.raises(UsageError, match="replay"):
        use_set(recipe(), tmp_path, "repay")


def test_uses_are_for_classes(tmp_path: Path, shared_data: Path) -> None:
    made = recipe(data={"method": "etth1", "n_train": 20, "n_test": 10})
    with pytest.raises(UnsupportedError, match="forecasting"):
        use_set(made, tmp_path, "replay")
