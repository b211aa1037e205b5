# SPDX-License-Identifier: Apache-2.0
"""Options and fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The suite runs one process per core: more threads would only wait for each other. Read when
# torch is loaded, so it stands before any import of it.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _torch_without_onednn() -> None:
    """With one thread, oneDNN's gradient of a strided 1x1 convolution in PyTorch 2.13 corrupts
    memory on some processors (docs/log.md); the suite runs one thread per process.
    """
    import torch

    torch.backends.mkldnn.enabled = False


# The same examples in every run; `--hypothesis-profile=random` looks for new ones
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("fixed")

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also run tests that need minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="needs minutes: run with --all")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party data and models: $ISEUL_DATA, default ../shared/data beside the repository."""
    folder = Path(os.environ.get("ISEUL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder} (set ISEUL_DATA)")
    return folder
