# SPDX-License-Identifier: Apache-2.0
"""Honest evaluation: what is counted, ranked and compared; and what a set shows of its sources."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from iseul.condense import _judging, _leakage, evaluate, subset_match
from iseul.condense._condensed import Condensed
from iseul.condense._judging import Panel, judge, normalised, trials_of
from iseul.condense._leakage import _area, look_up, neighbours
from iseul.condense._problem import Problem
from iseul.condense._scores import Ledger, Trial
from iseul.core.artifact import read_json
from iseul.core.errors import UsageError
from iseul.data._batch import Samples
from iseul.data.sets import digits
from iseul.models._seed import seeded
from iseul.pipeline.recipe import read_recipe
from iseul.pipeline.run import run_recipe
from iseul.pipeline.stages.condense import asked_of_the_method

DIGITS = Path(__file__).parents[2] / "recipes" / "condense_digits_10.toml"
SIDE = 6


def noise(n: int, seed: int, n_classes: int = 3) -> Samples:
    """Pictures of nothing with classes by lot: what is learned of them is learned by heart."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n, SIDE, SIDE, 1), np.uint8)
    return Samples(x, np.arange(n) % n_classes)


def dense(seed: int) -> nn.Module:
    def build() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 64), nn.ReLU(), nn.Linear(64, 3))

    return seeded(build, seed)


def problem_of(real: Samples) -> Problem:
    return Problem(real, 3, dense)


def as_set(samples: Samples) -> Condensed:
    return Condensed(samples.x, samples.y, np.zeros(len(samples), np.int64))


def config(**changes: object) -> evaluate.Config:
    return evaluate.Config.model_validate({"nets": 2, "epochs": 2, "lr": 0.05, **changes})


# numbers


def test_summary_over_nets_and_over_seeds() -> None:
    made = evaluate.summary([[0.2, 0.4], [0.6, 0.8]])
    assert made["mean"] == 0.5 and made["n"] == 4 and made["seeds"] == 2
    assert made["std"] == pytest.approx(math.sqrt(0.05))
    assert made["std_seeds"] == pytest.approx(0.2)
    assert evaluate.summary([[0.5, 0.7]]).keys() == {"mean", "std", "n"}


def test_the_scale_of_dd_ranking() -> None:
    assert normalised(1) == pytest.approx(1) and normalised(-1) == pytest.approx(0)
    assert normalised(0) == pytest.approx((1 - 1 / math.e) / (math.e - 1 / math.e))


def test_scores_of_dd_ranking_by_hand() -> None:
    own = {"none": [[0.5, 0.7]], "dsa": [[0.8, 0.8]]}
    random = {"none": [[0.5, 0.5]], "dsa": [[0.5, 0.7]]}
    found = _judging._rank(own, random, {"mean": 0.9})
    assert found["hlr"] == pytest.approx(0.3)
    assert found["ior"] == {"none": pytest.approx(0.1), "dsa": pytest.approx(0.2)}
    assert found["lrs"] == pytest.approx(normalised(0.5 * 0.2 - 0.5 * 0.3))
    assert found["ars"] == pytest.approx(normalised(0.5 * 0.2 + 0.5 * 0.1))
    assert _judging._rank(own, None, {}) == {}
    assert "ars" not in _judging._rank({"none": [[0.5]]}, {"none": [[0.5]]}, {})


# the whole


