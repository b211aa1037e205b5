# SPDX-License-Identifier: Apache-2.0
"""The published condensation methods: each against its formula, written out plainly here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from iseul.condense import (
    _along_real,
    _pixels,
    _sides,
    distribution_match,
    gradient_match,
    kmeans,
    multi_formation,
    representative_match,
)
from iseul.condense._formation import decode
from iseul.condense._networks import embed, features
from iseul.condense._pixels import Pixels
from iseul.condense._problem import Problem
from iseul.condense._representatives import representatives
from iseul.condense._sides import Matching
from iseul.condense._subsets import class_indices
from iseul.core import seed as seeds
from iseul.core.errors import DataError
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded

DIGITS = digits.load(digits.Config(n_train=300, n_test=100))


def net_for(seed: int) -> nn.Module:
    return seeded(lambda: convnet.build(convnet.TINY, (8, 8, 1), 10), seed)


PROBLEM = Problem(DIGITS.train, 10, net_for, DIGITS.scale, raw_max=DIGITS.raw_max)
CLASSES = class_indices(DIGITS.train.y, 10, 1)


def pixels(ipc: int = 2, factor: int = 1, unit: float = 0.5) -> Pixels:
    chosen = _pixels.by_lot(PROBLEM, CLASSES, ipc, factor, 0)
    return _pixels.from_real(PROBLEM, chosen, ipc, factor, unit)


# k-means


def test_representatives_are_one_per_cluster() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), [3, 10, 20, 40])
    points = (20 * np.eye(4)[truth] + rng.normal(size=(73, 4))).astype(np.float32)
    chosen = representatives(points, 4, 0)
    assert sorted(truth[chosen]) == [0, 1, 2, 3]
    for index in chosen:
        own = np.flatnonzero(truth == truth[index])
        away = np.linalg.norm(points[own] - points[own].mean(0), axis=1)
        assert index == own[away.argmin()]


@pytest.mark.parametrize("k", [1, 5, 9])
def test_representatives_differ_where_points_coincide(k: int) -> None:
    points = np.zeros((9, 2), np.float32)
    assert len(set(representatives(points, k, 0).tolist())) == k


def test_kmeans_picks_different_real_samples() -> None:
    made = kmeans.condense(PROBLEM, kmeans.Config(ipc=4, train_steps=5), 0)
    real = {row.tobytes() for row in DIGITS.train.x}
    assert all(row.tobytes() in real for row in made.x)
    assert len({row.tobytes() for row in made.x}) == 40 and made.losses == []


# the stored samples


def test_moments_are_those_of_all_reals() -> None:
    reals = DIGITS.train.x.astype(np.float64) * DIGITS.scale
    np.testing.assert_allclose(_pixels.moments(PROBLEM), (reals.mean(), reals.std()), rtol=1e-9)
    shifted = Problem(DIGITS.train, 10, net_for, 0.5, zero_point=3, raw_max=16)
    reals = (DIGITS.train.x.astype(np.float64) - 3) * 0.5
    np.testing.assert_allclose(_pixels.moments(shifted), (reals.mean(), reals.std()), rtol=1e-9)


def test_real_starts_are_kept_to_the_integer() -> None:
    chosen = _pixels.by_lot(PROBLEM, CLASSES, 3, 1, 0)
    made = _pixels.from_real(PROBLEM, chosen, 3, 1, 0.3).condensed(PROBLEM, [])
    assert np.array_equal(made.x, DIGITS.train.x[np.concatenate(chosen)])
    assert made.y.tolist() == DIGITS.train.y[np.concatenate(chosen)].tolist()


def test_noise_has_the_moments_of_the_real_set() -> None:
    wide = Problem(DIGITS.train, 10, net_for, 1 / 255)  # so wide a range cuts the low end alone
    values = _pixels.from_noise(wide, 40, 1, 1.0, 0).values.detach()
    mean, deviation = _pixels.moments(wide)
    free = np.random.default_rng(0).normal(mean, deviation, 100_000).clip(0)
    assert abs(float(values.mean()) - float(free.mean())) < 0.02 * deviation
    assert abs(float(values.std()) - float(free.std())) < 0.02 * deviation


def test_a_class_that_is_too_small_for_formation_repeats_samples() -> None:
    few = [own[:3] for own in CLASSES]
    chosen = _pixels.by_lot(PROBLEM, few, 2, 2, 0)
    assert all(len(row) == 8 and set(row) == set(own) for row, own in zip(chosen, few, strict=True))


# DC


def plain_loss(net: nn.Module, x_real: torch.Tensor, x_syn: torch.Tensor, label: int) -> Any:
    """The published loss of one class, filter by filter."""
    sides = []
    for x, keep in ((x_real, False), (x_syn, True)):
        loss = F.cross_entropy(net(x), torch.full((len(x),), label))
        sides.append(torch.autograd.grad(loss, list(net.parameters()), create_graph=keep))
    total: Any = 0.0
    for real, syn in zip(*sides, strict=True):
        if real.ndim == 1:
            continue  # biases and norms
        for a, b in zip(real.detach().flatten(1), syn.flatten(1), strict=True):
            total = total + 1 - (a @ b) / (a.norm() * b.norm() + 1e-6)
    return total


def plain_dc(config: gradient_match.Config, seed: int) -> tuple[list[float], np.ndarray]:
    """The whole of DC as its paper writes it, with the module's seeds: losses and raw pixels."""
    chosen = _pixels.by_lot(PROBLEM, CLASSES, config.ipc, 1, seeds.derive(seed, "start"))
    x = PROBLEM.to_tensor(DIGITS.train.x[np.concatenate(chosen)])
    unit = float((DIGITS.train.x * DIGITS.scale).std())
    u, velocity, losses = x / unit, torch.zeros_like(x), []
    y = torch.arange(10).repeat_interleave(config.ipc)
    for it in range(config.iterations):
        net = net_for(seeds.derive(seed, "net", it))
        generator = torch.Generator().manual_seed(seeds.derive(seed, "batches", it))
        for step in range(config.outer):
            lot = seeds.derive(seed, "step", it, step)
            u = u.detach().requires_grad_()
            total: Any = 0.0
            for label, own in enumerate(CLASSES):
                index = seeds.generator(lot, "real", label).permutation(own)[: config.batch_real]
                syn = u[label * config.ipc : (label + 1) * config.ipc] * unit
                real = PROBLEM.to_tensor(DIGITS.train.x[index])
                total = total + plain_loss(net, real, syn, label)
            velocity = 0.5 * velocity + torch.autograd.grad(total, u)[0]
            u = (u.detach() - config.lr_image * velocity).clamp(0, 16 * DIGITS.scale / unit)
            losses.append(total.item() / 10)
            for _ in range(config.inner if step + 1 < config.outer else 0):
                order = torch.randperm(len(u), generator=generator)
                loss = F.cross_entropy(net(u[order] * unit), y[order])
                grads = torch.autograd.grad(loss, list(net.parameters()))
                with torch.no_grad():
                    for weight, grad in zip(net.parameters(), grads, strict=True):
                        weight.sub_(config.lr_net * grad)
    return losses, PROBLEM.to_raw(u * unit)


