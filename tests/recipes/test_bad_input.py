# SPDX-License-Identifier: Apache-2.0
"""Bad input: one clear message, the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RECIPE = """
name = "bad"
board = "nucleo-l4r5zi"
[data]
method = "digits"
[train]
epochs = 1
[train.model]
method = "ds_cnn"
"""


def says(done: Any, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ") or "\nerror: " in done.stderr, done.stderr
    for word in words:
        assert word in done.stderr, f"{word!r} not in: {done.stderr}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("epochs = 1", "epocs = 1"), ['[train] has no key "epocs"', 'did you mean "epochs"']),
        (("epochs = 1", 'epochs = "many"'), ["[train] epochs = 'many'"]),
        (("[train]", "[trian]"), ['no table "trian"', 'did you mean "train"']),
        (('"digits"', '"digit"'), ['no data set "digit"', 'did you mean "digits"']),
        (('"ds_cnn"', '"dscnn"'), ['no model family "dscnn"', 'did you mean "ds_cnn"']),
        (("nucleo-l4r5zi", "nucleo-l4r5z"), ['no board "nucleo-l4r5z"', "nucleo-l4r5zi"]),
        (('name = "bad"', "name = 3"), ["name = 3", "must be a str"]),
        (("[data]", "[data"), ["not valid TOML"]),
    ],
)
def test_a_wrong_recipe(
    iseul: Any, tmp_path: Path, change: tuple[str, str], words: list[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.replace(*change))
    done = iseul("run", recipe, "--out", tmp_path / "run")
    says(done, 2, *words)
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_is_not_there(iseul: Any, tmp_path: Path) -> None:
    says(iseul("run", tmp_path / "no.toml"), 2, "can not be read", "try:")


def test_a_wrong_set(iseul: Any) -> None:
    says(iseul("run", "recipes/image.toml", "--set", "condense.icp=1", "--dry-run"), 2, '"ipc"')
    says(iseul("run", "recipes/image.toml", "--set", "condense", "--dry-run"), 2, "TABLE.KEY")


def test_an_unknown_stage(iseul: Any, tmp_path: Path) -> None:
    done = iseul("run", "recipes/image.toml", "--tiny", "--from", "pack", "--out", tmp_path / "r")
    says(done, 2, 'no stage "pack"')


def test_only_without_its_inputs(iseul: Any, tmp_path: Path) -> None:
    done = iseul("run", "recipes/image.toml", "--tiny", "--only", "compile", "--out", tmp_path)
    says(done, 2, "compress", "has not been run")


def test_corrupt_data(iseul: Any, tmp_path: Path) -> None:
    folder = tmp_path / "fashion_mnist"
    folder.mkdir()
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(b"not idx at all"))
    done = iseul(
        "condense",
        "recipes/image.toml",
        "--tiny",
        "--out",
        tmp_path / "run",
        env={"ISEUL_DATA": str(tmp_path)},
    )
    says(done, 1, "ubyte", "try:")
    assert not list((tmp_path / "run").glob("*/stage.json"))


def test_a_model_that_is_no_model(iseul: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.iseul"
    path.write_bytes(b"nonsense")
    says(iseul("check", path, "--target", "nucleo-l4r5zi"), 1, "not an Iseul graph")
    says(iseul("check", tmp_path / "x.iseul", "--target", "nucleo-l4r5zi"), 1, "no such file")
    (tmp_path / "x.foo").write_text("")
    says(iseul("check", tmp_path / "x.foo", "--target", "nucleo-l4r5zi"), 2, "no reader")


def test_wrong_flags(iseul: Any, tiny_run: Path) -> None:
    model = tiny_run / "compress" / "model.iseul"
    says(iseul("profile", model, "--target", "nucleo"), 2, "no board")
    says(iseul("profile", model), 2, "--target")
    says(iseul("profile", model, "--target", "nucleo-l4r5zi", "--compiler", "tcc"), 2, "gcc")
    says(iseul("fly"), 2, "fly")


def test_wrong_inputs(iseul: Any, tiny_run: Path, tmp_path: Path) -> None:
    model = tiny_run / "compress" / "model.iseul"
    inputs, outputs = tmp_path / "i.npz", tmp_path / "o.npz"
    predict = ("predict", model, "--inputs", inputs, "--outputs", outputs)
    says(iseul(*predict), 1, "i.npz")
    inputs.write_bytes(b"PK\x03\x04 broken")
    says(iseul(*predict), 1, "npz")
    np.savez(inputs, x=np.zeros(3))
    says(iseul(*predict), 1, "input_0")
    np.savez(inputs, input_0=np.zeros((1, 1, 2, 2, 1), np.int8))
    says(iseul(*predict), 1, "must be int8")
    np.savez(inputs, input_0=np.array([{"a": 1}], dtype=object))
    says(iseul(*predict), 1, "npz")
    assert not outputs.exists()


def test_a_board_that_is_too_small(iseul: Any, tmp_path: Path, tiny_run: Path) -> None:
    out = shutil.copytree(tiny_run, tmp_path / "run")  # stages that know no budget are kept
    done = iseul(
        "run", "recipes/image.toml", "--tiny", "--set", "budgets.latency_ms=0.01", "--out", out,
        "--json",
    )  # fmt: skip
    says(done, 1, "latency_ms", "most in node", "try:")
    summary = json.loads(done.stdout)
    assert summary["stages"]["device"]["skipped"] and not summary["stages"]["report"]["skipped"]
    assert [row["name"] for row in summary["budgets"] if not row["ok"]] == ["latency_ms"]
    assert (out / "report" / "report.html").is_file(), "the report shows the broken budget"


def test_no_compiler(iseul: Any, tiny_run: Path, tmp_path: Path) -> None:
    model = tiny_run / "compress" / "model.iseul"
    block = tmp_path / "ziglang"
    block.mkdir()
    (block / "__init__.py").write_text("raise ImportError('blocked')")
    env = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    done = iseul("profile", model, "--target", "nucleo-l4r5zi", env=env)
    says(done, 1, "compiler", "ziglang", "try:")


def test_errors_as_json(iseul: Any, tmp_path: Path) -> None:
    done = iseul("check", tmp_path / "x.iseul", "--target", "nucleo-l4r5zi", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["kind"] == "DataError"


def test_an_output_folder_that_can_not_be_written(iseul: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = iseul("run", "recipes/image.toml", "--tiny", "--out", blocked / "run")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["file"]
