# SPDX-License-Identifier: Apache-2.0
"""Folders outside of the repository: what a user has put there, and what we keep there."""

from __future__ import annotations

import os
from pathlib import Path


def data() -> Path:
    """Where data sets and models of others lie: $ISEUL_DATA, by default ../shared/data."""
    return Path(os.environ.get("ISEUL_DATA") or "../shared/data")


def cache(*names: str) -> Path:
    """A folder for what can be made or fetched again, below $XDG_CACHE_HOME or ~/.cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home.joinpath("iseul", *names)