@pytest.mark.parametrize("engine", ["fast", "loop"])
def test_gradient_match_is_dc_written_out(engine: str) -> None:
    config = gradient_match.Config.model_validate(
        {"ipc": 2, "iterations": 2, "outer": 3, "inner": 2, "batch_real": 12, "start": "real"}
        | {"lr_image": 0.5, "engine": engine}
    )
    losses, x_raw = plain_dc(config, 5)
    made = gradient_match.condense(PROBLEM, config, 5)
    np.testing.assert_allclose(made.losses, losses, rtol=2e-4)  # float32, five steps deep
    np.testing.assert_allclose(made.losses[0], losses[0], rtol=1e-5)
    assert np.abs(made.x.astype(int) - x_raw).max() <= 1  # a value may lie between two integers
    assert (made.x != x_raw).mean() < 0.01
    assert len({row.tobytes() for row in made.x} - {row.tobytes() for row in DIGITS.train.x}) > 15


@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize("siamese", [False, True])
def test_fast_gradients_are_those_of_the_loop(factor: int, siamese: bool) -> None:
    made = pixels(3, factor)
    generator = torch.Generator().manual_seed(0)
    transforms = PROBLEM.draw(10, False, generator) if siamese else None
    real = [own[:7] for own in CLASSES]
    net = net_for(0)
    results = [
        _sides.step_gradient(
            net, made, real, transforms, PROBLEM, Matching(gradient_match.row_cosine, engine=engine)
        )
        for engine in ("fast", "loop")
    ]
    (fast, fast_loss), (loop, loop_loss) = results
    assert abs(fast_loss / loop_loss - 1) < 1e-5
    size = float(loop.abs().max())
    torch.testing.assert_close(fast, loop, rtol=1e-4, atol=1e-5 * size)


