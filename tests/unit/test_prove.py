# SPDX-License-Identifier: Apache-2.0
"""Proofs: what they state is checked again over all values, and a changed constant is noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cases import all_cases
from iseul.compile.kernels import _sums as sums
from iseul.compile.prove import Linear, linear
from iseul.core import registry

SIGNS = {"add": 1, "sub": -1}


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
                found.append((case.name, io, SIGNS[node.op], form))
    return found


ADDITIONS = additions()


def test_some_additions_are_linear() -> None:
    assert {name.partition("/")[0] for name, *_ in ADDITIONS} == {"add", "sub"}


@pytest.mark.parametrize("addition", ADDITIONS, ids=[name for name, *_ in ADDITIONS])
def test_linear_forms_hold(addition) -> None:
    _, io, sign, form = addition
    assert form.holds(sums.table(io, sign, form.low, form.high))


def test_changed_constants_do_not_hold() -> None:
    tables = [(sums.table(io, sign, f.low, f.high), f) for _, io, sign, f in ADDITIONS]
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
