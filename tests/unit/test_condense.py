# SPDX-License-Identifier: Apache-2.0
"""Condensation: subsets, gradients, augmentation, bank, matching, evaluation, file."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from iseul.condense import _augment, _matching, _networks, evaluate, herding, subset_match
from iseul.condense._bank import Bank, Plan, build_net
from iseul.condense._condensed import Condensed
from iseul.condense._distance import cosine_rows, squared
from iseul.condense._formation import decode, encode
from iseul.condense._gradients import group_gradients, layer_shapes
from iseul.condense._matching import as_stored
from iseul.condense._problem import CLASSIFICATION, Problem
from iseul.condense._subsets import CAPACITY, balanced_kmeans, largest_remainder, partition
from iseul.condense._tasks import problem_of
from iseul.core.config import build
from iseul.core.errors import ShapeError, UnsupportedError, UsageError
from iseul.data._batch import Samples, to_tensor
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded

DIGITS = digits.load(digits.Config(n_train=300, n_test=100))


def net_for(seed: int) -> nn.Module:
    return seeded(lambda: convnet.build(convnet.TINY, (8, 8, 1), 10), seed)


PROBLEM = Problem(DIGITS.train, 10, net_for, DIGITS.scale, raw_max=DIGITS.raw_max)
SEVERAL = replace(PROBLEM, build_other=problem_of(DIGITS, tiny=True).build_other)


def random_tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


# subsets


def test_balanced_kmeans_finds_separate_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(4, dtype=np.float32)
    truth = np.repeat(np.arange(4), 25)
    points = (centres[truth] + rng.normal(size=(100, 4))).astype(np.float32)
    labels = balanced_kmeans(points, 4, seed=0)
    assert all(len(set(labels[truth == j])) == 1 for j in range(4)) and len(set(labels)) == 4


@given(st.integers(1, 60), st.data(), st.booleans())
def test_balanced_kmeans_sizes(n: int, data: st.DataObject, coincide: bool) -> None:
    k = data.draw(st.integers(1, n))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    points = rng.normal(size=(n, 3)).astype(np.float32) * (0 if coincide else 1)
    labels = balanced_kmeans(points, k, seed=1)
    sizes = np.bincount(labels, minlength=k)
    assert len(sizes) == k and sizes.min() >= 1
    assert k == 1 or sizes.max() <= np.ceil(CAPACITY * n / k)
    assert np.array_equal(labels, balanced_kmeans(points, k, seed=1))


def test_largest_remainder() -> None:
    assert largest_remainder(np.array([50, 30, 20]), 10).tolist() == [5, 3, 2]
    assert largest_remainder(np.array([55, 27, 18]), 10).tolist() == [5, 3, 2]
    assert largest_remainder(np.array([96, 2, 2]), 4).tolist() == [2, 1, 1]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.integers(0, 40))
def test_largest_remainder_adds_up(sizes: list[int], more: int) -> None:
    counts = largest_remainder(np.array(sizes), len(sizes) + more)
    assert counts.sum() == len(sizes) + more and counts.min() >= 1


def test_partitions_differ_in_members_and_start_alike() -> None:
    embedding = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    classes = [np.arange(0, 60, 2), np.arange(1, 60, 2)]
    made = {kind: partition(embedding, classes, 6, 3, kind, 0) for kind in ("kmeans", "random")}
    whole = partition(embedding, classes, 6, 3, "none", 0)
    for part in (*made.values(), whole):
        assert part.images.sum(1).tolist() == [6, 6]
        np.testing.assert_allclose(part.shares.sum(1), 1, rtol=1e-6)
        for c in range(2):
            assert sorted(np.concatenate(part.members[c])) == classes[c].tolist()
            assert [len(s) for s in part.starts[c]] == part.images[c].tolist()
    assert whole.n_subsets == 1 and made["kmeans"].n_subsets == 3
    for c in range(2):
        start = {kind: np.concatenate(part.starts[c]).tolist() for kind, part in made.items()}
        assert start["kmeans"] == start["random"] == np.concatenate(whole.starts[c]).tolist()
        assert len(set(start["kmeans"])) == 6
        for inside, chosen in zip(made["kmeans"].members[c], made["kmeans"].starts[c], strict=True):
            assert set(chosen) <= set(inside)
        sizes = {kind: [len(m) for m in part.members[c]] for kind, part in made.items()}
        assert sizes["kmeans"] == sizes["random"]
        assert not np.array_equal(made["kmeans"].members[c][0], made["random"].members[c][0])


def test_herd_is_greedy_mean_matching() -> None:
    points = np.random.default_rng(3).normal(size=(12, 3)).astype(np.float32)
    mean, taken = points.mean(0), []
    for _ in range(5):
        rest = [i for i in range(12) if i not in taken]
        gap = [np.linalg.norm(mean - points[[*taken, i]].mean(0)) for i in rest]
        taken.append(rest[int(np.argmin(gap))])
    assert herding.herd(points, 5).tolist() == taken


# gradients


class Strided(nn.Module):
    """Stride, dilation, groups and a depthwise layer: what the unfolded product must cover."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1),
            nn.Tanh(),
            nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2),
            nn.Tanh(),
            nn.Conv2d(6, 6, (1, 3), padding=(0, 1), groups=6),
            nn.Flatten(),
        )
        self.head = nn.Linear(6 * 4 * 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.layers(x))
        return logits


