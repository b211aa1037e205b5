# SPDX-License-Identifier: Apache-2.0
"""Learned upsampling: its integers, its training, and sets that hold it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from iseul.condense import _enlarge, _formation, evaluate, store, subset_match
from iseul.condense import _upsampler as up
from iseul.condense._condensed import Condensed, CondensedSet, load_condensed, seal
from iseul.condense._decode import cells, decode_raw
from iseul.condense._problem import Problem
from iseul.core.config import build
from iseul.core.errors import DataError, ShapeError
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded
from unit.test_condensed_file import ABOUT, an_upsampler, check_c, damaged

DIGITS = digits.load(digits.Config(n_train=300, n_test=50))


def net_for(seed: int) -> torch.nn.Module:
    return seeded(lambda: convnet.build(convnet.TINY, (8, 8, 1), 10), seed)


PROBLEM = Problem(DIGITS.train, 10, net_for, DIGITS.scale, raw_max=DIGITS.raw_max)


def a_set(
    bits: int, shape: tuple[int, int, int], factor: int, axes: str, channels: int, coded: bool
) -> CondensedSet:
    rng = np.random.default_rng(bits)
    x = rng.integers(-4, 5, (20, *shape)).cumsum(1).cumsum(2) * 3 % 256
    y = np.arange(20) // 10
    network = an_upsampler(channels, shape[2], factor ** len(axes), 20)
    about = replace(ABOUT, axes=axes, classes=("a", "b"))
    return seal(Condensed(x.astype(np.uint8), y, y, [], factor, network), about, bits, coded=coded)


# integers


def scalar(part: Any, network: up.Upsampler, down: int, across: int) -> Any:
    """One part (h, w, C) by the words of the file's header, value by value."""
    height, width, n_values = part.shape

    def at(values: Any, y: int, x: int, c: int) -> int:
        inside = 0 <= y < height and 0 <= x < width
        return int(values[y, x, c]) if inside else 0

    def convolved(values: Any, weights: Any, bias: int, y: int, x: int) -> int:
        taps = [(c, i, j) for c in range(values.shape[2]) for i in range(3) for j in range(3)]
        return bias + sum(
            int(weights[c, i, j]) * at(values, y + i - 1, x + j - 1, c) for c, i, j in taps
        )

    hidden = np.zeros((height, width, network.channels), np.int64)
    for y, x, d in np.ndindex(hidden.shape):
        total = convolved(part, network.first[d], int(network.first_bias[d]), y, x)
        hidden[y, x, d] = min(max(round_half_up(total, 16), 0), 4095)
    out = np.zeros((height * down, width * across, n_values), np.uint8)
    for y, x, c in np.ndindex(out.shape):
        o = (c * down + y % down) * across + x % across
        detail = convolved(
            hidden, network.second[o], int(network.second_bias[o]), y // down, x // across
        )
        total = 0
        for row, its_share in lines(y, down, height):
            for column, share in lines(x, across, width):
                total += int(part[row, column, c]) * its_share * share
        base = round_half_up(256 * total, 4 * down * across)
        out[y, x, c] = min(max(round_half_up(base + detail, 256), 0), network.raw_max)
    return out


def round_half_up(value: int, by: int) -> int:
    return (2 * value + by) // (2 * by)


def lines(out: int, factor: int, have: int) -> list[tuple[int, int]]:
    """The two lines that an enlarged one lies between, and their shares of 2 * factor."""
    place = max((2 * out + 1 - factor) / (2 * factor), 0.0)
    low = int(place)
    share = round((place - low) * 2 * factor)
    return [(low, 2 * factor - share), (min(low + 1, have - 1), share)]


@pytest.mark.parametrize(
    ("shape", "factor", "axes"),
    [((4, 6, 1), 2, "hw"), ((3, 4, 3), 2, "w"), ((6, 3, 2), 3, "h"), ((9, 6, 1), 3, "hw")],
    ids=str,
)
@pytest.mark.parametrize(("channels", "most"), [(1, 127), (4, 127), (7, 15)])
def test_it_is_what_its_text_says(
    shape: tuple[int, int, int], factor: int, axes: str, channels: int, most: int
) -> None:
    down, across = up.factors(factor, axes)
    network = an_upsampler(channels, shape[2], down * across, most)
    whole = (shape[0] * down, shape[1] * across, shape[2])
    x = np.random.default_rng(1).integers(0, 256, (2, *whole), np.uint8)
    made = decode_raw(x, factor, axes, network)
    parts = [x[:, a:b, c:d] for a, b, c, d in cells(whole[:2], factor, axes)]
    assert made.shape == (2 * down * across, *whole)
    want = np.concatenate(
        [[scalar(part[i], network, down, across) for part in parts] for i in range(2)]
    )
    assert np.array_equal(made, want)
    assert len(np.unique(made)) > 5


