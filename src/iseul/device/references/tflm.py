# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite Micro's reference kernels: the oracle of integer models.

The pip package runs them on this computer; CMSIS-NN computes the same bytes.
"""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.device.references._samples import missing, one_by_one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.numerics import Array

SUFFIXES = (".tflite",)
IS_ORACLE = True

_ARENA_PER_FILE_BYTE = 30  # the package takes 10 by default, too little for small files
_LEAST_ARENA = 64 << 20


def available() -> str | None:
    """None, or that the package is missing."""
    return missing("tflite-micro", "tflm")


def version() -> str:
    """As the distribution states it: the day of its build."""
    return version_of("tflite-micro")


def outputs(path: Path, inputs: Sequence[Array]) -> list[Array]:
    """See the folder."""
    from tflite_micro.python.tflite_micro import runtime

    data = path.read_bytes()
    arena = max(_ARENA_PER_FILE_BYTE * len(data), _LEAST_ARENA)
    interpreter: Any = runtime.Interpreter.from_bytes(data, arena_size=arena)

    def run(sample: list[Array]) -> list[Array]:
        interpreter.reset()
        for i, x in enumerate(sample):
            interpreter.set_input(np.ascontiguousarray(x), i)
        interpreter.invoke()
        found: list[Array] = []
        while True:
            try:
                found.append(np.array(interpreter.get_output(len(found))))
            except IndexError:
                return found

    return one_by_one(inputs, run)
