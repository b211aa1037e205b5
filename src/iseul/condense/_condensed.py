# SPDX-License-Identifier: Apache-2.0
"""What a condensation method returns, and the .npz file that keeps it.

Samples are raw integers like the data set's own, so a condensed set trains, calibrates and
ships exactly like a real one, at one byte per pixel. The file holds plain arrays, no pickle.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.artifact import write_bytes
from iseul.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = 2


@dataclass(frozen=True)
class Condensed:
    """A condensed set, classes in order.

    x:       (n, H, W, C) uint8, raw integers: real value = scale * raw
    y:       (n,) int64
    subset:  (n,) int64, which subset of its class a sample stands for; 0 where there are none
    losses:  match loss of each step; empty for methods that pick real samples
    factor:  parts along each axis that share one stored sample (`_formation.py`); 1: none
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    subset: NDArray[np.int64]
    losses: list[float] = field(default_factory=list)
    factor: int = 1

    def save(self, path: Path) -> None:
        """Write the .npz whole; the same set gives the same bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            version=np.int64(VERSION),
            x=self.x,
            y=self.y,
            subset=self.subset,
            losses=np.asarray(self.losses, np.float64),
            factor=np.int64(self.factor),
        )
        write_bytes(path, buffer.getvalue())


def load_condensed(path: Path) -> Condensed:
    """A set that `Condensed.save` wrote.

    Raises DataError if the file is missing, damaged or holds something else.
    """
    try:
        # From memory: numpy leaves a file open when the archive in it is damaged.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            found: dict[str, NDArray[Any]] = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: can not be read as a condensed set: {error}") from None
    for name, dtype, n_axes in (
        ("x", np.uint8, 4),
        ("y", np.int64, 1),
        ("subset", np.int64, 1),
        ("losses", np.float64, 1),
        ("factor", np.int64, 0),
    ):
        array = found.get(name)
        if array is None or array.dtype != dtype or array.ndim != n_axes:
            got = "is missing" if array is None else f"is {array.dtype} with {array.ndim} axes"
            want = f"{np.dtype(dtype).name} with {n_axes} axes"
            raise DataError(f'{path}: array "{name}" {got}, must be {want}')
    if not len(found["x"]) == len(found["y"]) == len(found["subset"]):
        counts = {name: len(found[name]) for name in ("x", "y", "subset")}
        raise DataError(f"{path}: arrays differ in length: {counts}")
    return Condensed(
        found["x"], found["y"], found["subset"], found["losses"].tolist(), int(found["factor"])
    )