def by_autograd(
    net: nn.Module, x: torch.Tensor, y: torch.Tensor, sizes: list[int]
) -> list[torch.Tensor]:
    """The plain way: one backward per group, straight to the weights."""
    weights = [m.weight for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    groups = []
    for own_x, own_y in zip(x.split(sizes), y.split(sizes), strict=True):
        loss = F.cross_entropy(net(own_x), own_y)
        groups.append(torch.autograd.grad(loss, weights, create_graph=True))
    return [torch.stack([g.flatten(1) for g in layer]) for layer in zip(*groups, strict=True)]


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [2, 2], [1, 3], [4]])
def test_group_gradients_equal_autograd(sizes: list[int]) -> None:
    net = seeded(Strided, 0)
    x = random_tensor(4, 2, 8, 8).requires_grad_()
    y = torch.tensor([0, 1, 2, 1])
    want = by_autograd(net, x, y, sizes)
    net.requires_grad_(False)
    got = group_gradients(net, x, y, sizes, True, CLASSIFICATION.loss)
    plain = group_gradients(net, x.detach(), y, sizes, False, CLASSIFICATION.loss)
    for a, b, c in zip(want, got, plain, strict=True):
        torch.testing.assert_close(a, b)
        torch.testing.assert_close(a, c)
        assert b.requires_grad and not c.requires_grad
    pixels = [
        torch.autograd.grad(sum(g.square().sum() for g in part), x)[0] for part in (want, got)
    ]
    torch.testing.assert_close(*pixels)


def test_group_gradients_of_one_subset_ignore_the_others() -> None:
    net = net_for(0).requires_grad_(False)
    x = random_tensor(4, 1, 8, 8).requires_grad_()
    gradients = group_gradients(
        net, x, torch.tensor([0, 0, 1, 1]), [1, 1, 2], True, CLASSIFICATION.loss
    )
    sum(layer[1].square().sum() for layer in gradients).backward()
    assert x.grad is not None
    assert [bool(row.any()) for row in x.grad] == [False, True, False, False]


def test_unnumbered_padding_is_refused() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding="same"), nn.Flatten(), nn.Linear(32, 3))
    net.requires_grad_(False)
    with pytest.raises(UnsupportedError, match='padding "same"'):
        group_gradients(
            net, random_tensor(1, 1, 4, 4), torch.tensor([0]), [1], False, CLASSIFICATION.loss
        )


def test_distances() -> None:
    real = [random_tensor(3, 4, 5), random_tensor(3, 2, 6, seed=1)]
    longer = [2 * layer for layer in real]
    zero = torch.zeros(3)
    torch.testing.assert_close(squared(real, real), zero)
    torch.testing.assert_close(cosine_rows(real, longer), zero, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        squared(real, longer).mean(), torch.tensor(1.0)
    )  # |real|^2 / |real|^2
    turned = [-layer for layer in real]
    torch.testing.assert_close(cosine_rows(real, turned), torch.full((3,), 2.0 * (4 + 2)))


# augmentation


