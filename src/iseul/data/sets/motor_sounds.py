# SPDX-License-Identifier: Apache-2.0
"""Motor sounds: two brushless motors, healthy or with a broken propeller, as log-mel features.

30 recordings of 10 s, 16 kHz, at 8 speeds, cut into windows of one second that overlap by half:
49 frames of 30 ms every 20 ms, 40 mel bands, (49, 40, 1) bytes; see `_log_mel.py`.
Windows of one recording are alike, so whole recordings are split, and by speed: all four at
1550 and all four at 1850 rpm are test, the other 22 train. The windows at 1650 rpm are the last of
the training set, so `validation` holds back a speed too.
Tasks: "classification" of both; "anomaly": train on healthy recordings alone, tell them from
broken ones at the speeds of the test.
Source:  Dataset of audio signals from brushless DC motors for predictive maintenance,
         Data in Brief, 2023; Mendeley Data j4yr5fmhv4.
Licence: CC BY 4.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.data._batch import Samples, Splits, limit
from iseul.data._given import cached, given, keep_cached, load_cached, read_index, read_sounds
from iseul.data._log_mel import VERSION, FrontEnd, log_mel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.numerics import Array

FRONT = FrontEnd(rate=16000)
WINDOW, HOP = 16000, 8000  # samples of a window, and from one to the next
PER_RECORDING = 19  # windows in 10 s; what a recording has beyond is left out
NAMES = ("healthy", "propeller")
TEST_SPEEDS = ("1550", "1850")
VALIDATION_SPEED = "1650"
SOURCE = "Mendeley Data j4yr5fmhv4 (index.csv, 16 kHz mono FLAC in recordings.zip)"


class Config(Base):
    """Limits for small runs, what is learned, and which speeds judge."""

    n_train: int = Field(default=0, ge=0, description="training samples, classes alike; 0 all")
    n_test: int = Field(default=0, ge=0, description="test samples, classes alike; 0 all")
    task: Literal["classification", "anomaly"] = Field(
        default="classification", description="tell both apart, or learn the healthy ones alone"
    )
    validation: bool = Field(
        default=False, description="the training recordings at 1650 rpm replace the test set"
    )


def load(config: Config) -> Splits:
    """The two splits, (49, 40, 1). Raises DataError if files are missing or damaged."""
    folder = given("bldc_motor_audio", ("index.csv", "recordings.zip"), SOURCE)
    columns = ("path", "condition", "motor", "rpm_tag")
    rows = read_index(folder / "index.csv", columns)
    # The speed that validates comes last.
    rows.sort(key=lambda row: [row[name] for name in reversed(columns)])
    rows.sort(key=lambda row: row["rpm_tag"] == VALIDATION_SPEED)
    x = _features(folder / "recordings.zip", [row["path"] for row in rows])
    speed = np.repeat([row["rpm_tag"] for row in rows], PER_RECORDING)
    y = np.repeat([NAMES.index(_condition(row, folder)) for row in rows], PER_RECORDING)
    samples = Samples(x, y.astype(np.int64))
    is_test = np.isin(speed, TEST_SPEEDS)
    is_train = ~is_test
    if config.validation:
        is_test = speed == VALIDATION_SPEED
        is_train &= ~is_test
    if config.task == "anomaly":
        is_train &= samples.y == 0
    splits = Splits(
        samples.take(is_train),
        samples.take(is_test),
        NAMES,
        scale=1 / 255,
        licence="CC BY 4.0",
        source=str(folder),
        kind="spectrogram",
        task=config.task,
    )
    return limit(splits, config.n_train, config.n_test, 0)


def _condition(row: dict[str, str], folder: Path) -> str:
    if row["condition"] not in NAMES:
        raise DataError(
            f'{folder / "index.csv"}: condition "{row["condition"]}" must be of {", ".join(NAMES)}',
            "get the file again",
        )
    return row["condition"]


def _features(archive: Path, names: Sequence[str]) -> Array:
    """(recordings * PER_RECORDING, 49, 40, 1) uint8, recording after recording."""
    shape = (len(names) * PER_RECORDING, FRONT.n_frames(WINDOW), FRONT.n_bands)
    path = cached([VERSION, FRONT, WINDOW, HOP, list(names)], [archive])
    made = load_cached(path, shape)
    if made is None:
        clips = np.stack(
            [
                window
                for sound, name in zip(read_sounds(archive, names, FRONT.rate), names, strict=True)
                for window in _windows(sound, name)
            ]
        )
        made = log_mel(clips, FRONT)
        keep_cached(path, made)
    return made[..., np.newaxis]


def _windows(sound: Array, name: str) -> Array:
    least = WINDOW + (PER_RECORDING - 1) * HOP
    if len(sound) < least:
        raise DataError(
            f"motor_sounds: {name} has {len(sound):,} samples, must have {least:,}",
            "get the file again",
        )
    return np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:PER_RECORDING]
