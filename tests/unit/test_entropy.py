# SPDX-License-Identifier: Apache-2.0
"""Arithmetic coding of samples: what goes in comes out, in nearly the bytes that chances say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from iseul.condense import _entropy


def there_and_back(codes: np.ndarray, bits: int, model: _entropy.Model) -> list[bytes]:
    each = _entropy.encode(codes, bits, model)
    lengths = np.array([len(own) for own in each])
    data = np.frombuffer(b"".join(each), np.uint8)
    made = _entropy.decode(data, lengths, codes.shape[1:], bits, model)
    assert made.dtype == np.uint8 and np.array_equal(made, codes)
    assert _entropy.can_hold(lengths, codes[0].size * bits)
    return each


@given(st.data(), st.integers(1, 8), st.tuples(*[st.integers(1, 4)] * 4))
def test_any_codes_come_back_by_any_model(
    data: st.DataObject, bits: int, shape: tuple[int, int, int, int]
) -> None:
    codes = data.draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 2**bits - 1)))
    most = len(_entropy.neighbours_of(shape[1:]))
    fits = [k for k in range(most + 1) if _entropy.n_chances(bits, k) <= _entropy.MOST_CHANCES]
    k = data.draw(st.sampled_from(fits))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    chances = rng.choice([1, 2, 128, 254, 255], (1 << bits * k, (1 << bits) - 1))
    there_and_back(codes, bits, _entropy.Model(k, chances.astype(np.uint8)))
    there_and_back(codes, bits, _entropy.fit(codes, bits))


@pytest.mark.parametrize("chance", [1, 255])
@pytest.mark.parametrize("bit", [0, 1])
def test_long_runs_at_the_ends_of_chances(chance: int, bit: int) -> None:
    """The likeliest and the unlikeliest bit, 30,000 times: an interval never becomes empty, and no
    byte holds more than a reader believes."""
    codes = np.full((2, 150, 200, 1), bit, np.uint8)
    codes[1, ::7, ::5] ^= 1
    model = _entropy.Model(0, np.array([[chance]], np.uint8))
    each = there_and_back(codes, 1, model)
    likely = (chance == 255) == (bit == 0)
    ideal = -np.log2((255 if likely else 1) / 256) * codes[0].size / 8
    assert abs(len(each[0]) - ideal) <= 0.02 * ideal + 4


@pytest.mark.parametrize(("bits", "shape"), [(1, (20, 20, 1)), (2, (12, 9, 3)), (4, (60, 1, 1))])
def test_sizes_are_those_of_the_chances(bits: int, shape: tuple[int, int, int]) -> None:
    """Within 1 % and 2 bytes a sample of the information that the model's own chances give."""
    rng = np.random.default_rng(0)
    codes = np.clip(rng.geometric(0.6, (50, *shape)) - 1, 0, (1 << bits) - 1).astype(np.uint8)
    model = _entropy.Model(0, own_chances(codes, bits))
    each = there_and_back(codes, bits, model)
    share = np.bincount(codes.ravel(), minlength=1 << bits) / codes.size
    ideal = -(share[share > 0] * np.log2(share[share > 0])).sum() * codes.size / 8
    assert sum(map(len, each)) <= 1.01 * ideal + 2 * len(each)


def own_chances(codes: np.ndarray, bits: int) -> np.ndarray:
    """By definition: of the codes that begin with some bits, how many go on with a 0."""
    found = []
    for level in range(bits):
        for known in range(1 << level):
            begin = codes >> (bits - level) == known if level else np.ones(codes.shape, bool)
            zero = ((codes >> (bits - 1 - level)) & 1 == 0)[begin].mean() if begin.any() else 0.5
            found.append(np.clip(np.rint(256 * zero), 1, 255))
    return np.array([found], np.uint8)


def test_the_model_takes_the_neighbours_that_pay() -> None:
    """Rows that repeat: the code above tells all; noise: nothing does, and no table is paid for."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.integers(0, 4, (60, 1, 30, 1), np.uint8), 30, 1)
    model = _entropy.fit(rows, 2)
    assert model.neighbours >= 2, "left, then above"
    coded = sum(len(each) for each in there_and_back(rows, 2, model))
    assert coded < 60 * (30 * 2 / 8 + 14)
    noise = rng.integers(0, 4, (60, 30, 30, 1), np.uint8)
    assert _entropy.fit(noise, 2).neighbours == 0


def test_neighbours_are_inside_samples() -> None:
    assert _entropy.neighbours_of((1, 1, 1)) == []
    assert _entropy.neighbours_of((9, 1, 1)) == [(1, 0, 0), (2, 0, 0)]
    assert _entropy.neighbours_of((9, 1, 2))[0] == (0, 0, 1)
    assert len(_entropy.neighbours_of((9, 9, 3))) == _entropy.MOST_NEIGHBOURS


def test_any_bytes_are_the_code_of_something() -> None:
    rng = np.random.default_rng(0)
    model = _entropy.Model(1, rng.integers(1, 256, (4, 3), np.uint8))
    data, lengths = rng.integers(0, 256, 40, np.uint8), np.array([0, 7, 33])
    made = _entropy.decode(data, lengths, (6, 5, 1), 2, model)
    assert made.shape == (3, 6, 5, 1) and made.max() < 4
