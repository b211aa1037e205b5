# SPDX-License-Identifier: Apache-2.0
"""LiteRT's reference kernels (BUILTIN_REF): near, but no oracle.

They round differently in places: fully connected and LSTM layers by a step or two.
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
IS_ORACLE = False


def available() -> str | None:
    """None, or that the package is missing."""
    return missing("ai-edge-litert", "litert")


def version() -> str:
    """As the distribution states it."""
    return version_of("ai-edge-litert")


def outputs(path: Path, inputs: Sequence[Array]) -> list[Array]:
    """See the folder."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter: Any = Interpreter(
        model_path=str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    places = [detail["index"] for detail in interpreter.get_input_details()]
    results = [detail["index"] for detail in interpreter.get_output_details()]

    def run(sample: list[Array]) -> list[Array]:
        interpreter.reset_all_variables()
        for place, x in zip(places, sample, strict=True):
            interpreter.set_tensor(place, np.ascontiguousarray(x))
        interpreter.invoke()
        return [np.array(interpreter.get_tensor(result)) for result in results]

    return one_by_one(inputs, run)
