# SPDX-License-Identifier: Apache-2.0
"""Shorter integer formulas that are shown to equal an op's own meaning before they are used.

A proof is an object with all that is claimed, and `holds` checks it: over all values that the
operands can have where these are few, else at every place where something could differ, with
bounds on what sums can be. A kernel card names the proofs of the shortcuts that it takes; without
one that holds, the card does not fit and the reference's own steps are emitted. The proofs of a
package are kept beside it as JSON (`proofs.json`), from which they can be checked again alone.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from iseul.compile.prove import GROUP, Fours, Halfwords, Linear, Paired, Staircase, may_share
from iseul.core import registry
from iseul.core.errors import DataError
from iseul.graph.build import OPS
from iseul.graph.ir import Io, Value, frozen_array
from iseul.numerics.affine import Quantization, storage
from iseul.numerics.requantize import requantize, wrap_int32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from iseul.numerics import Array

_INT32 = 1 << 31


class Proof(Protocol):
    """A claim that can be checked.

    kind:     name of the shortcut
    identity: what equals what
    how:      how it is checked
    """

    kind: ClassVar[str]
    identity: ClassVar[str]

    @property
    def how(self) -> str: ...

    def holds(self) -> bool: ...

    def facts(self) -> dict[str, Any]:
        """All that `holds` needs, as JSON."""


def _packed(integers: NDArray[np.int64]) -> str:
    """Integers of int8's range as text: zlib, base64."""
    return base64.b64encode(zlib.compress(integers.astype(np.int8).tobytes(), 9)).decode("ascii")


def _unpacked(text: str) -> NDArray[np.int64]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), np.int8).astype(np.int64)


# --- sums of two


@dataclass(frozen=True, eq=False)
class LinearSum:
    """A linear form in place of the op's roundings. wanted: (256, 256), the op's results."""

    kind: ClassVar[str] = "linear sum"
    identity: ClassVar[str] = "clamp((a x + b y + constant) >> shift) = the op, x and y int8"

    form: Linear
    wanted: NDArray[np.int64]

    @property
    def how(self) -> str:
        return "over all 65,536 pairs"

    def holds(self) -> bool:
        return self.form.holds(self.wanted)

    def facts(self) -> dict[str, Any]:
        return {**vars(self.form), "wanted": _packed(self.wanted)}

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> LinearSum:
        given = dict(facts)
        wanted = _unpacked(given.pop("wanted")).reshape(256, 256)
        return LinearSum(Linear(**given), wanted)


# --- averages


