# SPDX-License-Identifier: Apache-2.0
"""Every condensation method: config, shapes, balance, determinism, on a small set of digits."""

from typing import Any

import numpy as np
import pytest
from torch import nn

from iseul.condense._condensed import Condensed
from iseul.condense._problem import Problem
from iseul.core import registry
from iseul.core.config import build
from iseul.core.errors import DataError
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded

FOLDER = "iseul.condense"
NAMES = registry.names(FOLDER)
TINY: dict[str, dict[str, Any]] = {
    "distribution_match": {"iterations": 2, "batch_real": 8},
    "gradient_match": {"iterations": 2, "outer": 2, "inner": 1, "batch_real": 8},
    "herding": {"train_steps": 5},
    "kmeans": {"train_steps": 5},
    "multi_formation": {"iterations": 2, "inner": 2, "n_data": 16, "batch_real": 8},
    "representative_match": {"iterations": 1, "inner": 2, "n_data": 16, "batch_real": 8},
    "subset_match": {"steps": 3, "networks": {"nets": 1, "train_steps": 6, "draws": 1}},
}
SPLITS = digits.load(digits.Config(n_train=300, n_test=100))


def matching_net(seed: int) -> nn.Module:
    return seeded(lambda: convnet.build(convnet.TINY, SPLITS.shape, SPLITS.n_classes), seed)


def fields_of(name: str) -> set[str]:
    return set(registry.load(FOLDER, name).Config.model_fields)


def condense(name: str, seed: int, ipc: int = 3) -> Condensed:
    entry = registry.load(FOLDER, name)
    config = build(entry.Config, {"ipc": ipc, **TINY.get(name, {})}, "condense")
    problem = Problem(SPLITS.train, 10, matching_net, SPLITS.scale, raw_max=SPLITS.raw_max)
    made: Condensed = entry.condense(problem, config, seed)
    return made


def test_helpers_are_no_entries() -> None:
    selecting, moving = {"random", "herding", "kmeans"}, {"gradient_match", "distribution_match"}
    others = {"multi_formation", "representative_match", "subset_match"}
    assert selecting | moving | others <= set(NAMES) and "evaluate" not in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_config(name: str) -> None:
    entry = registry.load(FOLDER, name)
    fields = entry.Config.model_fields
    assert "ipc" in fields and len(fields) <= 12
    assert all(field.description for field in fields.values())
    config = entry.Config()
    assert build(entry.Config, config.model_dump(mode="json"), "condense") == config


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_set(name: str) -> None:
    first, again, other = condense(name, 0), condense(name, 0), condense(name, 1)
    for array in ("x", "y", "subset", "losses"):
        assert np.array_equal(getattr(first, array), getattr(again, array))
    assert not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ipc", [1, 3])
def test_the_set_is_balanced_raw_and_in_range(name: str, ipc: int) -> None:
    made = condense(name, 0, ipc)
    assert made.x.shape == (10 * ipc, 8, 8, 1) and made.x.dtype == np.uint8
    assert made.y.tolist() == [c for c in range(10) for _ in range(ipc)]
    assert made.subset.shape == made.y.shape and made.subset.dtype == np.int64
    assert 0 <= made.subset.min() <= made.subset.max() < ipc
    assert made.x.max() <= 16  # digits count to 16: no pixel may leave the sensor's range


@pytest.mark.parametrize("name", [n for n in NAMES if "factor" in fields_of(n)])
@pytest.mark.parametrize("axes", ["hw", "w"])
def test_methods_that_move_pixels_take_a_factor(name: str, axes: str) -> None:
    """Factor 3 on 8 x 8: parts of unequal size, and more samples than the class may have."""
    entry = registry.load(FOLDER, name)
    settings = {"ipc": 2, **TINY.get(name, {}), "factor": 3}
    problem = Problem(
        SPLITS.train, 10, matching_net, SPLITS.scale, raw_max=SPLITS.raw_max, axes=axes
    )
    made = entry.condense(problem, build(entry.Config, settings, "condense"), 0)
    assert made.x.shape == (20, 8, 8, 1) and made.factor == 3 and made.x.max() <= 16


@pytest.mark.parametrize("name", NAMES)
def test_a_class_with_too_few_samples_is_an_error(name: str) -> None:
    with pytest.raises(DataError, match="class 0 has 30 samples, ipc 31"):
        condense(name, 0, 31)
