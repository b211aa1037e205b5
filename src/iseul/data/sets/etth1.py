# SPDX-License-Identifier: Apache-2.0
"""ETTh1: two years of hourly load and oil temperature of a transformer, 7 variables; forecasting.

A sample is a window of `history + horizon` hours of all variables, (history + horizon, 1, 7);
the horizon is foretold from the history. The split is the literature's: 12 months to train, 4
to validate, 4 to test (30 days each), z-normalised by mean and deviation of the training months;
windows of the later parts may look back into the part before. Bytes hold -6 to 6 deviations,
real = scale * (raw - zero point): a step of 0.047, so rounding adds 0.0002 to a mean squared
error. What lies outside of it is cut.
Source:  Zhou et al.: Informer: Beyond Efficient Transformer for Long Sequence Time-Series
         Forecasting, AAAI 2021; github.com/zhouhaoyi/ETDataset
Licence: CC BY-ND 4.0.
"""

from __future__ import annotations

import gzip

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.data._batch import Samples, Splits
from iseul.data._given import given

VARIABLES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MONTH = 30 * 24  # hours
TRAIN, VALIDATION, TEST = 12 * MONTH, 4 * MONTH, 4 * MONTH
REACH = 6.0  # deviations to either side
SCALE = 2 * REACH / 255
ZERO_POINT = 128


class Config(Base):
    """Length of a window, and which months judge."""

    n_train: int = Field(
        default=0, ge=0, description="training windows, evenly spread over the months; 0 all"
    )
    n_test: int = Field(
        default=0, ge=0, description="test windows, evenly spread over the months; 0 all"
    )
    history: int = Field(default=96, ge=1, le=1440, description="hours that are known")
    horizon: int = Field(default=96, ge=1, le=720, description="hours that are foretold")
    validation: bool = Field(
        default=False, description="the 4 months after the training ones replace the test months"
    )


def load(config: Config) -> Splits:
    """The two splits. Raises DataError if the file is missing or damaged."""
    path = given("ett", ("ETTh1.csv.gz",), "github.com/zhouhaoyi/ETDataset") / "ETTh1.csv.gz"
    values = _read(path)
    mean, deviation = values[:TRAIN].mean(0), values[:TRAIN].std(0)
    raw = np.round((values - mean) / deviation / SCALE + ZERO_POINT).clip(0, 255).astype(np.uint8)
    judged = TRAIN if config.validation else TRAIN + VALIDATION
    length = config.history + config.horizon
    after = judged + (VALIDATION if config.validation else TEST)
    return Splits(
        _windows(raw[:TRAIN], length, config.n_train),
        _windows(raw[judged - config.history : after], length, config.n_test),
        ("window",),
        scale=SCALE,
        zero_point=ZERO_POINT,
        licence="CC BY-ND 4.0",
        source=str(path),
        kind="series",
        task="forecasting",
        horizon=config.horizon,
    )


def _read(path: object) -> np.ndarray:
    """(hours, 7) float64 of the months that are used."""
    try:
        with gzip.open(str(path), "rt", encoding="utf-8") as file:
            header = file.readline().strip().split(",")[1:]
            values = np.loadtxt(file, delimiter=",", usecols=range(1, 8), ndmin=2)
    except (OSError, EOFError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: can not be read: {error}", "get the file again") from None
    n = TRAIN + VALIDATION + TEST
    if tuple(header) != VARIABLES or len(values) < n or not np.isfinite(values).all():
        raise DataError(
            f"{path}: must have the columns date, {', '.join(VARIABLES)} and {n:,} rows or more",
            "get the file again",
        )
    return values[:n]


def _windows(raw: np.ndarray, length: int, n: int) -> Samples:
    """All windows, or n of them evenly spread. Raises DataError if there are fewer."""
    x = np.lib.stride_tricks.sliding_window_view(raw, length, axis=0)  # (N, 7, length)
    if n > len(x):
        raise DataError(f"etth1: {n:,} windows were asked for, there are {len(x):,}", "0 for all")
    x = x[np.linspace(0, len(x) - 1, n or len(x)).round().astype(np.int64)]
    x = np.ascontiguousarray(x.transpose(0, 2, 1))[:, :, None, :]
    return Samples(x, np.zeros(len(x), np.int64))