def test_every_seed_makes_its_sets_and_every_net_judges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: Counter[tuple[str, int]] = Counter()
    said: list[str] = []
    monkeypatch.setattr(_judging, "say", said.append)

    def maker(name: str, offset: int) -> Callable[[int], Condensed]:
        def make(i: int) -> Condensed:
            asked[name, i] += 1
            return as_set(noise(6, offset + i))

        return make

    panel = Panel(
        maker("own", 10),
        {"dense": dense, "other": dense},
        {"random": maker("random", 20), "kmeans": maker("kmeans", 30)},
        {1: 0.0, 2: 0.0},
    )
    settings = config(seeds=3, columns=("none", "dsa"), upper_epochs=4)
    problem, test = problem_of(noise(60, 0)), noise(30, 1)
    found = judge(panel, problem, test, settings, 5)
    assert asked == {(name, i): 1 for name in ("own", "random", "kmeans") for i in range(3)}
    assert found["accuracy"] == found["architectures"]["dense"] and found["seeds"] == 3
    assert list(found["architectures"]) == ["dense", "other"]
    for table in (*found["architectures"].values(), *found["baselines"].values()):
        assert list(table) == ["none", "dsa"]
        assert all(cell["n"] == 6 and cell["seeds"] == 3 for cell in table.values())
    assert found["upper_bound"]["steps"] == 4 * 2 and found["upper_bound"]["n_samples"] == 60
    assert {"hlr", "ior", "lrs", "ars"} <= found.keys()
    assert len(said) == 1 and "50 networks, 2 more syntheses, about" in said[0]
    assert found == judge(panel, problem, test, settings, 5)


def test_the_upper_bound_learns_the_whole_set() -> None:
    real = noise(60, 0)
    panel = Panel(lambda i: as_set(real.take(slice(0, 6))), {"dense": dense}, {})
    settings = config(columns=("none",), upper_epochs=120, epochs=30)
    found = judge(panel, problem_of(real), real, settings, 0)  # judged on what it learned
    assert found["upper_bound"]["mean"] > 0.95 > found["accuracy"]["none"]["mean"] + 0.2


@pytest.mark.parametrize("key", ["columns", "architectures", "baselines"])
def test_nothing_is_judged_twice(tmp_path: Path, key: str) -> None:
    name = {"columns": "dsa", "architectures": "ds_cnn", "baselines": "kmeans"}[key]
    text = f'[condense]\nmethod = "random"\n[condense.evaluate]\n{key} = ["{name}", "{name}"]\n'
    with pytest.raises(UsageError, match=rf"\[condense.evaluate\] {key} = .* each once"):
        read_recipe(written(tmp_path, text))


