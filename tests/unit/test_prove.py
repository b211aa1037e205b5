# SPDX-License-Identifier: Apache-2.0
"""Proofs: what they state is checked again over all values, and a changed constant is noticed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cases import all_cases
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _mul32 as mul32
from iseul.compile.kernels import _sums as sums
from iseul.compile.prove import (
    GROUP,
    Halfwords,
    Linear,
    Paired,
    first_sums,
    groups_of_windows,
    in_halfwords,
    linear,
    may_share,
    paired,
)
from iseul.core import registry
from iseul.numerics.requantize import wrap_int32

SIGNS = {"add": 1, "sub": -1}


@cache
def additions():
    """(case name, io, sign, form) of all int8 additions that have a linear form."""
    found = []
    for case in all_cases():
        if not case.name.startswith(("add/", "sub/")):
            continue
        graph = case.graph()
        for node in graph.nodes:
            io = graph.io(node)
            cards = registry.load("iseul.compile.kernels", node.op).CARDS
            card = next((c for c in cards if c.symbol == "iseul_add_linear_s8"), None)
            if card is not None and card.misfit(node.attrs, io) is None:
                form = sums.linear_form(node.attrs, io, SIGNS[node.op])
                found.append((case.name, io, SIGNS[node.op], form.form))
    return found


def test_some_additions_are_linear() -> None:
    assert {name.partition("/")[0] for name, *_ in additions()} == {"add", "sub"}


def test_linear_forms_hold() -> None:
    for name, io, sign, form in additions():
        assert form.holds(sums.table(io, sign, form.low, form.high)), name


def test_changed_constants_do_not_hold() -> None:
    tables = [(sums.table(io, sign, f.low, f.high), f) for _, io, sign, f in additions()]
    wide = [(table, form) for table, form in tables if len(np.unique(table)) > 200]
    assert wide
    for wanted, form in wide:
        unit = 1 << form.shift
        for changed in (
            replace(form, a=form.a + unit // 64),
            replace(form, b=form.b - unit // 64),
            replace(form, constant=form.constant + unit),
            replace(form, shift=form.shift - 1),
        ):
            assert not changed.holds(wanted)


def test_no_form_where_there_is_none() -> None:
    x = np.arange(-128, 128)
    assert linear(np.clip(x[:, None] * x // 64, -128, 127), 1.0, 1.0, -128, 127) is None


def test_a_form_whose_sums_leave_32_bits_does_not_hold() -> None:
    form = Linear(1 << 23, 1 << 23, 1 << 30, 23, -128, 127)
    assert not form.holds(form.results())


# --- two rows of weights in one halfword


@pytest.mark.parametrize("k", [1, 8, 129, 515])
def test_halfwords_give_both_sums(k: int) -> None:
    """Corner and random inputs; the sums wrap around as they do on the chip."""
    random = np.random.default_rng(k)
    a, b = random.integers(-128, 128, (3, k)), random.integers(-127, 128, (3, k))
    a[0], b[0] = -128, 127 if k < 512 else 126
    form = in_halfwords(a, b)
    assert form is not None
    x = np.concatenate(
        [np.full((1, k), -128), np.full((1, k), 127), random.integers(-128, 128, (9, k))]
    )
    p, q = x @ form.shared.T, x @ a.T
    apart = ((p - q + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    np.testing.assert_array_equal(apart >> 8, x @ b.T)


def test_rows_that_may_not_share_halfwords() -> None:
    small, large = np.full((1, 8), -1), np.full((1, 8), -128)
    assert in_halfwords(large, small) is not None
    assert in_halfwords(small, large) is None  # 256 * -128 - 1 has 17 bits
    assert in_halfwords(np.zeros((1, 512), int), np.full((1, 512), 127)) is not None
    assert in_halfwords(np.zeros((1, 520), int), np.full((1, 520), 127)) is None  # the sums


@pytest.mark.parametrize("change", [1, -1, 256])
def test_a_changed_halfword_does_not_hold(change: int) -> None:
    class Changed(Halfwords):
        @property
        def shared(self):
            wrong = super().shared.copy()
            wrong[0, 0] += change
            return wrong

    a, b = np.full((1, 4), 3), np.full((1, 4), 5)
    assert Halfwords(a, b).holds()
    assert not Changed(a, b).holds()


# --- two rows of weights in one word, and sums that become int8 by two products


@cache
def shared_words():
    """(case name, attrs, io, rows of weights, whether it dips) of nodes with such a kernel."""
    arrange = {"conv2d": grouped.of_conv2d, "fully_connected": grouped.of_fully_connected}
    found = []
    for case in all_cases():
        if case.name.partition("/")[0] not in arrange:
            continue
        graph = case.graph()
        for node in graph.nodes:
            cards = registry.load("iseul.compile.kernels", node.op).CARDS
            io = graph.io(node)
            for card in cards:
                if card.isa == "mul32" and card.misfit(node.attrs, io) is None:
                    made = arrange[node.op](node.attrs, io)
                    rows = made.weights.reshape(len(made.weights), -1)
                    found.append((case.name, node.attrs, io, rows, "rectified" not in card.symbol))
    return found


def test_sums_become_what_the_op_says() -> None:
    """Every sum where there are few, else those around all steps and many between."""
    for name, attrs, io, rows, dips in shared_words():
        steps = mul32.staircase_of(attrs, io, rows, dips)
        least, most = mul32.sums_between(io, rows)
        wanted = mul32.results_of(attrs, io, len(rows))
        assert steps.holds(wanted, least, most), name
        span = int((most - least).max()) + 1
        if span <= 1 << 16:
            sums = least[:, None] + np.arange(span)
        else:
            share = np.random.default_rng(0).random((len(rows), 1 << 14))
            near = first_sums(wanted, least, most)[:, :, None] + np.arange(-2, 3)
            sums = least[:, None] + (share * (most - least + 1)[:, None]).astype(np.int64)
            sums = np.concatenate([sums, near.reshape(len(rows), -1)], axis=1)
        sums = np.clip(sums, least[:, None], most[:, None])
        np.testing.assert_array_equal(steps.results(sums), wanted(sums), err_msg=name)


def test_a_changed_staircase_does_not_hold() -> None:
    noticed = dict.fromkeys(("start", "factor", "constant", "width"), 0)
    tried, dipped = 0, 0
    for _, attrs, io, rows, dips in shared_words():
        steps = mul32.staircase_of(attrs, io, rows, dips)
        bounds = mul32.sums_between(io, rows)
        wanted = mul32.results_of(attrs, io, len(rows))
        if not (steps.width > 1000).any():
            continue
        tried += 1
        changes = (9, steps.factor >> 13, 1, -1)
        for part, change in zip(noticed, changes, strict=True):
            changed = replace(steps, **{part: getattr(steps, part) + change})
            noticed[part] += not changed.holds(wanted, *bounds)
        dipped += dips and not replace(steps, dip=0 * steps.dip).holds(wanted, *bounds)
    assert tried > 20
    assert all(n == tried for n in noticed.values()), noticed
    assert dipped > 5


@pytest.mark.parametrize("largest", [1, 40, 127, 128])
def test_halves_of_a_word_are_both_sums(largest: int) -> None:
    """Corner and random inputs, taken apart as the kernel does."""
    rng = np.random.default_rng(largest)
    rows = rng.integers(-largest, min(largest, 127) + 1, (6, 37)).astype(np.int8)
    rows[1] = -largest
    rows[2, :9] = min(largest, 127)
    held = paired(rows, 4)
    assert held.holds(rows)
    assert held.words.shape == (4, 40)
    assert any(held.singles) == (largest > 63)
    x = rng.integers(-128, 128, (200, 40))
    x[0], x[1], x[2] = -128, 127, np.where(np.arange(40) % 2, 127, -128)
    products = (x[:, None, :] * held.words).reshape(len(x), 4, -1, GROUP).sum(3)
    words = wrap_int32(products)
    upper = (wrap_int32(words + (1 << 15)) >> 16).sum(2)
    lower = wrap_int32(words.sum(2) - (upper << 16))
    got = np.stack([lower, upper], 2).reshape(len(x), -1)
    for row, singles in enumerate(held.singles):
        for index, weight in singles:
            got[:, row] += weight * x[:, index]
    np.testing.assert_array_equal(got[:, :6], x[:, :37] @ rows.astype(np.int64).T)
    assert not got[:, 6:].any()


def test_changed_words_do_not_hold() -> None:
    rows = np.random.default_rng(1).integers(-127, 128, (4, 16)).astype(np.int8)
    held = paired(rows, 4)
    for change in (1, 1 << 16):
        words = held.words.copy()
        words[1, 7] += change
        assert not replace(held, words=words).holds(rows)
    assert not replace(held, singles=((),) * 4).holds(rows)
    loud = np.full((4, 4), 127, np.int64)  # all of it in one word
    assert not Paired(loud[:2] + (loud[:2] << 16), ((),) * 4).holds(loud)


# --- two outputs in one word


@pytest.mark.parametrize("shape", [(3, 3), (1, 3), (3, 1), (5, 1), (2, 3), (5, 5)])
@pytest.mark.parametrize("largest", [40, 127])
def test_halves_of_a_word_are_both_outputs(shape: tuple[int, int], largest: int) -> None:
    """Corner and random inputs, in every order of the lines, where the check says they may."""
    rng = np.random.default_rng(largest)
    weights = rng.integers(-largest, largest + 1, (40, *shape))
    weights[0], weights[1] = largest, -largest
    x = rng.integers(-128, 128, (2, 300, 4))
    x[0, 0], x[1, 0], x[:, 1], x[:, 2] = -128, 127, 127, -128
    assert may_share(weights, False).all()
    for together in (True, False):
        fits = may_share(weights, together)
        groups = groups_of_windows(weights, together)
        assert fits.any() or (together and shape == (5, 5))
        assert (groups.sum((2, 3)) == weights.sum((1, 2))[:, None]).all()
        for group in groups[fits].reshape(-1, groups.shape[3]):
            low, high = (x[..., : len(group)] * group).sum(2)
            t = wrap_int32(low + (high << 16))  # what one multiplication per weight gives
            upper = wrap_int32(t + (1 << 15)) >> 16
            np.testing.assert_array_equal(upper, high)
            np.testing.assert_array_equal(wrap_int32(t - (upper << 16)), low)


def test_outputs_that_may_not_share_words() -> None:
    loud = np.zeros((3, 3, 3), np.int64)
    loud[0, 1] = 127, 127, 3  # 257 together
    loud[1, 1] = 127, 127, 2  # 256: as much as there may be
    loud[2, 1] = -128, -128, 0
    assert may_share(loud, True).tolist() == [False, True, False]
    assert may_share(loud, False).tolist() == [True, True, False]


# --- two rows in one halfword


def rows(seed: int, n: int = 6, k: int = 40):
    random = np.random.default_rng(seed)
    a, b = random.integers(-127, 128, (2, n, k))
    return a, b, random.integers(-(1 << 20), 1 << 20, n)


def test_a_halfword_holds_two_sums() -> None:
    """For the inputs that reach furthest, in 32 bits as a kernel adds them up."""
    a, b, bias = rows(0)
    proof = in_halfwords(a, b, bias)
    assert proof is not None and proof.holds()
    for x in (np.full(40, -128), np.full(40, 127), np.where(b[0] > 0, 127, -128)):
        p, q = proof.shared @ x + 256 * bias, a @ x
        kept = ((p - q) & 0xFFFFFFFF).astype(np.uint32).view(np.int32) >> 8
        np.testing.assert_array_equal(kept, b @ x + bias)


def test_biases_in_halfwords_have_bounds() -> None:
    a, b, bias = rows(2)
    b[2, 5], a[2, 5] = -128, -1
    assert in_halfwords(a, b, bias) is None  # 16 bits
    assert in_halfwords(b, a, bias) is not None
    a[2, 5] = 0
    assert in_halfwords(a, b, bias) is not None
    reach = 128 * np.abs(b).sum(1)
    for sign in (1, -1):
        most = sign * ((1 << 23) - 1 - reach)
        assert in_halfwords(a, b, most) is not None
        assert in_halfwords(a, b, most + sign) is None  # 24 bits
    wide = np.full((2, 700), 100)
    assert in_halfwords(wide, wide) is None
