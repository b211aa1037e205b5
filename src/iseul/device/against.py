# SPDX-License-Identifier: Apache-2.0
"""Whole models against another runtime: `iseul verify --against tflm|litert|onnxruntime`.

TensorFlow Lite Micro is the oracle of integers, so it gives a verdict: equal or not, floats
within the tolerance of the judges. Other runtimes round in their own ways, so that only the size
of the differences is stated.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core import registry
from iseul.core.errors import ToolError, UsageError
from iseul.device.references._child import FOLDER, outputs_of
from iseul.device.verify import FLOAT_TOLERANCE, first_difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.numerics import Array


def compare(
    name: str, model: Path, inputs: Sequence[Array], outputs: Sequence[Array]
) -> dict[str, Any]:
    """How a reference's outputs differ from ours.

    name:    of the reference
    inputs:  (n, *shape) per input of the model's file
    outputs: (n, *shape) per output, as we compute them

    `equal` is None where the reference is no oracle. Integer differences are in steps; float ones
    are absolute, and relative to the largest |value| of the output.
    Raises UsageError for an unknown reference or another kind of file, ToolError if it fails.
    """
    entry = registry.load(FOLDER, name)
    if model.suffix not in entry.SUFFIXES:
        raise UsageError(
            f"--against {name} runs {' and '.join(entry.SUFFIXES)} files, {model} is none",
            f"one of: {', '.join(_references_for(model.suffix)) or 'no reference runs this kind'}",
        )
    reason = entry.available()
    if reason is not None:
        raise ToolError(f"--against {name}: {reason}")
    theirs = outputs_of(name, model, inputs)
    if len(theirs) != len(outputs):
        raise ToolError(f"{name} gives {len(theirs)} outputs of {model}, ours are {len(outputs)}")
    rows = [_row(i, want, got) for i, (want, got) in enumerate(zip(theirs, outputs, strict=True))]
    first = next((row.pop("first") for row in rows if row["first"] is not None), None)
    for row in rows:
        row.pop("first", None)
    return {
        "against": name,
        "version": entry.version(),
        "n_inputs": len(inputs[0]) if inputs else 1,
        "equal": first is None if entry.IS_ORACLE else None,
        "outputs": rows,
        "first_difference": first,
        "outputs_sha256": _digest(outputs),
        "reference_sha256": _digest(theirs),
    }


def _references_for(suffix: str) -> list[str]:
    return [n for n in registry.names(FOLDER) if suffix in registry.load(FOLDER, n).SUFFIXES]


def _digest(outputs: Sequence[Array]) -> str:
    """SHA-256 over the raw bytes of all samples in order, outputs in graph order."""
    digest = hashlib.sha256()
    for s in range(len(outputs[0]) if outputs else 0):
        for output in outputs:
            digest.update(np.ascontiguousarray(output[s]).tobytes())
    return digest.hexdigest()


def _row(i: int, want: Array, got: Array) -> dict[str, Any]:
    if want.shape != got.shape or want.dtype != got.dtype:
        raise ToolError(
            f"output {i} is {want.dtype}{list(want.shape)} in the reference, "
            f"{got.dtype}{list(got.shape)} in ours"
        )
    difference = np.abs(got.astype(np.float64) - want.astype(np.float64))
    # equal infinities and NaNs are no difference
    both_nan = np.isnan(got.astype(np.float64)) & np.isnan(want.astype(np.float64))
    difference = np.where((got == want) | both_nan, 0.0, difference)
    is_float = want.dtype.kind == "f"
    unit = float(np.abs(np.where(np.isfinite(want), want, 0)).max(initial=0)) if is_float else 1.0
    index = first_difference(want, got, FLOAT_TOLERANCE)
    first = None
    if index is not None:
        first = {
            "output": i,
            "input": index[0],
            "index": list(index[1:]),
            "expected": want[index].item(),
            "got": got[index].item(),
        }
    return {
        "output": i,
        "dtype": want.dtype.name,
        "unit": "absolute" if is_float else "steps",
        "n": int(difference.size),
        "n_different": int(np.count_nonzero(difference)),
        "largest": float(difference.max(initial=0)),
        "mean": float(difference.mean()) if difference.size else 0.0,
        "largest_relative": float(difference.max(initial=0)) / unit if unit else 0.0,
        "first": first,
    }


def lines(value: dict[str, Any]) -> str:
    """What people read."""
    found = [f"{value['against']} {value['version']}, {value['n_inputs']} samples"]
    for row in value["outputs"]:
        size = f"largest {row['largest']:.6g} ({row['unit']}), mean {row['mean']:.3g}"
        found.append(
            f"  output {row['output']} {row['dtype']}: {row['n_different']:,} of {row['n']:,} "
            f"values differ" + (f", {size}" if row["n_different"] else "")
        )
    if value["equal"] is None:
        found.append("no verdict: this runtime rounds in its own way; only the sizes are stated")
    else:
        found.append("equal" if value["equal"] else f"DIFFERENT: {value['first_difference']}")
    return "\n".join(found)


__all__ = ["compare", "lines"]
