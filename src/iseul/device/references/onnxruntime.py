# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime on the CPU: for `.onnx` files; differences are sized, as floats are not exact."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.device.references._samples import missing, one_by_one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.numerics import Array

SUFFIXES = (".onnx",)
IS_ORACLE = False


def available() -> str | None:
    """None, or that the package is missing."""
    return missing("onnxruntime", "onnxruntime")


def version() -> str:
    """As the distribution states it."""
    return version_of("onnxruntime")


def outputs(path: Path, inputs: Sequence[Array]) -> list[Array]:
    """See the folder."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    session: Any = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in session.get_inputs()]

    def run(sample: list[Array]) -> list[Array]:
        feed = {n: np.ascontiguousarray(x) for n, x in zip(names, sample, strict=True)}
        return [np.asarray(y) for y in session.run(None, feed)]

    return one_by_one(inputs, run)