def test_transforms_are_shared_by_value() -> None:
    transforms = _augment.draw(3, True, torch.Generator().manual_seed(0))
    x = random_tensor(1, 1, 8, 8)
    twice = torch.tensor([1, 1, 2])
    moved = _augment.apply(x.expand(3, -1, -1, -1), transforms[twice])
    assert torch.equal(moved[0], moved[1]) and not torch.equal(moved[0], moved[2])


def test_mirror_only_where_asked() -> None:
    def share(mirror: bool) -> float:
        drawn = _augment.draw(1200, mirror, torch.Generator().manual_seed(1))
        return float((drawn[:, 0] < 0).float().mean())

    assert share(False) == 0 and 0.06 < share(True) < 0.11  # half of one kind of six


def test_one_kind_of_transform_at_a_time() -> None:
    rows = _augment.draw(600, True, torch.Generator().manual_seed(2))
    plain = torch.tensor([1, 0, 0, 1, 0, 0, 1, 1, 0, 0])
    moved = rows[:, :10] != plain
    groups = [moved[:, list(columns)].any(1) for columns in ((0, 1, 2, 3), (4, 5), (6, 7, 8), (9,))]
    assert int(torch.stack(groups).sum(0).max()) == 1
    assert all(group.float().mean() > 0.1 for group in groups)


def test_a_transform_without_effect_returns_the_image() -> None:
    x = random_tensor(2, 3, 6, 8)
    plain = torch.tensor([[1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0.5, 0.5]]).expand(2, -1)
    torch.testing.assert_close(_augment.apply(x, plain), x)


def test_gradients_reach_the_pixels() -> None:
    x = random_tensor(2, 1, 8, 8).requires_grad_()
    transforms = _augment.draw(2, False, torch.Generator().manual_seed(0))
    _augment.apply(x, transforms).square().sum().backward()
    assert x.grad is not None and (x.grad != 0).float().mean() > 0.2


# networks and bank


def test_recordings_keep_states_and_learn() -> None:
    made = _networks.record(PROBLEM, [1, 120], False, 0)
    x, y = to_tensor(DIGITS.train.x, DIGITS.scale), torch.from_numpy(DIGITS.train.y)
    losses = []
    for state in made.states:
        _networks.load_vector(made.net, state)
        losses.append(float(F.cross_entropy(made.net(x), y)))
    assert len(losses) == 2 and losses[1] < 0.8 * losses[0]


def test_states_of_batch_norm_hold_statistics_of_real_samples() -> None:
    """After one step running averages would still be those of a fresh network, to a tenth."""
    build = partial(SEVERAL.build_other or net_for, "ds_cnn")
    made = _networks.record(SEVERAL, [1, 2], False, 0, build)
    x = to_tensor(DIGITS.train.x, DIGITS.scale)
    for state in made.states:
        _networks.load_vector(made.net, state)
        first = next(m for m in made.net.modules() if isinstance(m, nn.BatchNorm2d))
        conv = next(m for m in made.net.modules() if isinstance(m, nn.Conv2d))
        real = conv(x).var((0, 2, 3))
        assert first.running_var is not None
        torch.testing.assert_close(first.running_var, real, rtol=0.3, atol=0.0)
    assert not torch.equal(made.states[0], made.states[1])
    net = net_for(0)
    assert _networks.settle(net, PROBLEM, False, 0) is net  # nothing to settle


def test_embedding_is_what_the_last_linear_layer_receives() -> None:
    net = net_for(0)
    features = _networks.embed(net, DIGITS.test.x[:5], PROBLEM)
    logits = net(to_tensor(DIGITS.test.x[:5], DIGITS.scale))
    assert isinstance(net.head, nn.Linear)
    torch.testing.assert_close(net.head(torch.from_numpy(features)), logits)
    with pytest.raises(UnsupportedError, match="no linear layer"):
        _networks.embed(nn.Sequential(nn.Flatten()), DIGITS.test.x[:5], PROBLEM)


