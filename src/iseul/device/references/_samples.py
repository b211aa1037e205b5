# SPDX-License-Identifier: Apache-2.0
"""What references share: one sample after the other, and versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.numerics import Array

    RunOne = Callable[[list[Array]], list[Array]]


def one_by_one(inputs: Sequence[Array], run: RunOne) -> list[Array]:
    """Outputs (n, *shape) of inputs (n, *shape), by a function of one sample."""
    rows = [run([x[i] for x in inputs]) for i in range(len(inputs[0]) if inputs else 1)]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def missing(distribution: str, extra: str) -> str | None:
    """None if a distribution is installed, else what to do."""
    try:
        version(distribution)
    except PackageNotFoundError:
        return f'{distribution} is not installed: pip install "iseul[{extra}]"'
    return None