@pytest.mark.parametrize(
    ("to_make", "said"),
    [
        ({}, "4 networks, about"),
        ({1: 7200.0}, "4 networks, 1 more syntheses, about 120 min"),
        ({1: None}, "and what those take"),
    ],
)
def test_only_syntheses_that_are_not_there_are_said_to_be_made(
    to_make: dict[int, float | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(_judging, "say", told.append)
    panel = Panel(lambda i: as_set(noise(6, i)), {"dense": dense}, {}, to_make)
    settings = config(seeds=2, columns=("none",))
    judge(panel, problem_of(noise(60, 0)), noise(30, 1), settings, 5)
    assert said in told[0] and ("those take" in told[0]) == (None in to_make.values())


# going on


class Stopped(Exception):
    """As if the run had been killed there."""


def counted(monkeypatch: pytest.MonkeyPatch, most: int = 10**6) -> list[str]:
    """The networks and columns that are trained from now on; Stopped before one more than most."""
    made: list[str] = []
    score_of = evaluate.score_of

    def watched(*given: Any) -> float:
        if len(made) == most:
            raise Stopped
        made.append(f"{given[5]} {given[6]}")
        return score_of(*given)

    monkeypatch.setattr(_judging, "score_of", watched)
    return made


def test_an_evaluation_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel(
        lambda i: as_set(noise(6, 10 + i)),
        {"dense": dense, "other": dense},
        {"random": lambda i: as_set(noise(6, 20 + i))},
    )
    settings = config(seeds=2, columns=("none", "dsa"), upper_epochs=4)
    problem, test = problem_of(noise(60, 0)), noise(30, 1)
    whole = judge(panel, problem, test, settings, 5)
    counted(monkeypatch, 15)
    with pytest.raises(Stopped):
        judge(panel, problem, test, settings, 5, Ledger("it", tmp_path / "work" / "scores.json"))
    made = counted(monkeypatch)
    ledger = Ledger("it")
    ledger.read(tmp_path / "work" / "scores.json")
    assert judge(panel, problem, test, settings, 5, ledger) == whole
    assert len(made) == 2 * 3 * 2 * 2 + 2 - 15
    trials = trials_of(panel, settings, 5)
    ledger.write(tmp_path / "scores.json", trials)
    rows = read_json(tmp_path / "scores.json")
    own = [r["score"] for r in rows if r["set"] == "own" and r["network"] == "dense"]
    assert len(rows) == len(trials) and {row["synthesis"] for row in rows} == {0, 1}
    assert np.mean([*own[:2], *own[4:6]]) == pytest.approx(whole["accuracy"]["none"]["mean"])
    # of something else, nothing is known
    other = Ledger("another set")
    other.read(tmp_path / "scores.json")
    assert not any(other.score(trial) is not None for trial in trials)


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"nets": 3}, ["dense none", "other none"]),
        ({"columns": ("none", "dsa")}, ["dense dsa", "dense dsa", "other dsa", "other dsa"]),
        ({"columns": ("dsa",)}, ["dense dsa", "dense dsa", "other dsa", "other dsa"]),
        ({"nets": 1}, []),
        ({"upper_epochs": 2}, ["dense none"] * 2),
        *(
            ({name: value}, ["dense none"] * 2 + ["other none"] * 2)
            for name, value in (("epochs", 3), ("lr", 0.1), ("lr_batch_norm", 1), ("batch", 4))
        ),
        ({"mirror": True}, ["dense none"] * 2 + ["other none"] * 2),
    ],
    ids=str,
)
def test_only_what_changed_is_judged_anew(
    changes: dict[str, object], again: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel(lambda i: as_set(noise(6, i)), {"dense": dense, "other": dense}, {})
    problem, test = problem_of(noise(60, 0)), noise(30, 1)
    ledger = Ledger()
    settings = {"columns": ("none",), **changes}
    judge(panel, problem, test, config(columns=("none",)), 5, ledger)
    made = counted(monkeypatch)
    found = judge(panel, problem, test, config(**settings), 5, ledger)
    assert made == again
    assert found == judge(panel, problem, test, config(**settings), 5)


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "{}", "[7, null]", '[{"key": 7, "score": 0.5}]', '[{"key": "KEY"}]']
    + [f'[{{"key": "KEY", "score": {score}}}]' for score in ("null", '"0.5"', "NaN", "1", "[]")],
)
def test_a_broken_file_of_scores_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    trial = Trial("own", 0, "dense", "none", 0, {})
    ledger = Ledger()
    ledger.add(trial, 0.25)
    ledger.write(tmp_path / "scores.json", [trial])
    key = read_json(tmp_path / "scores.json")[0]["key"]
    (tmp_path / "scores.json").write_text(text.replace("KEY", key))
    again = Ledger()
    again.read(tmp_path / "scores.json")
    again.read(tmp_path / "missing.json")
    assert again.score(trial) is None


# copies


def test_neighbours_stay_in_their_class_and_are_measured_by_it() -> None:
    real = np.array([[0.0], [1.0], [2.0], [50.0], [60.0], [70.0]], np.float32)
    y = np.array([0, 0, 0, 1, 1, 1])
    x = np.array([[2.0], [2.5], [2.5]], np.float32)
    near = neighbours(x, np.array([0, 0, 1]), real, y, 0)
    assert near.index.tolist() == [2, 2, 3]
    assert near.ratio.tolist() == [0.0, 0.5, 4.75]  # typical distances: 1 and 10


def test_real_samples_are_copies_and_others_are_not() -> None:
    real = noise(200, 0)
    problem = problem_of(real)
    copied, fresh = as_set(real.take(slice(3, 9))), as_set(noise(6, 9))
    near = look_up(copied, problem, 0)
    assert near.index.tolist() == list(range(3, 9)) and not near.ratio.any()
    far = look_up(fresh, problem, 0)
    assert far.ratio.min() > 0.8 and far.ratio.max() < 1.3
    small = config(nets=1, epochs=1)
    found = _leakage.leakage(copied, near, problem, noise(60, 5), dense, small, 0)
    assert found["n_copies"] == found["pixels"]["n"] == 6
    assert found["embedding"]["n_copies"] == 6
    assert found["pixels"]["held_out_ratio_median"] == pytest.approx(1, abs=0.1)
    assert found["pixels"]["held_out_share_below"] == 0
    clean = _leakage.leakage(fresh, far, problem, noise(60, 5), dense, small, 0)
    assert clean["n_copies"] == 0 and clean["pixels"]["ratio_min"] > 0.8