def test_bank_holds_the_mean_gradient_of_whole_subsets(tmp_path: Path) -> None:
    """With as many images per draw as a subset has, the chosen images are the subset."""
    train = DIGITS.train
    classes = [np.flatnonzero(train.y == c)[:4] for c in range(10)]
    embedding = np.random.default_rng(0).normal(size=(len(train), 4)).astype(np.float32)
    subsets = partition(embedding, classes, 2, 2, "none", 0)
    recording = _networks.record(PROBLEM, [3], False, 0)
    plan = Plan((3,), 1, 4, False)
    build_net(PROBLEM, subsets, plan, tmp_path / "net", "key", 0, recording=recording)
    bank = Bank([tmp_path / "net"], plan, [layer_shapes(recording.net)])
    assert len(bank) == 1
    draw = bank.draw(0, slice(0, 10))
    _networks.load_vector(recording.net, draw.state)
    for c in (0, 7):
        x = to_tensor(train.x[classes[c]], DIGITS.scale)
        x = _augment.apply(x, draw.transforms[torch.full((4,), c)])
        recording.net.requires_grad_(True)
        want = by_autograd(recording.net, x, torch.full((4,), c), [4])
        recording.net.requires_grad_(False)
        for kept, exact in zip(draw.gradients, want, strict=True):
            size = float(
                exact.detach().abs().max()
            )  # bfloat16 keeps 8 bits: relative error below 2^-8
            torch.testing.assert_close(kept[c].float(), exact[0], rtol=2**-8, atol=1e-5 * size)


# the method


def condense(problem: Problem = PROBLEM, **changes: Any) -> Condensed:
    networks = {"nets": 1, "train_steps": 8, "draws": 1}
    for table in ("networks", "subsets"):
        changes[table] = {**(networks if table == "networks" else {}), **changes.get(table, {})}
    config = build(subset_match.Config, {"ipc": 3, "steps": 3, **changes}, "condense")
    return subset_match.condense(problem, config, 0)


def test_matching_lowers_the_match_loss_and_moves_pixels() -> None:
    """One network, one draw: every step sees the same problem, so the loss must fall."""
    alone = {"networks": {"train_steps": 1, "draws": 1}, "lr_image": 0.05}
    start, made = condense(**alone, steps=0), condense(**alone, steps=25)
    assert start.losses == [] and len(made.losses) == 25
    assert made.losses[-1] < 0.8 * made.losses[0]
    assert not np.array_equal(start.x, made.x)


