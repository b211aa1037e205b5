# SPDX-License-Identifier: Apache-2.0
"""Runs a reference in a process of its own: python -m ..._child NAME MODEL IN.npz OUT.npz."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.numerics import Array

FOLDER = "iseul.device.references"
_SECONDS = 1800  # large models on slow reference kernels
_LAST_LINES = 5


def outputs_of(name: str, model: Path, inputs: Sequence[Array]) -> list[Array]:
    """Outputs (n, *shape) of a reference. Raises ToolError with its last lines if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, **{f"input_{i}": x for i, x in enumerate(inputs)})  # type: ignore[arg-type]
        words = [sys.executable, "-m", __name__, name, str(model.resolve()), str(given), str(made)]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{name}: {error}") from None
        if done.returncode or not made.is_file():
            lines = (done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:]
            how = f"ended with code {done.returncode}"
            raise ToolError(
                f"{name} could not run {model}: it {how}",
                "compare with another reference, or without --against",
                lines,
            )
        with np.load(made, allow_pickle=False) as file:
            return [file[f"output_{i}"] for i in range(len(file.files))]


def _main(name: str, model: str, given: str, made: str) -> None:
    with np.load(given, allow_pickle=False) as file:
        inputs = [file[f"input_{i}"] for i in range(len(file.files))]
    found = registry.load(FOLDER, name).outputs(Path(model), inputs)
    np.savez(made, **{f"output_{i}": y for i, y in enumerate(found)})


if __name__ == "__main__":
    _main(*sys.argv[1:5])
