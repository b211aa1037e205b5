# SPDX-License-Identifier: Apache-2.0
"""Speech commands: ten words, other words, silence; one-second clips of 16 kHz as log-mel features.

A part of Speech Commands 2 (3,937 clips) in the 12 classes of the publisher's test: 49 frames of
30 ms every 20 ms, 40 mel bands from 125 to 7,500 Hz, (49, 40, 1) bytes; see `_log_mel.py`. No
speaker is in two of the parts train (2,865), validation (488) and test (584).
Source:  Warden: Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition,
         arXiv 1804.03209, 2018.
Licence: CC BY 4.0.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.errors import DataError
from iseul.data._batch import Splits
from iseul.data._given import given, read_index
from iseul.data._log_mel import FrontEnd
from iseul.data._spoken import Clips, pick, two_parts

FRONT = FrontEnd(rate=16000)
SECOND = 16000
NAMES = (
    "yes",
    "no",
    "up",
    "down",
    "left",
    "right",
    "on",
    "off",
    "stop",
    "go",
    "_silence_",
    "_unknown_",
)
FOLDER = "speech_commands_v2_12"
SOURCE = "Speech Commands 2 (index.csv with a split by speaker, FLAC in clips.zip)"


class Config(Base):
    """Limits for small runs, and which part judges."""

    n_train: int = Field(default=0, ge=0, description="training samples, classes alike; 0 all")
    n_test: int = Field(default=0, ge=0, description="test samples, classes alike; 0 all")
    validation: bool = Field(
        default=False, description="the validation part (other speakers) replaces the test part"
    )


def load(config: Config) -> Splits:
    """The two splits, (49, 40, 1). Raises DataError if files are missing or damaged."""
    folder = given(FOLDER, ("index.csv", "clips.zip"), SOURCE)
    rows = read_index(folder / "index.csv", ("path", "label", "split"))
    unknown = sorted({row["label"] for row in rows} - set(NAMES))
    if unknown:
        raise DataError(
            f"{folder / 'index.csv'}: has labels {', '.join(unknown)}; "
            f"must be of {', '.join(NAMES)}",
            "get the file again",
        )
    y = np.array([NAMES.index(row["label"]) for row in rows], np.int64)
    parts = np.array([row["split"] for row in rows])
    judged = "val" if config.validation else "test"
    clips = Clips(folder / "clips.zip", [row["path"] for row in rows], FRONT, SECOND)
    train, test = two_parts(
        clips,
        y,
        pick(y, np.flatnonzero(parts == "train"), config.n_train),
        pick(y, np.flatnonzero(parts == judged), config.n_test),
    )
    return Splits(
        train,
        test,
        NAMES,
        scale=1 / 255,
        licence="CC BY 4.0",
        source=str(folder),
        kind="spectrogram",
    )