@pytest.mark.parametrize(("lr_image", "is_told"), [(0.02, False), (0.8, True)])
def test_steps_that_lead_away_from_the_start_are_told(
    lr_image: float, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compared at the same draws: at wide steps the last one ends above the real samples' loss."""
    condense(networks={"train_steps": 8, "draws": 1}, lr_image=lr_image, steps=20)
    said = " ".join(capsys.readouterr().err.split())
    assert ("match worse than the real ones they started at" in said) == is_told
    assert (f"lr_image = {lr_image / 4:g}" in said) == is_told


@pytest.mark.parametrize(
    ("changes", "n_subsets"),
    [
        ({"subsets": {"kind": "random"}}, 3),
        ({"subsets": {"kind": "real_only"}}, 3),
        ({"subsets": {"kind": "none"}}, 1),
        ({"subsets": {"count": 2}}, 2),
        ({"subsets": {"space": "pixels"}}, 3),
        ({"subsets": {"space": "random"}}, 3),
        ({"subsets": {"recluster_every": 2}}, 3),
        ({"subsets": {"balanced": False, "allocation": "equal", "count": 2}}, 2),
        ({"networks": {"schedule": "online_real"}}, 3),
        ({"networks": {"schedule": "online_syn"}}, 3),
        ({"distance": "cosine"}, 3),
        ({"distance": "l1"}, 3),
        ({"layer_weights": [0.0, 1.0, 2.0]}, 3),
        ({"rounding": {"bits": 4}}, 3),
        ({"anchor": 0.0}, 3),
    ],
    ids=str,
)
def test_options_change_the_result(changes: dict[str, object], n_subsets: int) -> None:
    plain, other = condense(), condense(**changes)
    assert not np.array_equal(plain.x, other.x)
    assert set(other.subset) == set(range(n_subsets))


def test_without_steps_it_picks_real_samples() -> None:
    made = condense(steps=0)
    real = {row.tobytes() for row in DIGITS.train.x}
    assert all(row.tobytes() in real for row in made.x)
    assert len({row.tobytes() for row in made.x}) == 30


def test_several_images_share_a_stored_sample() -> None:
    made = condense(factor=2, ipc=2)
    assert made.factor == 2 and made.x.shape == (20, 8, 8, 1)
    x, y = evaluate.samples_of(made, PROBLEM)
    assert x.shape == (80, 1, 8, 8) and y.tolist() == [c for c in range(10) for _ in range(8)]


def test_matching_knows_of_coarse_storage() -> None:
    """What comes out has 2^bits even levels, and gradients pass the rounding unchanged."""
    levels = {round(i * DIGITS.raw_max / 3) for i in range(4)}
    assert set(np.unique(condense(rounding={"bits": 2}).x)) <= levels
    assert len(np.unique(condense().x)) > len(levels)
    x = torch.tensor([0.0, 0.2, 0.49, 0.51, 1.0], requires_grad=True)
    stored = as_stored(x, PROBLEM, 1)
    (stored * torch.arange(5.0)).sum().backward()
    assert stored.tolist() == [0, 0, 0, 1, 1] and x.grad is not None
    assert x.grad.tolist() == [0, 1, 2, 3, 4]


def test_matching_knows_of_colours() -> None:
    """Pixels come out in the colours of the start, gradients pass the rounding unchanged."""
    settings: dict[str, Any] = {"rounding": {"bits": 2, "palette": "colours"}}
    start = condense(steps=0, **settings)
    table = np.unique(start.x.reshape(-1, 1), axis=0)
    made = condense(**settings)
    assert len(table) == 4 and set(np.unique(made.x)) <= set(table.ravel())
    assert not np.array_equal(made.x, start.x)
    assert not np.array_equal(np.diff(table.ravel()), np.diff(table.ravel())[:1].repeat(3))
    assert np.array_equal(
        condense(rounding={"palette": "colours"}).x, condense().x
    )  # 8 bits: nothing to round
    colours = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 1]], np.float32)
    x = torch.tensor([[0.9, 0.2, 0.1], [0.6, 0.7, 0.6]]).T.reshape(1, 3, 1, 2).requires_grad_()
    stored = as_stored(x, PROBLEM, 6, colours)
    (stored * torch.arange(6.0).view(1, 3, 1, 2)).sum().backward()
    assert stored[0, :, 0].T.tolist() == [[1, 0, 0], [1, 1, 1]] and x.grad is not None
    assert x.grad.flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_layer_weights_are_one_per_layer() -> None:
    with pytest.raises(UsageError, match="layer_weights has 2 weights, the matching network has 3"):
        condense(layer_weights=[1.0, 1.0])


def families_asked(
    monkeypatch: pytest.MonkeyPatch, architectures: list[str], **changes: Any
) -> tuple[Condensed, list[str]]:
    """The set, and the family of each network that a step of matching asked."""
    asked, real = [], _matching.group_gradients

    def told(net: nn.Module, *rest: Any) -> list[torch.Tensor]:
        asked.append(type(net).__name__)
        return real(net, *rest)

    monkeypatch.setattr(_matching, "group_gradients", told)
    changes["networks"] = {"architectures": architectures, **changes.get("networks", {})}
    return condense(SEVERAL, steps=12, **changes), asked


