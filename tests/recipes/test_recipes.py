# SPDX-License-Identifier: Apache-2.0
"""Every recipe runs with --tiny, from data to report; runs resume, skip and repeat exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from iseul.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
STAGES = ("condense", "train", "compress", "compile", "device", "report")


def run_json(run_dir: Path) -> dict[str, Any]:
    return json.loads((run_dir / "run.json").read_text())


def hashes(run_dir: Path) -> dict[str, str]:
    return {
        name: json.loads((run_dir / name / "stage.json").read_text())["hash"]
        for name in STAGES
        if (run_dir / name).is_dir()
    }


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_a_recipe_resolves(recipe: Path) -> None:
    done = CliRunner().invoke(app, ["run", str(recipe), "--dry-run"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["name"]


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.stem != "image"], ids=lambda p: p.stem)
def test_a_recipe_runs_tiny(iseul: Any, recipe: Path, tmp_path: Path) -> None:
    done = iseul("run", recipe, "--tiny", "--out", tmp_path / "run", "--json")
    if done.returncode == 1 and "and set ISEUL_DATA to the folder" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[0])
    if "cifar10: no folder has all of" in done.stderr:
        pytest.skip("CIFAR-10 is not here; python scripts/fetch_data.py cifar10 gets it")
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["stages"]


def test_a_report_is_named_by_the_run_that_wrote_it(tmp_path: Path) -> None:
    def said(command: str, seed: int) -> str:
        recipe = str(ROOT / "recipes" / "condense_digits_10.toml")
        given = ["--tiny", "--set", f"seed={seed}", "--out", str(tmp_path / "run")]
        done = CliRunner().invoke(app, [command, recipe, *given])
        assert done.exit_code == 0, done.stderr
        return " ".join(done.stderr.split())

    page = tmp_path / "run" / "report" / "report.html"
    assert f"report {page}" in said("run", 0) and page.is_file()
    assert f"report not written; iseul report {page.parent.parent} makes it" in said("condense", 1)


def test_the_image_recipe_is_proven_on_the_device(tiny_run: Path) -> None:
    summary = run_json(tiny_run)
    assert list(summary["stages"]) == list(STAGES)
    accuracy = summary["accuracy"]
    assert accuracy["device"] == accuracy["compressed"]
    assert all(row["ok"] for row in summary["budgets"])
    device = summary["device"]
    assert device["instructions"] > 100_000
    assert sum(node["instructions"] for node in device["nodes"]) <= device["instructions"]
    assert device["ram"]["arena_bytes"] == device["ram"]["arena_touched_bytes"]
    assert device["ram"]["arena_bytes"] >= device["ram"]["arena_lower_bound_bytes"]
    verdict = json.loads((tiny_run / "device" / "verify.json").read_text())
    assert verdict["equal"]
    assert verdict["judges"] == ["numpy", "host", "cortex_m"]
    with np.load(tiny_run / "device" / "predictions.npz") as saved:
        assert np.array_equal(saved["device"], saved["compressed"])
        assert float((saved["device"] == saved["y"]).mean()) == accuracy["device"]
    assert (tiny_run / "report" / "report.html").stat().st_size > 10_000


def test_a_finished_run_is_skipped_and_a_stage_can_be_redone(iseul: Any, tiny_run: Path) -> None:
    before = hashes(tiny_run)
    again = iseul("run", "recipes/image.toml", "--tiny", "--out", tiny_run, "--json")
    assert again.returncode == 0, again.stderr
    assert all(stage["skipped"] for stage in json.loads(again.stdout)["stages"].values())
    redo = iseul(
        "run", "recipes/image.toml", "--tiny", "--out", tiny_run, "--from", "compile", "--json"
    )
    skipped = {n: s["skipped"] for n, s in json.loads(redo.stdout)["stages"].items()}
    assert skipped == {n: n in ("condense", "train", "compress") for n in STAGES}
    assert hashes(tiny_run) == before


def test_same_recipe_and_seed_give_the_same_hashes(
    iseul: Any, tiny_run: Path, tmp_path: Path
) -> None:
    done = iseul("run", "recipes/image.toml", "--tiny", "--out", tmp_path / "other")
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "other") == hashes(tiny_run)


def test_a_killed_run_is_resumed(iseul: Any, tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "iseul.cli", "run", "recipes/image.toml", "--tiny"]
    process = subprocess.Popen(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (out / "train.part").is_dir() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / "condense" / "stage.json").is_file()
    assert not (out / "train").exists(), "the stage that was killed must not look finished"
    done = iseul("run", "recipes/image.toml", "--tiny", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stages"]["condense"]["skipped"]
    assert hashes(out) == hashes(tiny_run)
    assert not list(out.glob("*.part"))
