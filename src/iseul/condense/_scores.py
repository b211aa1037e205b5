# SPDX-License-Identifier: Apache-2.0
"""Scores of single networks, kept as they are found: what a stopped evaluation goes on from.

A file holds a list with one row per network:

    key        hash of everything that the score depends on
    set        whose samples were learned: "own", "baseline <method>" or "whole"
    synthesis  which one of that method, from 0
    network    the model family
    column     under which augmentation it learned
    net        which one of that family, from 0
    score      on the test set, after its last step
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from iseul.core.artifact import hash_json, read_json, write_json
from iseul.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Trial:
    """One network that learns from one set; fields as in the file's header.

    protocol: how it learns, JSON-able
    """

    set: str
    synthesis: int
    network: str
    column: str
    net: int
    protocol: Mapping[str, Any]


@dataclass
class Ledger:
    """Scores by trial.

    made_of: what all scores depend on beside their trials, JSON-able
    path:    a file that is written with every score; None: none is
    """

    made_of: Any = None
    path: Path | None = None
    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """Take over the scores of a file; of one that is missing or broken, what is readable."""
        try:
            rows = read_json(path)
        except DataError:
            return
        for row in rows if isinstance(rows, list) else ():
            match row:
                case {"key": str(key), "score": float(score)} if math.isfinite(score):
                    self._rows[key] = row

    def score(self, trial: Trial) -> float | None:
        """What a trial came to; None if it has not been made."""
        row = self._rows.get(self._key(trial))
        return None if row is None else row["score"]

    def add(self, trial: Trial, score: float) -> None:
        """Keep what a trial came to, at once."""
        row = self._row(trial, score)
        self._rows[row["key"]] = row
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.path, list(self._rows.values()))

    def write(self, path: Path, trials: Iterable[Trial]) -> None:
        """A file of the scores of these trials, which must be known."""
        write_json(path, [self._row(each, self._rows[self._key(each)]["score"]) for each in trials])

    def _key(self, trial: Trial) -> str:
        return hash_json([self.made_of, asdict(trial)])[:32]

    def _row(self, trial: Trial, score: float) -> dict[str, Any]:
        shown = {name: value for name, value in asdict(trial).items() if name != "protocol"}
        return {"key": self._key(trial), **shown, "score": score}
