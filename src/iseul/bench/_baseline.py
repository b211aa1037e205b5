# SPDX-License-Identifier: Apache-2.0
"""What others need for known models: `bench/baseline.json`, facts with their sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from iseul.core.config import Config, build
from iseul.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path("bench") / "baseline.json"


class Known(Config):
    """A model that the peer was measured on."""

    file: str = Field(description="name of the model's file, without suffix")
    title: str = Field(description="what the model does")
    macs: int = Field(gt=0, description="multiply-accumulates of the model as its file states it")


class Board(Config):
    """Cycles that somebody published for a board."""

    engine: str
    board: str
    core: str
    clock_mhz: float = Field(gt=0)
    source: str
    cycles: dict[str, int] = Field(description="model -> cycles per inference")


class Baseline(Config):
    """The peer's figures and what was published."""

    peer: str
    how: str = Field(description="versions, settings and how it was counted")
    models: dict[str, Known]
    cores: dict[str, dict[str, dict[str, int]]] = Field(description="core -> model -> figures")
    boards: tuple[Board, ...]

    def short_of(self, file: str) -> str | None:
        """The short name of a model, or None for one that the peer was not measured on."""
        return next((short for short, known in self.models.items() if known.file == file), None)

    def figures(self, core: str, file: str) -> Mapping[str, int] | None:
        """What the peer needs for a model on a core, if that is known."""
        return self.cores.get(core, {}).get(self.short_of(file) or "")


def read_baseline(path: Path = FILE) -> Baseline:
    """The figures of a file. Raises DataError if it is missing or malformed."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: can not be read: {error}", "run it in a checkout of the project"
        ) from None
    if not isinstance(values, dict):
        raise DataError(f"{path}: must be an object")
    return build(Baseline, values, str(path))