def test_with_no_weights_it_is_bilinear() -> None:
    network = an_upsampler()
    nothing = up.Upsampler(*(0 * a for a in arrays_of(network)), 255)
    x = np.random.default_rng(1).integers(0, 256, (3, 8, 12, 1), np.uint8)
    plain, learned = decode_raw(x, 2, "hw"), decode_raw(x, 2, "hw", nothing)
    assert np.abs(plain.astype(int) - learned).max() <= 1, "rounded to 1/256 first"
    assert (plain != learned).mean() < 0.01


def arrays_of(network: up.Upsampler) -> tuple[Any, ...]:
    return network.first, network.first_bias, network.second, network.second_bias


@pytest.mark.parametrize("most_raw", [255, 16])
def test_floating_point_is_near_the_integers(most_raw: int) -> None:
    problem = replace(PROBLEM, scale=1 / most_raw, raw_max=most_raw, zero_point=3)
    network = an_upsampler(8, 1, 4, 12, most_raw)
    x = np.random.default_rng(1).integers(0, most_raw + 1, (5, 8, 12, 1), np.uint8)
    reals = _enlarge.decode_by(network, problem.to_tensor(x), 2, problem)
    raw = np.moveaxis((reals / problem.scale + 3).numpy(), 1, -1)
    error = np.abs(raw - decode_raw(x, 2, "hw", network))
    # 8 channels by 9 taps of weights up to 12 / 64, hidden values rounded by up to 1/8
    assert error.max() < 0.5 + 72 * 12 / 64 / 8 and error.mean() < 0.6


def test_largest_sums_fit_32_bits() -> None:
    first = up.MOST_VALUES * up.TAPS * 128 * 255 + (1 << 15)
    second = up.MOST_CHANNELS * up.TAPS * 128 * up.MOST_HIDDEN + (1 << 15) + 255 * up.SUM
    assert first < 1 << 31 and second + up.SUM < 1 << 31
    assert 255 * up.SUM * (2 * up.MOST_FACTOR) ** 2 + 2 * up.MOST_FACTOR**2 < 1 << 32


@pytest.mark.parametrize(
    ("shape", "factor", "axes", "said"),
    [
        ((7, 8, 1), 2, "hw", "side of 7"),
        ((8, 9, 1), 2, "w", "side of 9"),
        ((8, 8, 1), 1, "hw", "factor 1"),
        ((34, 34, 1), 17, "hw", "factor 17"),
        ((8, 8, 5), 2, "hw", "5 values"),
    ],
)
def test_what_it_can_not_enlarge_is_said(
    shape: tuple[int, int, int], factor: int, axes: str, said: str
) -> None:
    with pytest.raises(ShapeError, match=said):
        up.check_fit(shape, factor, axes)
    up.check_fit((7, 8, 4), 2, "w")


# training


def test_it_learns_what_bilinear_enlargement_leaves_out() -> None:
    network = _enlarge.train(PROBLEM, 2, 8, 400, 0)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(
            arrays_of(network), arrays_of(_enlarge.train(PROBLEM, 2, 8, 400, 0)), strict=True
        )
    )
    assert network.n_bytes == 1 + 8 * (9 + 2) + 4 * (8 * 9 + 2) == len(network.to_bytes())
    held_out = PROBLEM.to_tensor(DIGITS.test.x[:48])
    stored = _formation.encode(held_out, 2, "hw")

    def error(network: up.Upsampler | None, x: torch.Tensor) -> float:
        made = decode_raw(PROBLEM.to_raw(x), 2, "hw", network)
        return float((PROBLEM.to_tensor(made) - held_out).square().mean())

    fitted = _enlarge.fit(
        stored, held_out, lambda x: _enlarge.decode_by(network, x, 2, PROBLEM), PROBLEM
    )
    plain, learned, moved = (error(None, stored), error(network, stored), error(network, fitted))
    assert learned < 0.9 * plain and moved < 0.9 * learned
    assert float(fitted.min()) >= 0 and float(fitted.max()) <= 1


def test_it_learns_what_storage_rounds() -> None:
    """Trained on stored values of one bit, it does better with those than one that saw all."""

    def coarse(x: torch.Tensor) -> torch.Tensor:
        return x.round()

    stored = coarse(_formation.encode(PROBLEM.to_tensor(DIGITS.test.x[:48]), 2, "hw").clamp(0, 1))
    errors = []
    for rounding in (coarse, lambda x: x):
        network = _enlarge.train(PROBLEM, 2, 8, 1500, 0, rounding)
        made = _enlarge.decode_by(network, stored, 2, PROBLEM)
        errors.append(float((made - PROBLEM.to_tensor(DIGITS.test.x[:48])).abs().mean()))
    assert errors[0] < 0.97 * errors[1]


@pytest.mark.parametrize("width", [0.003, 0.3])
def test_what_is_fitted_is_never_worse(width: float) -> None:
    """Not even by steps that are far too wide for what is rounded."""
    network = an_upsampler(3, 1, 4, 3, DIGITS.raw_max)
    wanted = PROBLEM.to_tensor(DIGITS.test.x[:48])
    start = _formation.encode(wanted, 2, "hw").clamp(0, 1)

    def decoded(x: torch.Tensor) -> torch.Tensor:
        coarse = x + ((x * 3).round() / 3 - x).detach()
        return _enlarge.decode_by(network, coarse, 2, PROBLEM)

    def errors(x: torch.Tensor) -> torch.Tensor:
        each = (decoded(x) - wanted).square().flatten(1).sum(1)
        return each.view(-1, 4).sum(1)

    fitted = _enlarge.fit(start, wanted, decoded, PROBLEM, width)
    assert bool((errors(fitted) <= errors(start)).all())
    assert float(errors(fitted).sum()) < float(errors(start).sum())


