# SPDX-License-Identifier: Apache-2.0
"""ECG5000: single heart beats of one patient, 140 values each, 5 classes of very different size.

Only the 500 beats of the archive's training part are read (its test part, 4,500, is not asked
for), so the split is ours: in each class every third beat is test. Beats are z-normalised by
the archive, beat by beat. Values are stored as bytes, real = scale * (raw - zero point), from
-6 to 4.2.
Three classes have 10, 19 and 2 beats: with `classes = 2` (the default) "normal" is kept as it
is and the four others are one class, "abnormal", as is usual for anomaly detection on this set;
`classes = 5` keeps all, and then a few samples decide.
Tasks: "classification"; "anomaly": train on normal beats alone.
Source:  UCR Time Series Archive (Dau et al., arXiv 1810.07758, 2018), from record chf07 of
         the BIDMC Congestive Heart Failure Database, PhysioNet.
Licence: ODC-BY 1.0 (PhysioNet).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.data._batch import Samples, Splits, limit, ranks
from iseul.data._given import given

LENGTH = 140
NAMES = ("normal", "r_on_t_pvc", "pvc", "sp_or_eb", "unclassified")
LOW, HIGH = -6.0, 4.2
SCALE = (HIGH - LOW) / 255
ZERO_POINT = 150  # round(-LOW / SCALE)
TEST_EVERY = 3
VALIDATE_EVERY = 4  # of what is left for training


class Config(Base):
    """Limits for small runs, classes, and what is learned."""

    n_train: int = Field(default=0, ge=0, description="training samples, classes alike; 0 all")
    n_test: int = Field(default=0, ge=0, description="test samples, classes alike; 0 all")
    classes: Literal[2, 5] = Field(default=2, description="2: normal or not; 5: the archive's")
    task: Literal["classification", "anomaly"] = Field(
        default="classification", description="tell classes apart, or learn the normal one alone"
    )
    validation: bool = Field(
        default=False, description="every fourth training beat of a class replaces the test set"
    )


def load(config: Config) -> Splits:
    """The two splits, (140, 1, 1). Raises DataError if the file is missing or damaged."""
    folder = given("ecg5000_train", ("ecg5000_train.npz",), "the UCR Time Series Archive")
    path = folder / "ecg5000_train.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            x, y = arrays["x"], arrays["y"].astype(np.int64) - 1
    except Exception as error:  # numpy raises many kinds on a damaged file
        raise DataError(f"{path}: can not be read: {error}", "get the file again") from None
    if x.shape != (len(y), LENGTH) or not np.isfinite(x).all() or not (0 <= y.min() <= y.max() < 5):
        raise DataError(f"{path}: x is {x.shape}, y {y.shape}", "get the file again")
    raw = np.round(x / SCALE + ZERO_POINT).clip(0, 255).astype(np.uint8)[:, :, None, None]
    position = ranks(y)
    is_test = position % TEST_EVERY == TEST_EVERY - 1
    is_train = ~is_test
    if config.validation:
        is_test = is_train & (ranks(np.where(is_train, y, -1)) % VALIDATE_EVERY == 0)
        is_train &= ~is_test
    two = config.classes == 2 or config.task == "anomaly"
    labels = np.minimum(y, 1) if two else y
    if config.task == "anomaly":
        is_train &= labels == 0
    samples = Samples(raw, labels)
    splits = Splits(
        samples.take(is_train),
        samples.take(is_test),
        ("normal", "abnormal") if two else NAMES,
        scale=SCALE,
        zero_point=ZERO_POINT,
        licence="ODC-BY 1.0",
        source=str(path),
        kind="series",
        task=config.task,
    )
    return limit(splits, config.n_train, config.n_test, 0)
