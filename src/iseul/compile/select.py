# SPDX-License-Identifier: Apache-2.0
"""Which kernel runs a node on a target: the cheapest card that fits, or why there is none.

A card is a candidate if the target has its instruction set, the node breaks none of its rules,
and the proofs of all shortcuts that it takes hold. `goal` says what cheapest means: "speed"
predicted instructions, "ram" scratch first, less what the output may share with inputs, "flash"
constants first. Equal cards: the one that
stands first in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from iseul.compile.emit._c_constants import bytes_of
from iseul.core import registry
from iseul.core.errors import UnsupportedError
from iseul.core.units import show_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile.kernels._card import Card
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io, Node
    from iseul.targets import Target

KERNELS = "iseul.compile.kernels"
Goal = Literal["speed", "ram", "flash"]


@dataclass(frozen=True)
class Blocker:
    """Why a node can not run on a target.

    reason: what is, and what must be
    remedy: what to change
    """

    node: Node
    reason: str
    remedy: str

    def __str__(self) -> str:
        text = f'{self.node.op} "{self.node.name}": {self.reason}'
        return f"{text}\n  try: {self.remedy}" if self.remedy else text


@dataclass(frozen=True, eq=False)
class Choice:
    """A card for a node.

    why:    why this one, in words
    proofs: of the shortcuts that its kernel takes; all of them hold
    """

    card: Card
    why: str
    proofs: tuple[Proof, ...] = ()


def smallest(node: Node, io: Io, target: Target, now: Choice) -> Choice:
    """The card with the fewest constants that can stand for the one chosen now."""
    found = [c for c in cards_of(node.op) if c.isa in target.isas and not c.alias]
    found = [c for c in found if c.misfit(node.attrs, io) is None]
    choice = _cheapest(found, node, io, target, "flash") if found else now
    return choice if isinstance(choice, Choice) else now


def choose(node: Node, io: Io, target: Target, goal: Goal, can_alias: bool) -> Choice | Blocker:
    """The cheapest card for a node.

    can_alias: whether the output may be the input's buffer
    """
    cards = [card for card in cards_of(node.op) if card.isa in target.isas]
    empty = [value.name for value in (*io.inputs, *io.outputs) if value.n_elements == 0]
    if not cards or empty:
        found = f'"{empty[0]}" has no elements' if empty else "the op has no kernel"
        return Blocker(node, f"{found} on {target.name}", _remedy(node.op))
    misfits = [card.misfit(node.attrs, io) for card in cards]
    fitting = [card for card, misfit in zip(cards, misfits, strict=True) if misfit is None]
    fitting = [card for card in fitting if can_alias or not card.alias]
    if fitting:
        return _cheapest(fitting, node, io, target, goal)
    broken = [misfit for misfit in misfits if misfit is not None]
    # cards that fail early are for other dtypes: those that fit the longest say what is wrong
    nearest = [misfit for misfit in broken if misfit.index == max(m.index for m in broken)]
    rules = " or ".join(dict.fromkeys(misfit.rule for misfit in nearest))
    reason = f"{nearest[0].found}, but {target.name} has kernels only where {rules}"
    return Blocker(node, reason, _remedy(node.op))


def _cheapest(
    cards: Sequence[Card], node: Node, io: Io, target: Target, goal: Goal
) -> Choice | Blocker:
    """The cheapest of the cards whose proofs hold."""
    priced = [(_price(card, node, io, target, goal), card) for card in cards]
    priced.sort(key=lambda pair: pair[0])
    unproven: list[str] = []
    for i, (_, card) in enumerate(priced):
        proofs = card.proofs(node.attrs, io)
        failed = [proof.kind for proof in proofs if not proof.holds()]
        if failed:
            unproven.append(f"{card.symbol}: no proof of {failed[0]}")
            continue
        why = _why([priced[i], *priced[:i], *priced[i + 1 :]], goal)
        return Choice(card, "; ".join((why, *unproven)), proofs)
    return Blocker(node, "; ".join(unproven), _remedy(node.op))


_MEASURES = {"speed": "cheapest", "ram": "least memory", "flash": "fewest constants"}


def _why(priced: Sequence[tuple[tuple[int, ...], Card]], goal: Goal) -> str:
    """`cheapest of 3: 1.2 M predicted; iseul_conv2d_s8 3.9 M`.

    priced: the chosen card first, then the next best
    """
    if priced[0][1].alias:
        return "renames its input, no code"
    if len(priced) == 1:
        return "the only one that fits"

    def told(price: tuple[int, ...]) -> str:
        cost = show_count(price[-1])
        bytes_ = {"speed": "", "ram": f"{price[0]:+,} B, ", "flash": f"{price[0]:,} B, "}
        return f"{bytes_[goal]}{cost}"

    (price, _), (other, card) = priced[:2]
    start = f"{_MEASURES[goal]} of {len(priced)}: {told(price)} predicted"
    return f"{start}; {card.symbol} {told(other)}"


def require(blockers: Sequence[Blocker]) -> None:
    """Raise UnsupportedError that lists all blockers, if there are any."""
    if len(blockers) == 1:
        only = blockers[0]
        raise UnsupportedError(f'{only.node.op} "{only.node.name}": {only.reason}', only.remedy)
    if blockers:
        raise UnsupportedError("\n".join(str(blocker) for blocker in blockers))


def cards_of(op: str) -> tuple[Card, ...]:
    """The cards of an op; none if it has no file."""
    if op not in registry.names(KERNELS):
        return ()
    cards: tuple[Card, ...] = registry.load(KERNELS, op).CARDS
    return cards


def _remedy(op: str) -> str:
    if op in registry.names(KERNELS):
        given = getattr(registry.load(KERNELS, op), "REMEDY", None)
        if given:
            return str(given)
    return "quantize the model to int8, or take the op out of the model"


def _price(card: Card, node: Node, io: Io, target: Target, goal: Goal) -> tuple[int, ...]:
    cost = card.predicted(node.attrs, io, target.core)
    if goal == "ram":
        return card.scratch_bytes(node.attrs, io) - _shared(card, node, io), cost
    if goal == "flash":
        return bytes_of(card.emit(node.attrs, io)), cost
    return (cost,)


def _shared(card: Card, node: Node, io: Io) -> int:
    """Bytes of the output that may lie over inputs, if these end with the node."""
    out = io.outputs[0].n_bytes
    return sum(
        max(0, min(out - max(distance, 0), io.inputs[i].n_bytes))
        for i, distance in card.overlap(node.attrs, io).items()
    )