# sets


def condense(problem: Problem = PROBLEM, **changes: Any) -> Condensed:
    table = {
        "ipc": 2,
        "steps": 3,
        "factor": 2,
        "upsampling": {"kind": "learned", "channels": 4, "steps": 60},
        "networks": {"nets": 1, "train_steps": 8, "draws": 1},
    }
    return subset_match.condense(problem, build(subset_match.Config, table | changes, "c"), 0)


def test_matching_moves_what_is_enlarged(tmp_path: Path) -> None:
    made, start = condense(), condense(steps=0)
    plain = condense(upsampling={})
    assert plain.upsampler is None and made.upsampler is not None and start.upsampler is not None
    assert made.upsampler.to_bytes() == start.upsampler.to_bytes()
    assert made.upsampler.raw_max == DIGITS.raw_max
    assert not np.array_equal(made.x, start.x) and not np.array_equal(made.x, plain.x)
    kept = replace(PROBLEM, folder=tmp_path)
    again = condense(kept)
    assert np.array_equal(again.x, made.x) and again.losses == made.losses
    x, y = evaluate.samples_of(made, PROBLEM)
    raw = decode_raw(made.x, 2, "hw", made.upsampler)
    assert np.array_equal(PROBLEM.to_raw(x), raw) and len(y) == 80
    assert not np.array_equal(raw, decode_raw(made.x, 2, "hw"))


def test_matching_lowers_the_match_loss_through_it() -> None:
    alone = {"nets": 1, "train_steps": 1, "draws": 1}
    made = condense(networks=alone, steps=25, lr_image=0.05)
    assert made.losses[-1] < 0.8 * made.losses[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"rounding": {"bits": 2}},
        {"rounding": {"bits": 2, "palette": "colours"}},
        {"subsets": {"recluster_every": 2}},
    ],
)
def test_it_goes_with_other_settings(changes: dict[str, object]) -> None:
    made = condense(**changes)
    assert made.upsampler is not None and len(made.losses) == 3
    assert "rounding" not in changes or len(np.unique(made.x)) <= 4


def test_a_factor_that_does_not_divide_is_refused_before_any_work() -> None:
    with pytest.raises(ShapeError, match="side of 8 is not a multiple of 3"):
        condense(factor=3)


@pytest.mark.parametrize("bits", [1, 2, 6, 8])
@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize(
    ("shape", "factor", "axes", "channels"),
    [((16, 18, 1), 2, "hw", 1), ((18, 15, 3), 3, "hw", 5), ((20, 11, 1), 2, "h", 16)],
    ids=str,
)
def test_files_and_c_hold_it(
    tmp_path: Path,
    bits: int,
    coded: bool,
    shape: tuple[int, int, int],
    factor: int,
    axes: str,
    channels: int,
) -> None:
    made = a_set(bits, shape, factor, axes, channels, coded)
    made.save(tmp_path / "a.dew")
    again = load_condensed(tmp_path / "a.dew")
    assert again.upsampler is not None and made.upsampler is not None
    assert again.upsampler.to_bytes() == made.upsampler.to_bytes()
    assert np.array_equal(again.samples()[0], made.samples()[0])
    bare = replace(made, upsampler=None).layout
    assert made.layout.payload_bytes == bare.payload_bytes + made.upsampler.n_bytes
    assert made.layout.header_bytes == bare.header_bytes
    assert len(np.unique(made.samples()[0])) > 5
    if shutil.which("cc") is None:
        pytest.skip("no C compiler on this machine")
    check_c(tmp_path, again)


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (72, b"\0", "channels of the upsampler is 0"),
        (72, b"\x41", "channels of the upsampler is 65"),
        (72, b"\x40", "its head alone needs"),
        (20, b"\x01", "factor 1"),
        (8, b"\x05", "side of 5"),
        (12, b"\x05", "5 values"),
    ],
)
def test_claims_of_files_are_checked(tmp_path: Path, at: int, new: bytes, said: str) -> None:
    path = tmp_path / "set.dew"
    made = a_set(8, (4, 6, 1), 2, "hw", 2, coded=False)
    made.save(path)
    path.write_bytes(damaged(path.read_bytes(), at, new, 20 * 24))
    with pytest.raises(DataError, match=said):
        load_condensed(path)


def test_its_bytes_count_as_the_sets() -> None:
    config = store.Config(bits=2, fill=True)
    n, fewer = (store.per_class(10, config, PROBLEM, 2, beside) for beside in (0, 300))
    assert n == 40 and fewer == 38  # 160 bytes a sample of all classes
    assert store.per_class(1, config, PROBLEM, 2, 10**6) == 1
