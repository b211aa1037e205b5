# SPDX-License-Identifier: Apache-2.0
"""A run folder as it lies on disk: what exists is read, what does not is left empty.

A stage that has not run is no error: the report then has fewer sections. A file that exists
but can not be read is one: a report must never be silent about damage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.condense._condensed import load_condensed
from iseul.core.artifact import STAGE_FILE, read_json
from iseul.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iseul.numerics import Array

Facts = dict[str, Any]  # what the report knows, JSON-able

STAGES = ("condense", "train", "compress", "compile", "device")
_OBJECTS = {
    "package": "compile/package.json",
    "profile": "device/profile.json",
    "verify": "device/verify.json",
}
_ANY = {
    "condense_history": "condense/history.json",
    "condense_scores": "condense/scores.json",
    "train_history": "train/history.json",
    "calibration": "compress/calibration.json",
    "pruning": "compress/pruning.json",
}
_MOST = 1e18  # no count, byte or second of a run is larger
_ARRAYS = {
    "condensed": "condense/condensed.dew",
    "neighbours": "condense/neighbours.npz",
    "predictions": "device/predictions.npz",
}


@dataclass(frozen=True)
class Run:
    """The raw content of a run folder; empty mappings stand for what is not there.

    files:  the JSON files by the names of `_OBJECTS` and `_ANY`
    arrays: the npz and dew files by the names of `_ARRAYS`
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)  # run.json
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)

    def metrics(self, stage: str) -> Mapping[str, Any]:
        """A stage's metrics; empty if it has not run."""
        return as_object(self.stages.get(stage, {}).get("metrics"))


def read_run(run_dir: Path) -> Run:
    """Everything of a run folder that a report shows.

    Raises DataError if the folder holds no stage at all, or a file in it is damaged.
    """
    if not run_dir.is_dir():
        raise DataError(f"{run_dir}: there is no such run folder", "iseul run RECIPE --out DIR")
    stages = {
        name: _object(run_dir / name / STAGE_FILE)
        for name in STAGES
        if (run_dir / name / STAGE_FILE).is_file()
    }
    if not stages:
        raise DataError(
            f"{run_dir}: no finished stage in it, a report needs one of {', '.join(STAGES)}",
            "iseul run RECIPE --out DIR, then iseul report DIR",
        )
    top = [run_dir / "recipe.json", run_dir / "run.json"]
    files: dict[str, Any] = {}
    for key, name in _OBJECTS.items():
        if _belongs(run_dir, name, stages):
            files[key] = _object(run_dir / name)
    for key, name in _ANY.items():
        if _belongs(run_dir, name, stages):
            files[key] = read_json(run_dir / name)
    arrays = {
        key: _arrays(run_dir / name)
        for key, name in _ARRAYS.items()
        if _belongs(run_dir, name, stages)
    }
    recipe, summary = [_object(path) if path.is_file() else {} for path in top]
    return Run(recipe, summary, stages, files, arrays)


def _belongs(run_dir: Path, name: str, stages: Mapping[str, Any]) -> bool:
    """Whether the file exists and its stage was finished: leftovers are not reported."""
    return name.partition("/")[0] in stages and (run_dir / name).is_file()


def _object(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: holds a {type(value).__name__}, must be a JSON object")
    return value


def _arrays(path: Path) -> dict[str, Array]:
    """The arrays of an npz; of a condensed set the samples to learn from."""
    if path.suffix == ".dew":
        made = load_condensed(path)
        x, y = made.samples()
        return {"x": x, "y": y, "subset": made.subset.repeat(len(x) // len(made))}
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged zip fails in many ways: zipfile, zlib, header, shape
        raise DataError(f"{path}: can not be read as npz: {error}") from None


def as_object(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; a mapping of name -> object becomes rows with `name`."""
    if isinstance(value, dict):
        return [{"name": key, **item} for key, item in value.items() if isinstance(item, dict)]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(value: Any, *path: str) -> float | int | None:
    """The number at a path of keys; None where there is none, or nothing that a run counts."""
    for key in path:
        value = as_object(value).get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_MOST < value < _MOST else None  # NaN is not


def text(value: Any, *path: str) -> str:
    """The string at a path of keys; empty where there is none."""
    for key in path:
        value = as_object(value).get(key)
    return value if isinstance(value, str) else ""
