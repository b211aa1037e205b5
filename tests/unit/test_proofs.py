# SPDX-License-Identifier: Apache-2.0
"""Proofs of shortcuts: they hold for every case, also when read back; what is wrong is noticed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import all_cases, cases_of
from device._random_nets import random_chain
from iseul.compile import compile_graph, prove_passes, proven_passes
from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _mve as mve
from iseul.compile.kernels._card import no_proofs
from iseul.compile.proofs import (
    KINDS,
    ConstantChannels,
    DeadChannels,
    FoldedBias,
    OneMultiply,
    Shown,
    Table,
    read_shown,
)
from iseul.core import registry
from iseul.core.errors import DataError, VerifyError
from iseul.device.verify import checked_proofs, random_inputs
from iseul.graph.interpret import interpret_samples
from iseul.graph.ops._quantized import zero_point
from iseul.graph.passes import remove_dead_channels
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target
from unit.test_ranges import with_dead_channels

# --- proofs of cards


@cache
def shown_of_cards() -> list[Shown]:
    """The proofs of every card that has some, on every case that it fits; seconds of search."""
    found = []
    for case in all_cases():
        graph = case.graph()
        for node in graph.nodes:
            io = graph.io(node)
            for card in registry.load("iseul.compile.kernels", node.op).CARDS:
                if card.misfit(node.attrs, io) is None:
                    proofs = card.proofs(node.attrs, io)
                    found += [Shown(case.name, card.symbol, proof) for proof in proofs]
    return found


# made for an instruction set, but by the reference's own steps
WITHOUT_SHORTCUTS = frozenset({"iseul_average_pool2d_s8_dsp", "iseul_max_pool2d_s8_dsp"})


def test_every_kind_of_proof_has_cases() -> None:
    kinds = Counter(one.proof.kind for one in shown_of_cards())
    of_passes = {DeadChannels.kind, ConstantChannels.kind}
    assert set(kinds) | of_passes == {kind.kind for kind in KINDS}
    assert min(kinds.values()) >= 5
    assert sum(getattr(one.proof, "is_rectified", False) for one in shown_of_cards()) >= 5


def test_an_average_is_divided_by_what_holds_for_all_its_sums() -> None:
    for taps in range(2, 256):
        found = mve.division(taps)
        assert found is not None
        assert not replace(found, factor=found.factor - 1).holds()
        assert not replace(found, factor=found.factor + 300).holds()
    assert mve.division(1) is None
    assert mve.division(256) is None


def test_cards_of_instruction_sets_have_proofs() -> None:
    """What is made for one instruction set goes other ways than the reference."""
    bare = {
        card.symbol
        for op in registry.names("iseul.compile.kernels")
        for card in registry.load("iseul.compile.kernels", op).CARDS
        if card.isa != "c" and card.proofs is no_proofs
    }
    assert bare <= WITHOUT_SHORTCUTS, bare - WITHOUT_SHORTCUTS


def test_proofs_of_cases_hold_also_when_read_back() -> None:
    text = json.dumps({"proofs": [one.as_json() for one in shown_of_cards()]})
    back = read_shown(json.loads(text), "text")
    assert len(back) == len(shown_of_cards())
    for before, after in zip(shown_of_cards(), back, strict=True):
        assert before.proof.holds(), (before.node, before.by, before.proof.kind)
        assert after.proof.holds(), (before.node, before.by, before.proof.kind)
        assert after.as_json() == before.as_json()
        assert before.proof.how and before.proof.identity


@given(
    multiplier=st.integers(1 << 30, (1 << 31) - 1),
    n=st.integers(2, 23),
    zero=st.integers(-128, 127),
    low=st.integers(-128, 127),
    width=st.integers(0, 255),
    at=st.integers(-300, 300),
    is_rectified=st.booleans(),
)
def test_one_multiply_holds_just_where_all_sums_agree(
    multiplier: int, n: int, zero: int, low: int, width: int, at: int, is_rectified: bool
) -> None:
    """Beside every sum of an interval, around results that are clamped and results that are not."""
    middle = (at - zero << (31 + n)) // multiplier
    sums_ = np.arange(middle - 400, middle + 400)
    sums_ = sums_[(sums_ >= -(1 << 31)) & (sums_ < 1 << 31)]
    if not len(sums_):
        return
    one = np.array([1])
    proof = OneMultiply(
        one * multiplier,
        one * -n,
        zero,
        low,
        min(127, low + width),
        is_rectified,
        one * sums_[0],
        one * sums_[-1],
    )
    equal = np.array_equal(proof.reference(sums_[None]), proof.shorter(sums_[None]))
    assert proof.holds() == equal
    assert equal or is_rectified  # with the sign it is the reference, always


@given(
    multiplier=st.integers(1 << 30, (1 << 31) - 1),
    n=st.integers(-2, 19),
    at=st.integers(-140, 140),
)
def test_sixteen_times_a_rectified_sum_is_the_reference(multiplier: int, n: int, at: int) -> None:
    middle = (at + 128 << (31 + n)) // multiplier
    sums_ = np.arange(middle - 400, middle + 400)
    sums_ = sums_[np.abs(sums_) < 1 << 27]
    if not len(sums_):
        return
    one = np.array([1])
    ends = one * sums_[0], one * sums_[-1]
    proof = OneMultiply(one * multiplier, one * -n, -128, -128, 127, True, *ends, 4)
    assert np.array_equal(proof.reference(sums_[None]), proof.shorter(sums_[None]))
    assert proof.holds()
    assert not replace(proof, is_rectified=False).holds()  # no such form is known
    assert not replace(proof, most=one << 27).holds()


def test_the_sign_matters_where_negative_results_stay() -> None:
    one = np.array([1])
    proof = OneMultiply(one << 30, one * -2, 0, -128, 127, True, one * -900, one * 900)
    assert not proof.holds()  # a half below zero goes the other way
    assert replace(proof, is_rectified=False).holds()
    assert replace(proof, zero_point=-128).holds()
    assert replace(proof, low=0).holds()


@pytest.mark.parametrize(
    "changes",
    [
        {"shift": np.array([-1])},
        {"shift": np.array([-24])},
        {"multiplier": np.array([1 << 31])},
        {"multiplier": np.array([0])},
        {"most": np.array([1 << 31])},
        {"least": np.array([-(1 << 31) - 1])},
        {"least": np.array([901])},
    ],
)
def test_one_multiply_asks_for_its_bounds(changes) -> None:
    one = np.array([1])
    proof = OneMultiply(one << 30, one * -2, 0, -128, 127, False, one * -900, one * 900)
    assert proof.holds()
    assert not replace(proof, **changes).holds()


def test_changed_constants_of_proofs_are_noticed() -> None:
    for one in shown_of_cards():
        proof = one.proof
        if isinstance(proof, FoldedBias):
            assert not replace(proof, folded=proof.folded + 1).holds()
            assert not replace(proof, most=proof.most + (1 << 32)).holds()
            if proof.weight_sums.any():
                assert not replace(proof, zero_point=proof.zero_point + 1).holds()
        elif isinstance(proof, Table):
            table = proof.table.copy()
            table[77] ^= 1
            assert not replace(proof, table=table).holds()


def test_without_a_proof_the_reference_is_emitted(monkeypatch) -> None:
    """A bias that is folded wrongly is never used: another kernel is chosen, and says why."""
    case = next(c for c in cases_of("conv2d") if _first_kernel(c).endswith("_s8_dsp"))
    right = dsp.folded_bias
    monkeypatch.setattr(dsp, "folded_bias", lambda io, rows, n: right(io, rows, n) + 1)
    package = compile_graph(case.graph(), load_target("nucleo-l4r5zi"))
    assert package.steps[0].kernel == "iseul_conv2d_s8"
    assert "iseul_conv2d_s8_dsp: no proof of folded zero point" in package.steps[0].why
    assert not package.shown


def _first_kernel(case) -> str:
    return compile_graph(case.graph(), load_target("nucleo-l4r5zi")).steps[0].kernel


# --- proofs of passes


def nets_with_dead_channels():
    graphs = [with_dead_channels(random_chain(seed), seed) for seed in range(40)]
    return [g for g in graphs if remove_dead_channels.rewrite(g, None) is not g]


NETS = nets_with_dead_channels()


def test_dead_channels_are_proven_and_kept_with_the_package() -> None:
    board = load_target("nucleo-l4r5zi")
    n = 0
    for graph in NETS:
        passed, shown = proven_passes(graph, board)
        n += len(shown)
        package = compile_graph(passed, board, shown=shown)
        assert package.shown[: len(shown)] == shown
        assert checked_proofs(package)["n"] == len(package.shown)
        back = read_shown(json.loads(json.dumps(package.proofs())), "text")
        assert all(one.proof.holds() for one in back)
    assert n >= len(NETS) // 2


def test_changed_constants_of_dead_channels_are_noticed() -> None:
    n = 0
    for graph in NETS:
        for one in proven_passes(graph, None)[1]:
            proof = one.proof
            if not isinstance(proof, DeadChannels):
                continue
            assert not replace(proof, folded=proof.folded + 1).holds()
            is_read = proof.weights.any(axis=(0, 1))
            if is_read.any():
                n += 1
                assert not replace(proof, most=proof.most + is_read).holds()
    assert n >= 5


def test_without_a_proof_dead_channels_stay(monkeypatch) -> None:
    graph = NETS[0]
    real = prove_passes.of_dead_channels

    def wrong(before, after):
        return [
            replace(s, proof=replace(s.proof, folded=s.proof.folded + 1))
            for s in real(before, after)
        ]

    monkeypatch.setattr(prove_passes, "of_dead_channels", wrong)
    if not real(graph, remove_dead_channels.rewrite(graph, None)):
        pytest.fail("the net has no proof to lose")
    passed, shown = proven_passes(graph, None)
    assert all(one.by == prove_passes.SETTLE for one in shown)
    kept = run_passes(graph, None, (prove_passes.DEAD,))
    assert [n.attrs for n in passed.nodes] == [n.attrs for n in kept.nodes]
    assert [passed.values[n.outputs[0]].shape for n in passed.nodes] == [
        graph.values[n.outputs[0]].shape for n in graph.nodes
    ]


def test_constant_channels_are_settled_with_a_proof() -> None:
    n, board = 0, load_target("nucleo-l4r5zi")
    for seed, graph in enumerate(NETS):
        passed, shown = proven_passes(graph, board, [prove_passes.DEAD])
        for one in shown:
            proof = one.proof
            assert isinstance(proof, ConstantChannels) and proof.holds()
            held = proof.bias // 16 + proof.zero_point
            other = np.where(held == proof.high, proof.low, proof.high) - proof.zero_point
            assert not replace(proof, bias=16 * other).holds()
            assert not replace(proof, most=proof.most + (np.int64(1) << 31)).holds()
            back = read_shown({"proofs": [json.loads(json.dumps(one.as_json()))]}, "text")
            assert back[0].proof.holds()
            node = next(node for node in passed.nodes if node.name == one.node)
            weights = passed.io(node).inputs[1]
            assert weights.quant is not None and len(weights.quant.scale) > 1
            n += len(proof.bias)
        samples = random_inputs(graph, 4, seed)
        for want, got in zip(
            interpret_samples(graph, samples).outputs,
            interpret_samples(passed, samples).outputs,
            strict=True,
        ):
            np.testing.assert_array_equal(want, got)
    assert n >= 10


# --- proofs in the artefact


def test_verify_checks_proofs_again() -> None:
    case = next(c for c in cases_of("conv2d") if _first_kernel(c).endswith("_s8_dsp"))
    package = compile_graph(case.graph(), load_target("nucleo-l4r5zi"))
    assert checked_proofs(package) == {
        "n": 3,
        "kinds": {"folded zero point": 1, "one multiplication": 1, "shared halfwords": 1},
    }
    folded = package.shown[0].proof
    assert isinstance(folded, FoldedBias)
    wrong = replace(package.shown[0], proof=replace(folded, folded=folded.folded - 1))
    with pytest.raises(VerifyError, match="folded zero point"):
        checked_proofs(replace(package, shown=(wrong,)))


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"proofs": [{}]}',
        '{"proofs": [{"node": "a", "by": "b", "kind": "magic", "facts": {}}]}',
        '{"proofs": [{"node": "a", "by": "b", "kind": "linear sum", "facts": {"wanted": "AAAA"}}]}',
        '{"proofs": [{"node": "a", "by": "b", "kind": "folded zero point", "facts": {}}]}',
    ],
)
def test_what_is_no_list_of_proofs_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="no list of proofs"):
        read_shown(json.loads(text), "proofs.json")


def test_bounds_of_sums_are_reached() -> None:
    """Some input gives each end: the least and the most of every channel."""
    from iseul.compile.kernels._proofs import ends_of_sums

    case = next(c for c in cases_of("fully_connected") if _first_kernel(c).endswith("_s8_dsp"))
    graph = case.graph()
    io = graph.io(graph.nodes[0])
    rows = io.inputs[1].data.astype(np.int64)
    least, most = ends_of_sums(io, rows)
    bias = io.inputs[2].data if len(io.inputs) > 2 else np.zeros(len(rows))
    for row, low, high, b in zip(rows, least, most, bias, strict=True):
        x = np.where(row > 0, 127, -128) - zero_point(io.inputs[0])
        assert row @ x + b == high
        x = np.where(row > 0, -128, 127) - zero_point(io.inputs[0])
        assert row @ x + b == low
