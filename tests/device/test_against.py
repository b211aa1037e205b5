# SPDX-License-Identifier: Apache-2.0
"""Whole models beside other runtimes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from iseul.cli import app
from iseul.core import registry
from iseul.core.errors import ToolError, UsageError
from iseul.device.against import compare, lines
from iseul.device.references._child import FOLDER
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret_samples
from tflm import all_singles
from unit.test_tflm import drawn


def _model(folder: Path, name: str, seed: int = 3) -> tuple[Path, list[np.ndarray]]:
    """A one-op model, and two samples for it."""
    rng = np.random.default_rng(seed)
    single = all_singles()[name](rng)
    path = folder / "model.tflite"
    path.write_bytes(single.model.encode(single.inputs, single.outputs))
    samples = [[drawn(single, i, rng) for i in single.inputs] for _ in range(2)]
    return path, [np.stack(column) for column in zip(*samples, strict=True)]


def _needs(name: str) -> None:
    reason = registry.load(FOLDER, name).available()
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("name", ["tflm", "litert"])
def test_a_right_model_does_not_differ(tmp_path: Path, name: str) -> None:
    _needs(name)
    path, inputs = _model(tmp_path, "conv2d")
    ours = interpret_samples(load_graph(path), inputs).outputs
    value = compare(name, path, inputs, ours)
    assert value["equal"] is (True if name == "tflm" else None)
    assert value["outputs"][0]["n_different"] == 0
    assert value["outputs_sha256"] == value["reference_sha256"]
    assert value["n_inputs"] == 2
    assert "0 of" in lines(value)


def test_one_changed_value_is_named_and_sized(tmp_path: Path) -> None:
    _needs("tflm")
    path, inputs = _model(tmp_path, "conv2d")
    ours = [y.copy() for y in interpret_samples(load_graph(path), inputs).outputs]
    right = int(ours[0][1].flat[2])
    wrong = right - 3 if right > 0 else right + 3
    ours[0][1].flat[2] = wrong
    value = compare("tflm", path, inputs, ours)
    row, first = value["outputs"][0], value["first_difference"]
    assert value["equal"] is False
    assert (row["n_different"], row["largest"], row["unit"]) == (1, 3.0, "steps")
    assert (first["input"], first["expected"], first["got"]) == (1, right, wrong)
    assert np.ravel_multi_index(first["index"], ours[0].shape[1:]) == 2
    assert "DIFFERENT" in lines(value)


def test_other_files_and_names_are_refused(tmp_path: Path) -> None:
    path, inputs = _model(tmp_path, "conv2d")
    with pytest.raises(UsageError, match=r"runs \.onnx files"):
        compare("onnxruntime", path, inputs, [])
    with pytest.raises(UsageError, match="no reference"):
        compare("tflmm", path, inputs, [])


def test_a_reference_that_dies_is_an_error(tmp_path: Path) -> None:
    _needs("tflm")
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\0" * 64)
    with pytest.raises(ToolError, match="could not run"):
        compare("tflm", path, [np.zeros((1, 2), np.int8)], [])


def test_on_the_command_line(tmp_path: Path) -> None:
    _needs("tflm")
    path, inputs = _model(tmp_path, "fully_connected")
    given = tmp_path / "in.npz"
    np.savez(given, input_0=inputs[0])
    words = ["verify", str(path), "--against", "tflm", "--inputs", str(given), "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert value["equal"] is True and value["on"] == "host" and value["n_inputs"] == 2
    with pytest.raises(UsageError, match="--target or --against"):
        CliRunner().invoke(app, ["verify", str(path)], catch_exceptions=False)