def test_large_classes_go_through_the_loop_and_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    made, real, net = pixels(2), [own[:7] for own in CLASSES], net_for(1)

    def gradient() -> torch.Tensor:
        matching = Matching(gradient_match.row_cosine)
        return _sides.step_gradient(net, made, real, None, PROBLEM, matching)[0]

    grouped = gradient()
    monkeypatch.setattr(_sides, "GROUPED_POSITIONS", 3 * 64)  # real batches of 7 are too large
    mixed = gradient()
    monkeypatch.setattr(_sides, "PASS_POSITIONS", 4 * 64)  # two classes per pass
    few = gradient()
    for other in (mixed, few):
        torch.testing.assert_close(
            grouped, other, rtol=1e-4, atol=1e-5 * float(grouped.abs().max())
        )


def test_gradients_of_a_network_whose_layers_run_in_another_order() -> None:
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4 * 16, 10)
            self.second = nn.Conv2d(4, 4, 3, padding=1, stride=2)
            self.first = nn.Conv2d(1, 4, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.head(self.second(torch.tanh(self.first(x))).flatten(1))
            return y

    net = seeded(Crossed, 0)
    x = PROBLEM.to_tensor(DIGITS.train.x[:4])
    both = [
        _sides.class_gradients(net, x, range(3, 5), False, PROBLEM, engine)
        for engine in ("fast", "loop")
    ]
    for fast, loop in zip(*both, strict=True):
        torch.testing.assert_close(fast, loop, rtol=1e-4, atol=1e-6)


def test_loops_are_the_published_ones() -> None:
    published = {1: (1, 1), 10: (10, 50), 50: (50, 10)}
    for ipc, want in published.items():
        assert gradient_match.loops(gradient_match.Config(ipc=ipc)) == want
    assert gradient_match.loops(gradient_match.Config(ipc=10, outer=2, inner=3)) == (2, 3)


def test_starts() -> None:
    def start(**changes: object) -> np.ndarray:
        settings = {"ipc": 2, "iterations": 0, **changes}
        config = gradient_match.Config.model_validate(settings)
        return gradient_match.condense(PROBLEM, config, 0).x

    real = {row.tobytes() for row in DIGITS.train.x}
    assert all(row.tobytes() in real for row in start(siamese=True))
    assert all(row.tobytes() in real for row in start(start="real"))
    assert not any(row.tobytes() in real for row in start())
    assert np.array_equal(start(), start(start="noise", siamese=True))


def test_too_few_samples_is_said_before_any_work() -> None:
    with pytest.raises(DataError, match="class 0 has 30 samples, ipc 31"):
        gradient_match.condense(PROBLEM, gradient_match.Config(ipc=31, iterations=10**6), 0)


# DM


@pytest.mark.parametrize("siamese", [False, True])
@pytest.mark.parametrize("factor", [1, 2])
def test_mean_gradient_is_that_of_the_formula(siamese: bool, factor: int) -> None:
    made, real, net = pixels(2, factor), [own[3:9] for own in CLASSES], net_for(2)
    transforms = PROBLEM.draw(10, False, torch.Generator().manual_seed(1)) if siamese else None
    got, loss = distribution_match.mean_gradient(net, made, real, transforms, PROBLEM)
    values = made.values.detach().clone().requires_grad_()
    n = 2 * factor**2
    total: Any = 0.0
    for label in range(10):
        stored = values[2 * label : 2 * label + 2] * made.unit
        sides = [PROBLEM.to_tensor(DIGITS.train.x[real[label]]), decode(stored, factor, "hw")]
        assert len(sides[1]) == n
        if transforms is not None:
            sides = [PROBLEM.move(x, transforms[torch.full((len(x),), label)]) for x in sides]
        of_real, of_syn = (net.blocks(x).flatten(1).mean(0) for x in sides)  # type: ignore[operator]
        total = total + ((of_real.detach() - of_syn) ** 2).sum()
    want = torch.autograd.grad(total, values)[0]
    assert abs(loss / (total.item() / 10) - 1) < 1e-5
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5 * float(want.abs().max()))