# members


def test_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40) + 1.0, rng.integers(0, 6, 70) * 1.0
    truth = np.r_[np.ones(40), np.zeros(70)]
    found = _area(a, b)
    assert found["auc"] == pytest.approx(roc_auc_score(truth, np.r_[a, b]))
    assert 0.03 < found["error"] < 0.07 and found["n_members"] == 40 and found["n_others"] == 70
    assert (
        _area(np.ones(3), np.zeros(4))["auc"] == 1 and _area(np.ones(3), np.ones(4))["auc"] == 0.5
    )


def test_what_is_learned_by_heart_is_found_and_what_is_not_is_not() -> None:
    real, held_out = noise(90, 0), noise(120, 1)
    problem, settings = problem_of(real), config(nets=2, epochs=150)
    for made, low, high in (
        (as_set(real.take(slice(0, 45))), 0.8, 1.0),
        (as_set(noise(45, 2)), 0.3, 0.7),  # 0.5 and four standard errors
    ):
        near = look_up(made, problem, 0)
        found = _leakage._membership(made, near, problem, held_out, dense, settings, 0)
        assert low <= found["exposed"]["loss"]["auc"] <= high
        assert found["n_reference"] == 45
        everyone = found["members"]
        if low > 0.7:  # half of all members are in the set
            assert 0.6 < everyone["loss"]["auc"] < 0.9
            assert found["exposed"]["calibrated"]["auc"] > 0.6
        else:
            assert all(0.35 < each["auc"] < 0.65 for each in everyone.values())


def test_a_batch_of_one_does_not_stop_batch_norm() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 4), nn.BatchNorm1d(4))
    data = noise(7, 0)
    problem = problem_of(data)
    x, y = evaluate.samples_of(as_set(data), problem)
    evaluate.train_net(
        net, x, y, problem, "none", config(batch=3), torch.Generator().manual_seed(0)
    )


def test_batch_norm_learns_at_its_own_step_width() -> None:
    def first_step(norm: nn.Module, **changes: object) -> float:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 3), norm)
        before = [each.detach().clone() for each in net.parameters()]
        x, y = evaluate.samples_of(as_set(noise(9, 0)), problem_of(noise(9, 0)))
        settings = config(epochs=1, batch=9, **changes)
        evaluate.train_net(net, x, y, problem_of(noise(9, 0)), "none", settings, torch.Generator())
        return max(
            float((after.detach() - old).abs().max())
            for after, old in zip(net.parameters(), before, strict=True)
        )

    with_norm = first_step(nn.BatchNorm1d(3), lr_batch_norm=0.5)
    assert first_step(nn.BatchNorm1d(3), lr_batch_norm=0.05) == pytest.approx(
        with_norm / 10, rel=1e-3
    )
    assert first_step(nn.BatchNorm1d(3), lr_batch_norm=0.5, lr=5.0) == with_norm
    without = first_step(nn.Identity(), lr=0.5)
    assert first_step(nn.Identity(), lr=0.05) == pytest.approx(without / 10, rel=1e-3)
    assert first_step(nn.Identity(), lr=0.5, lr_batch_norm=5.0) == without


# the recipe

