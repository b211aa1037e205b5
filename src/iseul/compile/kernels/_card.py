# SPDX-License-Identifier: Apache-2.0
"""What a kernel card is, and the rules and costs that cards share.

A card describes one C function of `runtime/`. Its `emit` gives the fields of the function's
parameter struct as Python values; how they become C text is the emitter's business:

    numpy array       a table in <name>_weights.c; the field is a pointer to it
    int, float        a literal
    tuple of ints     an array inside the struct
    dict              a struct inside the struct
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.compile.proofs import Proof
    from iseul.graph.ir import DType, Io
    from iseul.numerics import Array
    from iseul.numerics.float_requantize import Requantization
    from iseul.targets._target import Core, Isa

    Field = Array | int | float | tuple[int, ...] | Mapping[str, Any]
    Fields = Mapping[str, Field]
    Rule = Callable[[Any, Io], str | None]
    Cost = Callable[[Any, Io], int]


def no_scratch(attrs: Any, io: Io) -> int:
    """Bytes of scratch: none."""
    return 0


def no_overlap(attrs: Any, io: Io) -> Mapping[int, int]:
    """The output shares no byte with an input."""
    return {}


def no_proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
    """The kernel goes the op's own steps."""
    return ()


def every_input(attrs: Any, io: Io) -> tuple[int, ...]:
    """All inputs are passed, constants too."""
    return tuple(range(len(io.inputs)))


@dataclass(frozen=True)
class Misfit:
    """A rule of a card that a node breaks: its index, its text, and what is."""

    index: int
    rule: str
    found: str


@dataclass(frozen=True)
class Card:
    """A kernel that can run some nodes of one op.

    symbol:        the C function, and `<symbol>.c` in runtime/
    params:        C type of its parameter struct
    fits:          rules (attrs, io) -> what is wrong, or None; the docstring is the rule
    cost:          (attrs, io) -> predicted instructions, a linear model: on a Cortex-M4, or on
                   a Cortex-M0+ for kernels of instruction set mul32
    costs:         the same on other cores, where selection needs to know better
    emit:          (attrs, io) -> fields of the parameter struct, in the struct's order
    isa:           instruction set that the target must have
    inputs:        which of the node's inputs are passed as pointers, or a function (attrs, io)
                   that says so of a node; all others are constants that `emit` puts into the
                   struct
    arrays:        "in": the inputs come as one array of pointers, `const void *const *in`, so
                   that a kernel takes any number of them; "out": so do the outputs, `void
                   *const *out`; else each is an argument of its own, outputs behind inputs
    scratch_bytes: (attrs, io) -> bytes the kernel needs while it runs; it gets a pointer behind
                   `out` if there are any, and must write every one of them
    alias:         no code: the output is the input's buffer
    overlap:       (attrs, io) -> {position of an input: distance in bytes}: the output's first
                   byte may lie anywhere at least that far below the input's first byte, though
                   both share bytes then (`_overlap.py` has the usual ones). It follows from
                   the order in which the kernel reads and writes; by default nothing is shared
    in_place:      pairs (position of an input, of an output): the kernel may be given one buffer
                   for both; a state that nothing else reads then changes where it lies
    calls:         other kernels that this one calls; their files come along
    requantization: how sums become integers; a node that states another way does not fit
    proofs:        (attrs, io) -> of the shortcuts that the kernel takes, on what `emit` gives; a
                   node for which one does not hold does not fit
    """

    symbol: str
    params: str
    fits: tuple[Rule, ...]
    cost: Cost
    emit: Callable[[Any, Io], Fields]
    isa: Isa = "c"
    inputs: tuple[int, ...] | Callable[[Any, Io], tuple[int, ...]] = (0,)
    arrays: Literal["", "in", "out"] = ""
    scratch_bytes: Callable[[Any, Io], int] = no_scratch
    alias: bool = False
    overlap: Callable[[Any, Io], Mapping[int, int]] = no_overlap
    in_place: tuple[tuple[int, int], ...] = ()
    calls: tuple[str, ...] = ()
    requantization: Requantization = "fixed_point"
    costs: Mapping[Core, Cost] = field(default_factory=dict)
    proofs: Callable[[Any, Io], tuple[Proof, ...]] = no_proofs

    def predicted(self, attrs: Any, io: Io, core: Core) -> int:
        """Predicted instructions on a core."""
        return self.costs.get(core, self.cost)(attrs, io)

    def passed(self, attrs: Any, io: Io) -> tuple[int, ...]:
        """Positions of the inputs that a node passes as pointers."""
        return self.inputs if isinstance(self.inputs, tuple) else self.inputs(attrs, io)

    def misfit(self, attrs: Any, io: Io) -> Misfit | None:
        """The first rule that the node breaks, or None."""
        for i, rule in enumerate(self.fits):
            found = rule(attrs, io)
            if found is not None:
                return Misfit(i, (rule.__doc__ or "").strip(), found)
        stated = getattr(attrs, "requantization", "fixed_point")
        if stated != self.requantization:
            return Misfit(len(self.fits), f"requantization is {self.requantization}", stated)
        return None


def kinds(*wanted: DType) -> Rule:
    """The rule that the computed inputs and the outputs have these dtypes, in this order.

    One dtype stands for all of them.
    """

    def rule(attrs: Any, io: Io) -> str | None:
        values = [v for v in (*io.inputs, *io.outputs) if not v.is_constant]
        found = tuple(v.dtype for v in values)
        if found == (wanted if len(wanted) > 1 else wanted * len(found)):
            return None
        return ", ".join(f'"{v.name}" is {v.dtype}' for v in values)

    rule.__doc__ = (
        f"input is {wanted[0]} and output {wanted[1]}"
        if len(wanted) == 2
        else f"activations are all {wanted[0]}"
    )
    return rule