def test_distribution_match_takes_the_published_step() -> None:
    """One step from a real start, by hand: value - 1.0 * gradient, in deviations of the set."""
    config = distribution_match.Config(ipc=2, iterations=1, batch_real=9, siamese=False)
    made = distribution_match.condense(PROBLEM, config, 3)
    _, unit = _pixels.moments(PROBLEM)
    chosen = _pixels.by_lot(PROBLEM, CLASSES, 2, 1, seeds.derive(3, "start"))
    start = _pixels.from_real(PROBLEM, chosen, 2, 1, unit)
    net, rng = net_for(seeds.derive(3, "net", 0)), seeds.generator(3, "real", 0)
    real = [rng.permutation(own)[:9] for own in CLASSES]
    gradient, loss = distribution_match.mean_gradient(net, start, real, None, PROBLEM)
    assert made.losses == [pytest.approx(loss, rel=1e-6)]
    assert np.array_equal(made.x, PROBLEM.to_raw((start.values - gradient) * unit))


def test_features_keep_the_graph() -> None:
    net, x = net_for(0), PROBLEM.to_tensor(DIGITS.train.x[:3]).requires_grad_()
    torch.testing.assert_close(features(net, x), net.blocks(x).flatten(1))  # type: ignore[operator]
    assert torch.autograd.grad(features(net, x)[1].sum(), x)[0][1].abs().sum() > 0


# IDC and DREAM


@pytest.mark.parametrize("name", ["mse", "l1"])
def test_distances_over_conv_weights_alone(name: str) -> None:
    made, real, net = pixels(2), [own[:5] for own in CLASSES], net_for(4)
    matching = Matching(_along_real.DISTANCES[name], conv_only=True)
    got, loss = _sides.step_gradient(net, made, real, None, PROBLEM, matching)
    values = made.values.detach().clone().requires_grad_()
    weights = [p for p in net.parameters() if p.ndim == 4]
    net.requires_grad_(True)
    total: Any = 0.0
    for label in range(10):
        sides = []
        for x in (
            PROBLEM.to_tensor(DIGITS.train.x[real[label]]),
            values[2 * label : 2 * label + 2] * made.unit,
        ):
            of = F.cross_entropy(net(x), torch.full((len(x),), label))
            sides.append(torch.autograd.grad(of, weights, create_graph=True))
        for a, b in zip(*sides, strict=True):
            gap = a.detach() - b
            total = total + (gap.square().sum() if name == "mse" else gap.abs().sum())
    want = torch.autograd.grad(total, values)[0]
    assert abs(loss / (total.item() / 10) - 1) < 1e-5
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-4 * float(want.abs().max()))