RECIPE = """
name = "r"
board = "nucleo-l4r5zi"
[data]
method = "digits"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "r.toml"
    path.write_text(RECIPE + text)
    return path


def test_full_fills_what_the_recipe_leaves_open(tmp_path: Path) -> None:
    plain = '[condense]\nmethod = "random"\n'
    path = written(tmp_path, plain)
    assert read_recipe(path).evaluate is None
    quick = read_recipe(path, evaluate="quick").evaluate
    assert quick == evaluate.Config()
    path = written(tmp_path, plain + "[condense.evaluate]\nnets = 2\n")
    full = read_recipe(path, evaluate="full").evaluate
    assert full is not None and full.nets == 2 and full.seeds == 3 and full.leakage
    assert full.columns == ("none", "dsa", "dsa_cutmix") and "mobilenet" in full.architectures
    assert read_recipe(path, evaluate="quick").evaluate == evaluate.Config(nets=2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('architectures = ["resnett"]', 'did you mean "resnet"'),
        ('baselines = ["kmean"]', 'did you mean "kmeans"'),
        ("seeds = 0", "seeds = 0"),
    ],
)
def test_wrong_names_cost_a_second_not_an_hour(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, f'[condense]\nmethod = "random"\n[condense.evaluate]\n{text}\n')
    with pytest.raises(UsageError, match=said):
        read_recipe(path)


def test_evaluate_needs_a_condensed_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no \[condense\]"):
        read_recipe(written(tmp_path, ""), evaluate="quick")


@pytest.mark.parametrize(
    ("method", "text", "ipc", "bits", "palette"),
    [
        ("subset_match", "", 3, 8, "levels"),
        ("subset_match", "[condense.store]\nbits = 2", 3, 2, "levels"),
        ("subset_match", "[condense.store]\nbits = 2\nfill = true", 12, 2, "levels"),
        (
            "subset_match",
            "[condense.rounding]\nbits = 5\n[condense.store]\nbits = 4\nfill = true",
            6,
            5,
            "levels",
        ),
        ("subset_match", "[condense.store]\nbits = 6\nfill = true", 12, 6, "colours"),
        (
            "subset_match",
            '[condense.rounding]\npalette = "colours"\n[condense.store]\nbits = 2',
            3,
            2,
            "levels",
        ),
        ("kmeans", "[condense.store]\nbits = 1\nfill = true", 24, None, None),
        ("kmeans", '[condense.store]\nbits = 2\ncoding = "arithmetic"', 3, None, None),
    ],
    ids=str,
)
def test_storage_says_how_many_samples_and_what_matching_knows(
    tmp_path: Path, method: str, text: str, ipc: int, bits: int | None, palette: str | None
) -> None:
    path = written(tmp_path, f'[condense]\nmethod = "{method}"\nipc = 3\n{text}\n')
    real = Samples(np.zeros((200, 4, 4, 3), np.uint8), np.arange(200) % 10)
    given = Problem(real, 10, lambda _: torch.nn.Identity())
    settings = asked_of_the_method(read_recipe(path), given)
    assert settings.ipc == ipc
    rounding = getattr(settings, "rounding", None)
    assert [getattr(rounding, name, None) for name in ("bits", "palette")] == [bits, palette]


def test_bits_that_matching_is_told_make_another_run(tmp_path: Path) -> None:
    """A stage is up to date by what the recipe says, so what is left out must show in it."""
    tables = []
    for told in ("", "[condense.rounding]\nbits = 8\n"):
        path = written(
            tmp_path, f'[condense]\nmethod = "subset_match"\n{told}[condense.store]\nbits = 2\n'
        )
        tables.append(read_recipe(path).table("condense"))
    assert tables[0] != tables[1]


def test_what_is_moved_is_asked_for_less(tmp_path: Path) -> None:
    """Matched samples are harder to code, so fewer of them have room."""
    real = digits.load(digits.Config(n_train=600)).train
    given = Problem(real, 10, lambda _: torch.nn.Identity(), 1 / 16, raw_max=16)
    asked = []
    for steps in (0, 5):
        path = written(
            tmp_path,
            f'[condense]\nmethod = "subset_match"\nipc = 10\nsteps = {steps}\n'
            '[condense.store]\nbits = 2\nfill = true\ncoding = "arithmetic"\n',
        )
        asked.append(asked_of_the_method(read_recipe(path), given).ipc)
    assert 40 < asked[1] < asked[0] < 1.3 * asked[1]


def test_coding_makes_room_for_more_samples(tmp_path: Path) -> None:
    found = {}
    for coding in ("none", "arithmetic"):
        sets = ["condense.store.bits=2", "condense.store.fill=true", "condense.steps=0"]
        sets.append(f'condense.store.coding="{coding}"')
        run_recipe(read_recipe(DIGITS, sets, tiny=True), tmp_path / coding)
        metrics = read_json(tmp_path / coding / "condense" / "stage.json")["metrics"]
        assert metrics["coding"] == coding
        found[coding] = metrics["n_samples"], metrics["n_bytes"]
    assert found["none"][0] == 80 < found["arithmetic"][0]
    assert found["arithmetic"][1] <= 2 * 10 * 64 < found["none"][1], "tables count with coding"


# judging a finished set


def test_a_finished_set_is_judged_anew_without_being_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(folder: str, *sets: str, start: str | None = None) -> bytes:
        recipe = read_recipe(DIGITS, list(sets), tiny=True)
        run_recipe(recipe, tmp_path / folder, start=start)
        return (tmp_path / folder / "condense" / "condensed.dew").read_bytes()

    longer = ("condense.evaluate.epochs=9", 'condense.evaluate.architectures=["ds_cnn"]')
    shorter, whole = run("first"), run("second", *longer)
    assert shorter != whole, "the file holds its judgement"
    with monkeypatch.context() as patched:
        patched.setattr(subset_match, "condense", lambda *_: pytest.fail("made anew"))
        assert run("first", *longer) == whole
        for sets, start in (
            (("condense.steps=3",), None),
            (("seed=1",), None),
            (("data.n_train=90",), None),
            (longer, "condense"),
        ):
            with pytest.raises(pytest.fail.Exception, match="made anew"):
                run("first", *sets, start=start)
    assert run("first", *longer) == whole, "a run that failed leaves the set"
    history = (tmp_path / "first" / "condense" / "history.json").read_bytes()
    assert history == (tmp_path / "second" / "condense" / "history.json").read_bytes()


def test_a_stopped_judgement_keeps_the_sets_and_the_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every synthesis; and a finished run that is judged by more networks keeps them too."""

    def run(folder: str, *sets: str) -> dict[str, str]:
        seeds = ("condense.evaluate.seeds=2", 'condense.evaluate.columns=["none"]')
        recipe = read_recipe(DIGITS, [*seeds, *sets], tiny=True)
        run_recipe(recipe, tmp_path / folder)
        files: dict[str, str] = read_json(tmp_path / folder / "condense" / "stage.json")["files"]
        return files

    more = ("condense.evaluate.nets=2", 'condense.evaluate.architectures=["ds_cnn"]')
    run("first")
    whole = run("whole", *more)
    with monkeypatch.context() as patched:
        counted(patched, 3)  # own: two syntheses, random: of the first one
        with pytest.raises(Stopped):
            run("second", *more, 'condense.evaluate.baselines=["random"]')
        assert (tmp_path / "second" / "condense.work" / "condensed.dew").is_file()
    with monkeypatch.context() as patched:
        made = counted(patched)
        patched.setattr(subset_match, "condense", lambda *_: pytest.fail("made anew"))
        assert run("first", *more) == whole
        assert made == ["convnet none", "ds_cnn none", "ds_cnn none", "convnet none"] * 2
    with monkeypatch.context() as patched:
        made = counted(patched)
        assert run("second", *more) == whole
        assert len(made) == 12 - 3
    assert {"condensed.dew", "condensed_1.dew", "scores.json"} <= whole.keys()
    for damaged in ("condensed_1.dew", "scores.json"):
        path = tmp_path / "first" / "condense" / damaged
        path.write_bytes(path.read_bytes().replace(b"0", b"1", 1)[:-1] + b" ")
        with monkeypatch.context() as patched:
            made = counted(patched)
            assert run("first", *more) == whole and len(made) == 12, damaged
    assert not (tmp_path / "second" / "condense.work").exists()
