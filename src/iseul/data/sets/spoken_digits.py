# SPDX-License-Identifier: Apache-2.0
"""Spoken digits: 2,500 recordings of "zero" to "nine" by 5 speakers, 8 kHz, as log-mel features.

A clip is one second (shorter ones lie in the middle of silence): 49 frames of 30 ms every
20 ms, 40 mel bands from 125 to 3,800 Hz, (49, 40, 1) bytes; see `_log_mel.py`. The split is
the publisher's: recordings 0-4 of each speaker and digit are test (250). So all speakers are
known in it; `held_out` tests on a speaker who was never heard instead, which is harder.
Source:  Jackson et al.: Free Spoken Digit Dataset, github.com/Jakobovski/free-spoken-digit-dataset
Licence: CC BY-SA 4.0.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.data._batch import Splits, hold_back
from iseul.data._given import given, read_index
from iseul.data._log_mel import FrontEnd
from iseul.data._spoken import Clips, pick, two_parts

FRONT = FrontEnd(rate=8000, high_hz=3800.0, fft_length=256)
SECOND = 8000
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SOURCE = "github.com/Jakobovski/free-spoken-digit-dataset (index.csv, FLAC in recordings.zip)"


class Config(Base):
    """Limits for small runs, and who is tested."""

    n_train: int = Field(default=0, ge=0, description="training samples, classes alike; 0 all")
    n_test: int = Field(default=0, ge=0, description="test samples, classes alike; 0 all")
    n_validation: int = Field(
        default=0,
        ge=0,
        description="last n training samples replace the test set; 50 are one recording "
        "of each speaker and digit; 0 none",
    )
    held_out: str = Field(
        default="", description="speaker who alone is tested; empty: the publisher's split"
    )


def load(config: Config) -> Splits:
    """The two splits, (49, 40, 1). Raises DataError if files are missing or damaged."""
    folder = given("fsdd", ("index.csv", "recordings.zip"), SOURCE)
    rows = read_index(folder / "index.csv", ("path", "digit", "speaker", "index", "split"))
    # By recording first: the last training samples are one recording of everyone and everything.
    rows.sort(key=lambda row: (int(row["index"]), int(row["digit"]), row["speaker"]))
    y = np.array([int(row["digit"]) for row in rows], np.int64)
    if config.held_out:
        speakers = sorted({row["speaker"] for row in rows})
        if config.held_out not in speakers:
            raise DataError(
                f'spoken_digits: there is no speaker "{config.held_out}"',
                f"one of {', '.join(speakers)}",
            )
        is_test = np.array([row["speaker"] == config.held_out for row in rows])
    else:
        is_test = np.array([row["split"] == "test" for row in rows])
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    if config.n_validation:
        train, test = hold_back(train, config.n_validation)
    clips = Clips(folder / "recordings.zip", [row["path"] for row in rows], FRONT, SECOND)
    train_samples, test_samples = two_parts(
        clips, y, pick(y, train, config.n_train), pick(y, test, config.n_test)
    )
    return Splits(
        train_samples,
        test_samples,
        NAMES,
        scale=1 / 255,
        licence="CC BY-SA 4.0",
        source=str(folder),
        kind="spectrogram",
    )