def test_one_step_for_all_classes_is_the_sum_of_turns() -> None:
    """Classes in turns with one SGD over all pixels, against one step with `image_step`."""
    n, lr, rounds = 4, 0.3, 3
    gradients = torch.rand(rounds, n, generator=torch.Generator().manual_seed(0))
    turns = torch.zeros(n, requires_grad=True)
    optimizer = torch.optim.SGD([turns], lr=lr, momentum=0.5)
    for row in gradients:
        for label in range(n):
            turns.grad = torch.zeros(n)
            turns.grad[label] = row[label]
            optimizer.step()
    for label in range(n):  # after its last turn a class has not coasted to the end yet
        coasting = n - 1 - label
        lr_all, momentum = _along_real.image_step(n, lr)
        value, velocity = 0.0, 0.0
        for row in gradients:
            velocity = momentum * velocity + float(row[label])
            value -= lr_all * velocity
        missing = lr * velocity * sum(0.5**i for i in range(coasting + 1, n))
        assert turns.detach()[label].item() == pytest.approx(value + missing, rel=1e-5)


def test_only_some_synthetic_samples_of_large_sets_take_part() -> None:
    made, real, net = pixels(3), [own[:5] for own in CLASSES], net_for(0)
    syn = np.tile([0, 2], (10, 1))
    matching = Matching(_along_real.squared_sum)
    gradient, _ = _sides.step_gradient(net, made, real, None, PROBLEM, matching, syn)
    touched = gradient.abs().sum((1, 2, 3)).reshape(10, 3) > 0
    assert touched.tolist() == [[True, False, True]] * 10


@pytest.mark.parametrize("method", [multi_formation, representative_match])
def test_online_matching_lowers_the_loss(method: Any) -> None:
    """One network that learns nothing, whole classes, no transforms: every step is the same."""
    still = Problem(
        DIGITS.train, 10, lambda _: net_for(0), DIGITS.scale, raw_max=16, augment="none"
    )
    config = method.Config(
        ipc=2, iterations=1, inner=15, n_data=0, batch_real=30, factor=1, lr_image=0.3
    )
    losses = method.condense(still, config, 0).losses
    assert len(losses) == 15 and losses[-1] < 0.7 * losses[0]


def test_the_network_learns_between_steps() -> None:
    """With and without real samples to learn from, the second step meets different networks."""
    settings = {"ipc": 1, "iterations": 1, "inner": 2, "batch_real": 8, "factor": 1}
    still, learning = (
        multi_formation.condense(
            PROBLEM, multi_formation.Config.model_validate({**settings, "n_data": n}), 0
        ).losses
        for n in (0, 128)
    )
    assert still[0] == learning[0] and still[1] != learning[1]


def test_representative_batches_are_nearest_to_centres() -> None:
    net = net_for(0)
    chosen = representative_match.nearest(PROBLEM, net, CLASSES, 6, 0)
    for own, batch in zip(CLASSES, chosen, strict=True):
        assert set(batch) <= set(own) and len(set(batch)) == 6

    def cost(batch: np.ndarray, own: np.ndarray) -> float:
        points = embed(net, DIGITS.train.x[own], PROBLEM)
        picked = embed(net, DIGITS.train.x[batch], PROBLEM)
        return float(np.linalg.norm(points[:, None] - picked[None], axis=2).min(1).sum())

    lots = [
        [seeds.generator(i, "lot", c).permutation(own)[:6] for c, own in enumerate(CLASSES)]
        for i in range(3)
    ]
    best = sum(cost(batch, own) for batch, own in zip(chosen, CLASSES, strict=True))
    for lot in lots:
        assert best < sum(cost(batch, own) for batch, own in zip(lot, CLASSES, strict=True))


# what a long run costs is said


def test_a_long_run_is_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(np.arange(0, 1000, 10.0))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    with _pixels.steps("condense: matching", 100) as advance:
        for _ in range(6):
            advance(1)
    said = capsys.readouterr().err
    assert said.count("100 steps, about") == 1