@dataclass(frozen=True)
class Division:
    """A multiplication in place of the division of an average of `taps` int8, 2 to 255."""

    kind: ClassVar[str] = "division"
    identity: ClassVar[str] = "((|sum| + taps / 2) factor >> 16) >> shift = (..) / taps, 16 bits"

    taps: int
    factor: int
    shift: int

    @property
    def how(self) -> str:
        return f"over all {128 * self.taps + 1:,} sizes of sums"

    def holds(self) -> bool:
        if not (2 <= self.taps <= 255 and 0 <= self.shift < 16 and 0 < self.factor < 1 << 16):
            return False
        n = np.arange(128 * self.taps + 1, dtype=np.int64) + self.taps // 2
        return bool(np.array_equal((n * self.factor >> 16) >> self.shift, n // self.taps))

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> Division:
        return Division(**facts)


# --- tables


@dataclass(frozen=True, eq=False)
class Table:
    """A table in place of an op that reads one int8.

    attrs:  of the op
    io:     the op on a row of 256 places; constants hold one value, or what the op asks for
    table:  (256,) int8, what is emitted
    """

    kind: ClassVar[str] = "table"
    identity: ClassVar[str] = "table[x + 128] = the op of x, int8"

    op: str
    attrs: Any
    io: Io
    table: Array

    @property
    def how(self) -> str:
        return "over all 256 values"

    def holds(self) -> bool:
        op = registry.load(OPS, self.op)
        every = np.arange(-128, 128).astype(np.int8)
        arrays = [
            value.data if value.data is not None else every.reshape(value.shape)
            for value in self.io.inputs
        ]
        wanted = op.run(self.attrs, arrays, self.io)[0].reshape(-1)
        return self.table.dtype == np.int8 and bool(np.array_equal(self.table, wanted))

    def facts(self) -> dict[str, Any]:
        return {
            "op": self.op,
            "attrs": self.attrs.model_dump(mode="json"),
            "inputs": [_value_as_json(value) for value in self.io.inputs],
            "output": _value_as_json(self.io.outputs[0]),
            "table": self.table.tolist(),
        }

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> Table:
        attrs = registry.load(OPS, facts["op"]).Attrs.model_validate(facts["attrs"], strict=False)
        inputs = tuple(_value_of_json(f"input_{i}", v) for i, v in enumerate(facts["inputs"]))
        io = Io(inputs, (_value_of_json("output", facts["output"]),))
        return Table(facts["op"], attrs, io, np.array(facts["table"], np.int8))


def _value_as_json(value: Value) -> dict[str, Any]:
    quant = value.quant
    return {
        "shape": list(value.shape),
        "dtype": value.dtype,
        "quantization": [list(quant.scale), list(quant.zero_point), quant.axis] if quant else None,
        "data": value.data.reshape(-1).tolist() if value.data is not None else None,
    }


def _value_of_json(name: str, facts: Mapping[str, Any]) -> Value:
    shape, dtype, given, data = (facts[k] for k in ("shape", "dtype", "quantization", "data"))
    quant = Quantization(tuple(given[0]), tuple(given[1]), given[2]) if given else None
    array = None
    if data is not None:
        array = frozen_array(np.array(data, storage(dtype)).reshape(shape))
    return Value(name, tuple(shape), dtype, quant, array)


# --- what stands before and behind sums of products


@dataclass(frozen=True, eq=False)
class FoldedBias:
    """The input's zero point is taken off in the bias, so that kernels multiply raw bytes.

    All arrays are (C,), int64. Sums are taken modulo 2^32; they are right because the true ones
    fit into 32 bits.

    weight_sums:  sum of each channel's weights
    bias, folded: what the op adds, and what is emitted
    least, most:  ends of the channel's sum with its bias, whatever the input
    """

    kind: ClassVar[str] = "folded zero point"
    identity: ClassVar[str] = "sum((x - z) w) + bias = sum(x w) + folded, modulo 2^32"

    zero_point: int
    weight_sums: NDArray[np.int64]
    bias: NDArray[np.int64]
    folded: NDArray[np.int64]
    least: NDArray[np.int64]
    most: NDArray[np.int64]

    @property
    def how(self) -> str:
        return f"by bounds of the sums of {len(self.bias)} channels"

    def holds(self) -> bool:
        wanted = wrap_int32(self.bias - self.zero_point * self.weight_sums)
        return bool(np.array_equal(self.folded, wanted)) and _in_32_bits(self.least, self.most)

    def facts(self) -> dict[str, Any]:
        return _lists(self)

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> FoldedBias:
        return FoldedBias(**_arrays(facts))


@dataclass(frozen=True, eq=False)
class OneMultiply:
    """One multiplication in place of the reference's two roundings, clamp included.

    Both are functions of the sum that never fall and have at most 256 values. They are equal
    everywhere if they are equal at both ends and on both sides of every step of the short one:
    between two steps it is constant, and the other one can not leave it and come back.

    multiplier, shift:    (C,), as the reference has them
    zero_point, low, high: of the output
    is_rectified:         the sign of the sum is left out: negative results are clamped anyway
    least, most:          (C,), ends of the sums
    doublings:            kernels have 2^m times the sums, m = 0, 1 or 4: n may be 1 where m is 1,
                          0 without the sign; where m is 4, which has no sign, n may be -2
    """

    kind: ClassVar[str] = "one multiplication"
    identity: ClassVar[str] = (
        "floor((x q + 2^30 + 2^(30+n) - [x<0] 2^31 + z 2^(31+n)) / 2^(31+n)) = "
        "round(round(x q / 2^31) / 2^n) + z, clamped; rectified: without [x<0] 2^31; "
        "doubled m times: all terms times 2^m; m = 4, n <= 0: without 2^30"
    )

    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    zero_point: int
    low: int
    high: int
    is_rectified: bool
    least: NDArray[np.int64]
    most: NDArray[np.int64]
    doublings: int = 0

    @property
    def how(self) -> str:
        what = ", without the sign" if self.is_rectified else ""
        what += f", of {1 << self.doublings} times the sums" if self.doublings else ""
        return f"on both sides of every step of {len(self.shift)} channels, within bounds{what}"

    def holds(self) -> bool:
        q, n = self.multiplier, -self.shift
        known = {(0, False): 2, (0, True): 2, (1, False): 1, (1, True): 0, (4, True): -2}
        least_n = known.get((self.doublings, self.is_rectified))
        if least_n is None:
            return False
        fits = ((q > 0) & (q < _INT32) & (n >= least_n) & (n + self.doublings <= 23)).all()
        times = 1 << self.doublings
        if not fits or not _in_32_bits(times * self.least, times * self.most):
            return False
        least, most = self.least[:, None], self.most[:, None]
        values, steps = self._steps()
        are_steps = (self.shorter(steps) >= values) & (self.shorter(steps - 1) < values)
        at = np.clip(np.concatenate([least, most, steps - 1, steps], axis=1), least, most)
        return bool(are_steps.all()) and np.array_equal(self.shorter(at), self.reference(at))

    def reference(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """The op's own results of sums (C, n)."""
        q, shift = self.multiplier[:, None], self.shift[:, None]
        found: NDArray[np.int64] = requantize(x, q, shift) + self.zero_point
        return np.clip(found, self.low, self.high)

    def shorter(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """What kernels compute of sums (C, n)."""
        q, n, more = self._terms()
        sign = 0 if self.is_rectified else (x < 0).astype(np.int64) << (31 + more)
        found = (((x * q + self._nudge() - sign) >> 32) + self._upper(n)) >> (n - 1)
        return np.clip(found, self.low, self.high)

    def _terms(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """q and n of the short form as functions of the true sum, and m."""
        more = self.doublings
        return self.multiplier[:, None] << more, more - self.shift[:, None], more

    def _nudge(self) -> NDArray[np.int64]:
        """(C, 1): the first rounding's half; with m = 4, n <= 0 the second rounding's, which is
        not there, stands in its place.
        """
        has_one = (self.doublings < 4) | (self.shift < 0)
        return np.where(has_one, np.int64(1) << (30 + self.doublings), 0)[:, None]

    @property
    def uppers(self) -> NDArray[np.int64]:
        """(C,): what m = 4 adds to the upper word of a product; m = 1 half a unit less."""
        return (self._upper(self._terms()[1]) + (self._nudge() >> 32))[:, 0]

    def _upper(self, n: NDArray[np.int64]) -> NDArray[np.int64]:
        return ((1 + 2 * self.zero_point) * (np.int64(1) << (n - 1))) >> 1

    def _steps(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Results (1, n) above the lowest, and (C, n) the least sums whose short result is that."""
        q, n, more = self._terms()
        values = np.arange(self.low + 1, self.high + 1)[None, :]
        # shorter(x) >= value  <=>  x q + nudge [- 2^31] >= (value 2^(n-1) - upper) 2^32
        above = (values * (np.int64(1) << (n - 1)) - self._upper(n)) * (np.int64(1) << 32)
        needed = above - self._nudge()
        at = -((-needed) // q)
        if self.is_rectified:
            return values, at
        below = -((-(needed + (_INT32 << more))) // q)
        return values, np.where(at > 0, at, np.minimum(below, 0))

    def facts(self) -> dict[str, Any]:
        return _lists(self)

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> OneMultiply:
        return OneMultiply(**_arrays(facts))


def _in_32_bits(least: NDArray[np.int64], most: NDArray[np.int64]) -> bool:
    return bool(((least <= most) & (least >= -_INT32) & (most < _INT32)).all())


def _lists(proof: object) -> dict[str, Any]:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(proof).items()}


def _arrays(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {k: np.array(v, np.int64) if isinstance(v, list) else v for k, v in facts.items()}


@dataclass(frozen=True, eq=False)
class SharedWords:
    """Two rows of weights in the halves of one word. rows: (n, k) int8, the op's own."""

    kind: ClassVar[str] = "shared words"
    identity: ClassVar[str] = "sum(x (low + 2^16 high)) = sum(x low) + 2^16 sum(x high), x int8"

    held: Paired
    rows: Array

    @property
    def how(self) -> str:
        return f"by bounds of groups of {GROUP} products in {len(self.rows)} rows"

    def holds(self) -> bool:
        return self.held.holds(self.rows)

    def facts(self) -> dict[str, Any]:
        return {
            "words": self.held.words.tolist(),
            "singles": [[list(pair) for pair in row] for row in self.held.singles],
            "shape": list(self.rows.shape),
            "rows": _packed(self.rows),
        }

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> SharedWords:
        singles = tuple(tuple((int(i), int(w)) for i, w in row) for row in facts["singles"])
        rows = _unpacked(facts["rows"]).astype(np.int8).reshape(facts["shape"])
        return SharedWords(Paired(np.array(facts["words"], np.int64), singles), rows)


@dataclass(frozen=True, eq=False)
class SharedOutputs:
    """The inputs of two outputs in the halves of one word.

    weights:  (C, along, across) int8, the op's own
    together: (C,), whether sums of the most products are taken apart at once
    """

    kind: ClassVar[str] = "shared by outputs"
    identity: ClassVar[str] = "sum(w (x + 2^16 y)) = sum(w x) + 2^16 sum(w y), x and y int8"

    weights: Array
    together: NDArray[np.bool_]

    @property
    def how(self) -> str:
        return f"by bounds of groups of products in {len(self.weights)} channels, in every order"

    def holds(self) -> bool:
        wide = self.weights.astype(np.int64)
        fit = np.where(self.together, may_share(wide, True), may_share(wide, False))
        return bool(fit.all())

    def facts(self) -> dict[str, Any]:
        return {
            "shape": list(self.weights.shape),
            "weights": _packed(self.weights),
            "together": self.together.tolist(),
        }

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> SharedOutputs:
        weights = _unpacked(facts["weights"]).astype(np.int8).reshape(facts["shape"])
        return SharedOutputs(weights, np.array(facts["together"], np.bool_))


@dataclass(frozen=True, eq=False)
class SharedHalfwords:
    """Two channels of weights in one halfword. rows: (n, k) int8, the op's own, n even."""

    kind: ClassVar[str] = "shared halfwords"
    identity: ClassVar[str] = "sum(x b) = (sum(x (256 b + a)) - sum(x a)) / 256, x int8"

    form: Halfwords
    rows: Array

    @property
    def how(self) -> str:
        return f"by bounds of the sums of {len(self.rows)} rows"

    def holds(self) -> bool:
        rows = np.stack([self.form.a, self.form.b], axis=1).reshape(self.rows.shape)
        return self.form.holds() and bool(np.array_equal(rows, self.rows))

    def facts(self) -> dict[str, Any]:
        return {
            "shape": list(self.rows.shape),
            **{key: _packed(getattr(self.form, key)) for key in ("a", "b")},
            "bias": np.broadcast_to(self.form.bias, len(self.form.b)).tolist(),
            "rows": _packed(self.rows),
        }

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> SharedHalfwords:
        n, k = facts["shape"]
        a, b = (_unpacked(facts[key]).reshape(n // 2, k) for key in ("a", "b"))
        rows = _unpacked(facts["rows"]).astype(np.int8).reshape(n, k)
        return SharedHalfwords(Halfwords(a, b, np.array(facts["bias"], np.int64)), rows)


@dataclass(frozen=True, eq=False)
class SharedNibbles:
    """Four channels of int4 weights in one halfword. rows: (n, k) int8, the op's own, filled up."""

    kind: ClassVar[str] = "shared nibbles"
    identity: ClassVar[str] = (
        "differences of sum(x (4096 b + 256 c + 16 a + d)), sum(x (4096 b + 256 c + d)), "
        "sum(x (256 c + d)) and sum(x d) are 16 sum(x a), 4096 sum(x b), 256 sum(x c), x int8; "
        "a, c, d 8 too large"
    )

    form: Fours
    rows: Array

    @property
    def how(self) -> str:
        return f"by bounds of the sums of {len(self.rows)} rows"

    def holds(self) -> bool:
        return self.form.holds() and bool(np.array_equal(self.form.rows, self.rows))

    def facts(self) -> dict[str, Any]:
        return {
            "shape": list(self.rows.shape),
            "shared": _packed(self.form.rows),
            "bias": self.form.bias.tolist(),
            "rows": _packed(self.rows),
        }

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> SharedNibbles:
        shape = facts["shape"]
        rows = _unpacked(facts["rows"]).astype(np.int8).reshape(shape)
        shared = _unpacked(facts["shared"]).astype(np.int64).reshape(shape)
        return SharedNibbles(Fours(shared, np.array(facts["bias"], np.int64)), rows)


@dataclass(frozen=True, eq=False)
class TwoProducts:
    """Two products of 32 bits in place of the reference's two roundings, clamp included.

    form:               what kernels compute (`prove.Staircase`)
    multiplier .. most: as of `OneMultiply`
    """

    kind: ClassVar[str] = "two products"
    identity: ClassVar[str] = "prove.Staircase = round(round(x q / 2^31) 2^shift) + z, clamped"

    form: Staircase
    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    zero_point: int
    low: int
    high: int
    least: NDArray[np.int64]
    most: NDArray[np.int64]

    @property
    def how(self) -> str:
        return f"on both sides of every step of {len(self.shift)} channels, within bounds"

    def holds(self) -> bool:
        return self.form.holds(self.reference, self.least, self.most)

    def reference(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """The op's own results of sums (C, n)."""
        found: NDArray[np.int64] = requantize(x, self.multiplier[:, None], self.shift[:, None])
        return np.clip(found + self.zero_point, self.low, self.high)

    def facts(self) -> dict[str, Any]:
        return {**_lists(self), "form": _lists(self.form)}

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> TwoProducts:
        return TwoProducts(**{**_arrays(facts), "form": Staircase(**_arrays(facts["form"]))})


# --- channels that are not computed


@dataclass(frozen=True, eq=False)
class DeadChannels:
    """Input channels that a node of products does without.

    A channel goes if all weights on it are 0 in the rows that stay, or if it always holds one
    integer: then its part is in the bias. Where windows reach over the border, only the zero
    point counts as held, since padding holds that too.

    Shapes: K rows that stay, T taps, C channels that went.
    weights:        (K, T, C), on the channels that went
    least, most:    (C,), ends of what the channels can hold (graph/ranges.py)
    zero_point:     of the input
    is_padded:      some window reaches over the border
    bias, folded:   (K,), before and after
    """

    kind: ClassVar[str] = "dead channels"
    identity: ClassVar[str] = "sum over all channels + bias = sum over those that stay + folded"

    weights: NDArray[np.int64]
    least: NDArray[np.int64]
    most: NDArray[np.int64]
    zero_point: int
    is_padded: bool
    bias: NDArray[np.int64]
    folded: NDArray[np.int64]

    @property
    def how(self) -> str:
        return f"by bounds of {len(self.least)} channels, for {len(self.bias)} that read them"

    def holds(self) -> bool:
        held = self.least - self.zero_point
        is_constant = self.least == self.most
        if self.is_padded:
            is_constant = is_constant & (held == 0)
        is_unread = ~self.weights.any(axis=(0, 1))
        if not (is_constant | is_unread).all():
            return False
        part = self.weights.sum(axis=1) @ np.where(is_constant, held, 0)
        in_range = _in_32_bits(self.folded, self.folded)
        return in_range and bool(np.array_equal(self.folded, self.bias + part))

    def facts(self) -> dict[str, Any]:
        return {**_lists(self), "weights": _packed(self.weights)}

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> DeadChannels:
        found = _arrays(facts)
        shape = (len(found["bias"]), -1, len(found["least"]))
        return DeadChannels(**{**found, "weights": _unpacked(facts["weights"]).reshape(shape)})


@dataclass(frozen=True, eq=False)
class ConstantChannels:
    """Output channels that always hold one integer, and are given it by their bias alone.

    What comes after a sum never falls, so a channel whose sums begin and end at one integer
    holds it always. All arrays are (C,), int64, of the channels that are settled.

    least, most:              ends of the sums with the bias before (graph/ranges.py)
    multiplier, shift:        before
    bias, factor, new_shift:  after; the weights are 0
    zero_point, low, high:    of the output
    """

    kind: ClassVar[str] = "constant channels"
    identity: ClassVar[str] = "rescaled(sum + bias) = rescaled(new bias), clamped"

    least: NDArray[np.int64]
    most: NDArray[np.int64]
    multiplier: NDArray[np.int64]
    shift: NDArray[np.int64]
    bias: NDArray[np.int64]
    factor: NDArray[np.int64]
    new_shift: NDArray[np.int64]
    zero_point: int
    low: int
    high: int

    @property
    def how(self) -> str:
        return f"at both ends of the sums of {len(self.bias)} channels"

    def holds(self) -> bool:
        if not _in_32_bits(self.least, self.most) or not (self.multiplier >= 0).all():
            return False
        held = self._result(self.bias, self.factor, self.new_shift)
        ends = (self._result(end, self.multiplier, self.shift) for end in (self.least, self.most))
        return all(np.array_equal(held, end) for end in ends)

    def _result(
        self, sums: NDArray[np.int64], multiplier: NDArray[np.int64], shift: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        found: NDArray[np.int64] = requantize(sums, multiplier, shift) + self.zero_point
        return np.clip(found, self.low, self.high)

    def facts(self) -> dict[str, Any]:
        return _lists(self)

    @staticmethod
    def of_facts(facts: Mapping[str, Any]) -> ConstantChannels:
        return ConstantChannels(**_arrays(facts))


# --- of a package


KINDS: tuple[type[Any], ...] = (
    *(LinearSum, Division, Table, FoldedBias, OneMultiply, TwoProducts),
    *(SharedWords, SharedOutputs, SharedHalfwords, SharedNibbles, DeadChannels, ConstantChannels),
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A proof with the node that it is about, and who takes the shortcut: a kernel or a pass."""

    node: str
    by: str
    proof: Proof

    def as_json(self) -> dict[str, Any]:
        proof = self.proof
        return {
            "node": self.node,
            "by": self.by,
            "kind": proof.kind,
            "identity": proof.identity,
            "checked": proof.how,
            "facts": proof.facts(),
        }


def read_shown(value: Any, where: str) -> list[Shown]:
    """The proofs of a `proofs.json`. Raises DataError for anything else."""
    kinds = {kind.kind: kind for kind in KINDS}
    try:
        return [
            Shown(one["node"], one["by"], kinds[one["kind"]].of_facts(one["facts"]))
            for one in value["proofs"]
        ]
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise DataError(f"{where}: is no list of proofs: {error!r}") from None
