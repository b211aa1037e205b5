# SPDX-License-Identifier: Apache-2.0
"""Every data set: loads a few samples, in range, the same twice, with licence and source."""

import numpy as np
import pytest

from iseul.core import registry
from iseul.core.config import build
from iseul.core.errors import DataError

FOLDER = "iseul.data.sets"
SMALL = {"n_train": 40, "n_test": 20}


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_data_set(name: str) -> None:
    entry = registry.load(FOLDER, name)
    assert "Licence:" in entry.__doc__ and "Source:" in entry.__doc__
    config = build(entry.Config, SMALL, "data")
    try:
        splits = entry.load(config)
    except DataError as error:
        assert error.remedy, "a data set that is not there says how to get it"
        pytest.skip(error.problem)
    assert (len(splits.train), len(splits.test)) == (40, 20)
    for samples in (splits.train, splits.test):
        assert samples.x.shape == (len(samples), *splits.shape)
        assert samples.y.min() >= 0 and samples.y.max() < splits.n_classes
        assert samples.x.max() <= splits.raw_max
        real = (samples.x.astype(float) - splits.zero_point) * splits.scale
        if splits.kind == "series":  # z-normalised
            assert -6.0 <= real.min() < -1.0 < 1.0 < real.max() <= 6.0 and abs(real.mean()) < 0.5
        else:
            assert 0.5 < real.max() <= 1.0 and real.min() >= 0.0
        if splits.kind == "image":
            assert real.min() == 0.0
    assert len(np.unique(splits.train.y)) == splits.n_classes, "each class fills its share"
    assert splits.licence and splits.source
    again = entry.load(config)
    assert np.array_equal(again.train.x, splits.train.x)
    assert np.array_equal(again.test.y, splits.test.y)


@pytest.mark.parametrize("name", registry.names(FOLDER))
def test_config(name: str) -> None:
    kind = registry.load(FOLDER, name).Config
    assert len(kind.model_fields) <= 12
    assert all(field.description for field in kind.model_fields.values())
    assert build(kind, kind().model_dump(), "data") == kind()
