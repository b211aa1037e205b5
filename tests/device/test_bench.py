# SPDX-License-Identifier: Apache-2.0
"""`iseul bench mcu`: no row without a verdict, the peer's figures, what is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from iseul.bench import corpus, mcu
from iseul.bench._baseline import Baseline, read_baseline
from iseul.bench._mcu_page import page
from iseul.compile import Package, compile_graph
from iseul.core.errors import DataError, UsageError, VerifyError
from iseul.device.runners import cortex_m, host
from iseul.device.verify import random_inputs, verify_package
from iseul.graph.files import load_graph
from iseul.graph.passes._order import ORDER, run_passes
from iseul.targets import load_target

ROOT = Path(__file__).parents[2]
M4 = mcu.TARGETS[0]
SMALL = "tflm_hello_world_int8"


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return read_baseline(ROOT / "bench" / "baseline.json")


@pytest.fixture(scope="module")
def entry(shared_data: Path) -> corpus.Entry:
    for runner in (host, cortex_m):
        if runner.available() is not None:
            pytest.skip(str(runner.available()))
    found = [e for e in corpus.entries(shared_data) if e.name == SMALL]
    if not found:
        pytest.skip(f"no {SMALL}")
    return found[0]


@pytest.fixture(scope="module")
def package(entry: corpus.Entry) -> Package:
    board = load_target(M4)
    return compile_graph(run_passes(load_graph(entry.path), board), board)


def verdict_of(package: Package, n: int, **options: Any) -> dict[str, Any]:
    return verify_package(package, random_inputs(package.graph, n), **options)


def test_a_row_has_a_verdict_and_a_page(entry, baseline, shared_data) -> None:
    row = mcu.measure(mcu.Job(entry, M4), baseline, shared_data, mcu.LEAST_INPUTS)
    assert row.proven.verdict["n_inputs"] == mcu.LEAST_INPUTS + 8  # and the golden ones
    assert row.as_json()["verified"]["judges"] == ["numpy", "host", "cortex_m"]
    text = page([row], [mcu.Left(mcu.Job(entry, "esp32-c3"), "no emulator", False)], baseline)
    assert f"{row.ours['instructions']:,}" in text
    assert "8 golden (tflm), 200 random" in text
    assert f"{SMALL}.tflite on esp32-c3: no emulator" in text
    assert json.loads(json.dumps(row.as_json()))["peer"] is None


def test_no_row_without_enough_inputs(package) -> None:
    with pytest.raises(VerifyError, match="199 inputs"):
        mcu.Proven(package, verdict_of(package, mcu.LEAST_INPUTS - 1))


def test_no_row_of_fewer_judges_or_another_package(package) -> None:
    verdict = verdict_of(package, mcu.LEAST_INPUTS, judges=("numpy", "host"))
    with pytest.raises(VerifyError, match="numpy, host only"):
        mcu.Proven(package, verdict)
    whole = {**verdict, "judges": ["numpy", "host", "cortex_m"]}
    mcu.Proven(package, whole)
    with pytest.raises(VerifyError, match="another package"):
        mcu.Proven(package, {**whole, "target": "esp32-c3"})
    with pytest.raises(VerifyError, match="self-test fails on host"):
        mcu.Proven(package, {**whole, "selftests": {"host": 1}})


def test_no_row_of_wrong_c(package, entry, baseline, shared_data, monkeypatch) -> None:
    """One changed weight, and there is no row; the others stay."""
    name = next(name for name in package.files if name.endswith("_weights.c"))
    text = package.files[name]
    at = text.index("{", text.index("int8_t")) + 1
    end = text.index(",", at)
    changed = f"{text[:at]} {(int(text[at:end]) + 65) % 128}{text[end:]}"
    wrong = replace(package, files=MappingProxyType({**package.files, name: changed}))
    monkeypatch.setattr(mcu, "_package", lambda job, origin: wrong)
    rows, left = mcu.run([mcu.Job(entry, M4)], baseline, shared_data, mcu.LEAST_INPUTS)
    assert not rows
    assert left[0].is_wrong
    assert "first_difference" not in left[0].reason and "expected" in left[0].reason


def test_golden_outputs_are_asked_for(entry, baseline, shared_data, tmp_path) -> None:
    with np.load(entry.golden) as z:
        arrays = {key: z[key] for key in z.files}
    arrays["out3_0"] = arrays["out3_0"] ^ 1
    np.savez(tmp_path / "golden.npz", **arrays)
    lying = replace(entry, golden=tmp_path / "golden.npz")
    with pytest.raises(VerifyError, match="1 steps beside tflm"):
        mcu.measure(mcu.Job(lying, M4), baseline, shared_data, mcu.LEAST_INPUTS)


def test_too_few_inputs_are_wrong_use(baseline, shared_data) -> None:
    with pytest.raises(UsageError, match="--inputs 199"):
        mcu.run([], baseline, shared_data, 199)


def test_what_is_measured(baseline, shared_data) -> None:
    found = corpus.entries(shared_data)
    jobs, left = mcu.jobs_of(found, baseline, (), ())
    ours = [job for job in jobs if baseline.short_of(job.entry.name)]
    names = [baseline.short_of(job.entry.name) for job in ours if job.board == M4]
    assert names == ["kws", "vww", "vww", "ic", "ad", "sww"]
    assert {job.board for job in ours} == set(mcu.TARGETS)
    assert {job.board for job in jobs if job not in ours} == {M4}
    models = {e for e in found if e.path.parent.name not in mcu.SINGLE_OPS}
    assert {job.entry for job in jobs} | {one.job.entry for one in left} == models
    assert len(mcu.jobs_of(found, baseline, ("seanet",), (M4,))[0]) == len(found) - len(models)
    assert not any(one.is_wrong for one in left)
    assert mcu.jobs_of(found, baseline, ("kws",), (M4,))[0][0] == mcu.Job(ours[0].entry, M4)
    with pytest.raises(UsageError, match="no model"):
        mcu.jobs_of(found, baseline, ("nothing like it",), ())
    with pytest.raises(UsageError, match="no board"):
        mcu.jobs_of(found, baseline, (), ("nucleo",))


def test_inputs_are_those_that_models_were_made_for(shared_data) -> None:
    wanted = {
        "mlperf_kws_dscnn_int8": "10 recorded (kws01.npz)",
        "mlperf_vww_mbv1_025_96_int8": "10 crops of photographs",
        "mlperf_ad_ae_int8": "10 random",
    }
    for entry in corpus.entries(shared_data):
        if entry.name not in wanted:
            continue
        graph = load_graph(entry.path)
        arrays, words = corpus.stimuli(entry, graph, shared_data, 10)
        again, _ = corpus.stimuli(entry, graph, shared_data, 10)
        assert words == wanted.pop(entry.name)
        first = graph.values[graph.inputs[0]]
        assert arrays[0].shape == (10, *first.shape)
        assert arrays[0].dtype == first.dtype
        assert len(np.unique(arrays[0])) > 50
        assert np.array_equal(arrays[0], again[0])
    assert not wanted


def test_baseline_is_facts_with_sources(baseline, tmp_path) -> None:
    assert baseline.figures("cortex-m4", "mlperf_kws_dscnn_int8")["instructions"] == 7_697_329
    assert (
        baseline.figures("cortex-m55", "mlperf_vww_mbv1_025_96_int8")["instructions"] == 6_558_317
    )
    assert baseline.figures("riscv32imc", "mlperf_kws_dscnn_int8") is None
    assert baseline.figures("cortex-m4", SMALL) is None
    assert all("results.txt" in board.source for board in baseline.boards)
    with pytest.raises(DataError, match="can not be read"):
        read_baseline(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DataError, match="an object"):
        read_baseline(tmp_path / "list.json")


def test_passes_can_be_left_out(entry) -> None:
    graph = load_graph(entry.path)
    assert run_passes(graph, None, ORDER).nodes == graph.nodes
    with pytest.raises(UsageError, match='did you mean "merge_tables"'):
        run_passes(graph, None, ("merge_table",))
