# SPDX-License-Identifier: Apache-2.0
"""Runs the command line as a user does: another process, another working directory possible."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def iseul(root: Path) -> Run:
    """iseul(*args, env=..., timeout=...) -> CompletedProcess; never raises on a bad exit code."""

    def run(
        *args: str | Path, env: dict[str, str] | None = None, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "iseul.cli", *map(str, args)],
            cwd=root,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture(scope="session")
def tiny_run(iseul: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one finished tiny run of the image recipe."""
    out = tmp_path_factory.mktemp("tiny") / "run"
    done = iseul("run", "recipes/image.toml", "--tiny", "--out", out, "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    return out