@pytest.mark.parametrize("schedule", ["pool", "online_real"])
def test_several_families_ask_for_gradients(schedule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {"nets": 3, "schedule": schedule, "states": 2}
    made, asked = families_asked(monkeypatch, ["ds_cnn", "resnet"], networks=networks)
    assert set(asked) == {"ConvNet", "DsCnn", "ResNet"}
    alone, asked = families_asked(monkeypatch, [], networks=networks)
    assert set(asked) == {"ConvNet"}
    assert not np.array_equal(made.x, alone.x)


def test_networks_of_a_bank_are_of_the_families_by_turns(tmp_path: Path) -> None:
    """Their gradients and their numbers are those of their own family, at any draw."""
    families = {"nets": 4, "states": 2, "architectures": ["mobilenet"]}
    condense(replace(SEVERAL, folder=tmp_path), networks=families)
    assert SEVERAL.build_other is not None
    nets = [SEVERAL.build_model(0), SEVERAL.build_other("mobilenet", 0)]
    layers = [layer_shapes(net) for net in nets]
    bank = Bank([tmp_path / f"bank_0_{i}" for i in range(4)], Plan((2, 8), 1, 160, False), layers)
    draws = [bank.draw(i, slice(0, 2)) for i in range(len(bank))]
    assert [draw.family for draw in draws] == [0, 0, 1, 1] * 2
    for draw in draws:
        assert [layer.shape[1:] for layer in draw.gradients] == layers[draw.family]
        assert len(draw.state) == len(_networks.to_vector(nets[draw.family]))


@pytest.mark.parametrize(
    ("problem", "changes", "match"),
    [
        (SEVERAL, {"networks": {"architectures": ["resnett"]}}, 'no model family "resnett"'),
        (PROBLEM, {"networks": {"architectures": ["resnet"]}}, "builds one family only"),
        (
            SEVERAL,
            {"networks": {"nets": 2, "architectures": ["resnet"]}, "layer_weights": [1.0] * 3},
            "layer_weights are of one network's layers",
        ),
        (
            SEVERAL,
            {"networks": {"nets": 2, "architectures": ["resnet", "ds_cnn"]}},
            "3 families can not take turns in 2 networks",
        ),
    ],
)
def test_families_that_can_not_ask_are_told(
    problem: Problem, changes: dict[str, Any], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        condense(problem, **changes)


class Killed(Exception):
    """What stands for the end of a process."""


@pytest.mark.parametrize("architectures", [[], ["ds_cnn"]])
@pytest.mark.parametrize("schedule", ["pool", "online_syn"])
@pytest.mark.parametrize("recluster", [0, 13])
def test_a_killed_run_goes_on_to_the_same_set(
    schedule: str,
    recluster: int,
    architectures: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed before the third checkpoint that is written; the next run does not start over."""
    settings: dict[str, Any] = {
        "ipc": 2,
        "steps": 24,
        "networks": {
            "schedule": schedule,
            "nets": 4,
            "train_steps": 4,
            "states": 2,
            "images": 8,
            "architectures": architectures,
        },
        "subsets": {"recluster_every": recluster},
    }
    save, saved = subset_match._Run._save, []
    monkeypatch.setattr(subset_match._Run, "_save", lambda run, shard: saved.append(shard))
    whole, n_saved = condense(SEVERAL, **settings), len(saved)
    saved.clear()

    def save_or_die(run: Any, shard: Any) -> None:
        if len(saved) == 2:
            raise Killed
        save(run, shard)
        saved.append(shard)

    kept = replace(SEVERAL, folder=tmp_path)
    monkeypatch.setattr(subset_match._Run, "_save", save_or_die)
    with pytest.raises(Killed):
        condense(kept, **settings)
    saved.clear()
    monkeypatch.setattr(subset_match._Run, "_save", lambda run, shard: saved.append(shard))
    again = condense(kept, **settings)
    assert np.array_equal(whole.x, again.x) and whole.losses == again.losses
    assert len(saved) == n_saved - 2 > 0


def test_checkpoints_of_another_run_are_not_used(tmp_path: Path) -> None:
    kept = replace(PROBLEM, folder=tmp_path)
    condense(kept, steps=12)
    assert np.array_equal(condense(kept, anchor=0.0).x, condense(anchor=0.0).x)


def test_a_bank_serves_every_step_width_and_is_made_anew_for_other_transforms(
    tmp_path: Path,
) -> None:
    kept, file = replace(PROBLEM, folder=tmp_path), tmp_path / "bank_0_0" / "gradients.npy"
    condense(kept, steps=12)
    first = file.stat().st_ino
    condense(kept, steps=14, lr_image=0.05, distance="l1", anchor=0.0)
    assert file.stat().st_ino == first
    condense(kept, steps=12, mirror=True)
    assert file.stat().st_ino != first


@pytest.mark.parametrize(
    ("workers", "wanted"),
    [("1", ["equal", "equal"]), ("2", ["equal", "equal", "killed"])],
)
def test_workers_make_the_same_set(workers: str, wanted: list[str], tmp_path: Path) -> None:
    """One worker, and two of which one is killed on the way; bit-identical to this process, and
    judged alike."""
    pytest.importorskip("ray")
    script = tmp_path / "run.py"
    script.write_text(_RAY)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), workers],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == wanted, done.stdout


# A cluster in a process of its own, so that nothing of it stays in this one. `once` kills the
# first worker that trains a network of the last run.
_RAY = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
import torch
from iseul.condense import evaluate, subset_match
from iseul.condense._problem import Problem
from iseul.core import parallel
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
DIGITS = digits.load(digits.Config(n_train=100, n_test=50))
CONFIG = subset_match.Config(
    ipc=2, steps=12, networks=subset_match.Networks(nets=2, train_steps=4, states=2, draws=1)
)
folder = Path(sys.argv[1])


def net_for(seed, once=None):
    if once is not None and not once.exists() and os.getpid() != MAIN:
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return seeded(lambda: convnet.build(convnet.TINY, (8, 8, 1), 10), seed)


MAIN = os.getpid()
here = Problem(DIGITS.train, 10, net_for, DIGITS.scale, raw_max=DIGITS.raw_max)
want = subset_match.condense(here, CONFIG, 0)
JUDGE = evaluate.Config(nets=2, epochs=2)
score = evaluate.evaluate(want, here, DIGITS.test, net_for, JUDGE, 0)
for workers in [int(sys.argv[2])]:
    once = folder / f"once{workers}"
    if workers == 1:
        once.touch()  # nobody dies in the run with one worker
    run = parallel.Run(engine="ray", workers=workers)
    problem = replace(
        here, build_model=lambda seed, once=once: net_for(seed, once), engine=parallel.Engine(run)
    )
    made = subset_match.condense(problem, CONFIG, 0)
    same = np.array_equal(want.x, made.x) and want.losses == made.losses
    print("equal" if same else "different")
    found = evaluate.evaluate(made, problem, DIGITS.test, problem.build_model, JUDGE, 0)
    print("equal" if found == score else f"different: {found}, {score}")
    if workers == 2:
        print("killed" if once.exists() else "alive")
    parallel.stop()
"""


# evaluation


def judge(condensed: Condensed, **changes: object) -> dict[str, dict[str, float]]:
    config = evaluate.Config.model_validate(
        {"nets": 1, "epochs": 30, "columns": ("none",), **changes}
    )
    return evaluate.evaluate(condensed, PROBLEM, DIGITS.test, net_for, config, 0)


def as_set(samples: Samples) -> Condensed:
    return Condensed(samples.x, samples.y, np.zeros(len(samples), np.int64))


def test_evaluation_tells_right_labels_from_wrong_ones() -> None:
    right = as_set(DIGITS.train)
    wrong = Condensed(right.x, (right.y + 1) % 10, right.subset)
    good, bad = judge(right)["none"], judge(wrong)["none"]
    assert good["mean"] > 0.8 and bad["mean"] < 0.1 and good["n"] == 1 and good["std"] == 0


def test_evaluation_columns_and_seed() -> None:
    small = as_set(DIGITS.train.take(slice(0, 40)))
    columns = ("none", "dsa", "dsa_cutmix")
    first = judge(small, columns=columns, epochs=4, nets=2)
    assert tuple(first) == columns and all(row["n"] == 2 for row in first.values())
    assert first == judge(small, columns=columns, epochs=4, nets=2)
    assert len({row["mean"] for row in first.values()}) > 1


# multi-formation


@pytest.mark.parametrize(("axes", "n"), [("hw", 4), ("w", 2), ("h", 2)])
def test_a_stored_sample_holds_several(axes: str, n: int) -> None:
    stored = random_tensor(3, 2, 9, 8).requires_grad_()
    made = decode(stored, 2, axes)
    assert made.shape == (3 * n, 2, 9, 8)
    made[n : 2 * n].sum().backward()  # all of sample 1, and nothing else
    assert stored.grad is not None
    touched = stored.grad.abs().sum((1, 2, 3)) > 0
    assert touched.tolist() == [False, True, False]
    assert decode(stored, 1, axes) is stored


def test_encode_keeps_what_the_resolution_allows() -> None:
    smooth = random_tensor(8, 1, 1, 1).expand(8, 1, 8, 8)
    torch.testing.assert_close(decode(encode(smooth, 2, "hw"), 2, "hw"), smooth)
    x = random_tensor(8, 1, 28, 28)
    stored = encode(x, 2, "hw").requires_grad_()
    (decode(stored, 2, "hw") - x).square().sum().backward()
    assert stored.grad is not None and stored.grad.abs().max() < 1e-4  # nothing decodes nearer
    with pytest.raises(ShapeError, match="3 can not be cut into 4"):
        decode(random_tensor(1, 1, 3, 9), 4, "hw")
