# SPDX-License-Identifier: Apache-2.0
"""Shorter integer formulas that are shown to equal an op's own meaning before they are used.

A proof is an object that states the formula and can be checked again: `holds` goes through all
values that the operands can have. Without a proof kernels keep to the reference's own steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from iseul.numerics import Array

_INT8 = np.arange(-128, 128, dtype=np.int64)
_INT32 = 1 << 31
_SHIFTS = range(23, 11, -1)  # the finer, the likelier
_NEAR = sorted(range(-3, 4), key=abs)  # changes of a rounded factor that are tried


@dataclass(frozen=True)
class Linear:
    """clamp((a x + b y + constant) >> shift, low, high) for int8 x and y, in 32 bits."""

    a: int
    b: int
    constant: int
    shift: int
    low: int
    high: int

    def results(self) -> NDArray[np.int64]:
        """Of all pairs, (256, 256): x, then y from -128 on."""
        sums = self.a * _INT8[:, None] + self.b * _INT8 + self.constant
        return np.clip(sums >> self.shift, self.low, self.high)

    def holds(self, wanted: NDArray[np.int64]) -> bool:
        """Whether all 65,536 results are those wanted, and no sum leaves 32 bits."""
        largest = 128 * (abs(self.a) + abs(self.b)) + abs(self.constant)
        return largest < _INT32 and bool(np.array_equal(self.results(), wanted))


def linear(wanted: NDArray[np.int64], a: float, b: float, low: int, high: int) -> Linear | None:
    """A linear form of a table, or None if the search finds none.

    wanted: (256, 256), clamped to low .. high
    a, b:   the real factors of x and y
    """
    free_below, free_above = wanted == low, wanted == high
    for shift in _SHIFTS:
        unit = 1 << shift
        if (abs(a) + abs(b)) * 128 * unit >= _INT32 * 0.75:
            continue
        for near_a in _NEAR:
            for near_b in _NEAR:
                factors = round(a * unit) + near_a, round(b * unit) + near_b
                sums = factors[0] * _INT8[:, None] + factors[1] * _INT8
                # wanted * unit <= sums + constant < (wanted + 1) * unit where nothing is clamped
                rest = wanted * unit - sums
                least = int(np.where(free_below, -_INT32, rest).max())
                most = int(np.where(free_above, _INT32, rest + unit - 1).min())
                if least > most:
                    continue
                found = Linear(*factors, (least + most) // 2, shift, low, high)
                if found.holds(wanted):
                    return found
    return None


# --- two rows of weights in one word


GROUP = 4  # products that are summed before a word is taken apart


@dataclass(frozen=True, eq=False)
class Paired:
    """Rows of int8 weights, two to a word: low + (high << 16), and what did not fit.

    words:   (pairs of rows, k) int32; k is a multiple of GROUP
    singles: of each row, (index, weight) of products that are added one by one
    """

    words: NDArray[np.int64]
    singles: tuple[tuple[tuple[int, int], ...], ...]

    def rows(self) -> NDArray[np.int64]:
        """The weights that words hold, (rows, k)."""
        low = ((self.words + (1 << 15)) & 0xFFFF) - (1 << 15)
        return np.stack([low, (self.words - low) >> 16], axis=1).reshape(-1, self.words.shape[1])

    def holds(self, wanted: Array) -> bool:
        """Whether these are the rows wanted (n, k), and for int8 factors no sum of a group leaves
        16 bits: then the halves of a group's sum in 32 bits are the sums of both rows.
        """
        rows = self.rows()
        if not _fit_in_half(rows).all():
            return False
        full = rows.copy()
        for row, singles in zip(full, self.singles, strict=True):
            for index, weight in singles:
                row[index] += weight
        n, k = wanted.shape
        return bool(np.array_equal(full[:n, :k], wanted)) and not full[n:].any() | full[:, k:].any()


def _fit_in_half(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of each row's groups: whether sums of products with -128 .. 127 fit into 16 bits."""
    return fit_in_half(rows.reshape(len(rows), -1, GROUP))


def fit_in_half(groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of groups of weights along the last axis: whether sums of products with -128 .. 127 fit
    into 16 bits.
    """
    above, below = np.maximum(groups, 0).sum(-1), np.maximum(-groups, 0).sum(-1)
    return (127 * above + 128 * below < 1 << 15) & (128 * above + 127 * below <= 1 << 15)


def paired(rows: Array, n_together: int) -> Paired:
    """Rows (n, k) of int8 weights in pairs; n and k are filled up with zeros.

    n_together: rows come in a multiple of it, an even number
    """
    n, k = rows.shape
    full = np.zeros((-(-n // n_together) * n_together, -(-k // GROUP) * GROUP), np.int64)
    full[:n, :k] = rows
    singles: list[list[tuple[int, int]]] = [[] for _ in full]
    while len(beyond := np.argwhere(~_fit_in_half(full))):
        for row, group in beyond:
            part = full[row, group * GROUP : (group + 1) * GROUP]
            largest = int(np.abs(part).argmax())
            excess = min(int(np.abs(part).sum()) - 255, abs(int(part[largest])))
            weight = max(excess, 1) * int(np.sign(part[largest]))
            part[largest] -= weight
            singles[row].append((int(group) * GROUP + largest, weight))
    low, high = full[0::2], full[1::2]
    return Paired(low + (high << 16), tuple(map(tuple, singles)))


# --- two outputs in one word


def groups_of_windows(weights: NDArray[np.int64], together: bool) -> NDArray[np.int64]:
    """Weights whose products are summed before a word is taken apart, in every order in which
    `iseul_pairs.h` goes through windows: (C, orders, groups, weights of a group), filled up with
    zeros.

    weights:  (C, along, across), column by column
    together: of windows of 3x3 the three of a column, of others four that follow each other;
              else two of these, and what is left
    """
    n, along, across = weights.shape
    orders = np.stack([np.roll(weights, turn, axis=2) for turn in range(across)], axis=1)
    if (along, across) == (3, 3):
        if together:
            return orders
        alone = np.concatenate([orders[..., 2:], np.zeros_like(orders[..., 2:])], axis=3)
        return np.concatenate([orders[..., :2], alone], axis=2)
    flat = orders.reshape(n, across, along * across)
    full = np.pad(flat, ((0, 0), (0, 0), (0, -flat.shape[2] % GROUP)))
    return full.reshape(n, across, -1, GROUP if together else 2)


def may_share(weights: NDArray[np.int64], together: bool) -> NDArray[np.bool_]:
    """Of each channel of weights (C, along, across), whether the sums of two outputs may share
    words: no sum of a group leaves 16 bits for int8 factors.
    """
    fits = fit_in_half(groups_of_windows(weights, together))
    return np.asarray(fits.all(axis=(1, 2)), np.bool_)


# --- the way from sums to int8 as two products of 32 bits


DIGIT = 13  # bits of the lower digit of a factor
RISE = 24  # bits behind the point of a result, with the upper digit alone
_WIDTH_BITS = 32 - DIGIT  # kept beside a lower digit in one word
_NEAR_FACTORS = sorted(range(-200, 201), key=abs)


@dataclass(frozen=True, eq=False)
class Staircase:
    """int8 results of sums, per channel: arrays of int64 (n,), and for y = sum - start

        ((y lower >> 13) + y upper + constant - dip >> 24) modulo 2^8

    with factor = upper 2^13 + lower and a dip for sums below 0 alone if it `dips`. y is at most
    width; for y < 0 the result is constant >> 24.
    """

    start: NDArray[np.int64]
    width: NDArray[np.int64]
    factor: NDArray[np.int64]
    constant: NDArray[np.int64]
    dip: NDArray[np.int64]
    dips: bool

    @property
    def digits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lower, upper."""
        return self.factor & ((1 << DIGIT) - 1), self.factor >> DIGIT

    def _risen(self, y: NDArray[np.int64]) -> NDArray[np.int64]:
        """t of y (n, m), before any dip."""
        lower, upper = (digit[:, None] for digit in self.digits)
        return (y * lower >> DIGIT) + y * upper + self.constant[:, None]

    def results(self, sums: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of sums (n, m)."""
        start = self.start[:, None]
        y = np.minimum(sums - start, self.width[:, None])
        t = self._risen(y)
        if self.dips:
            t = t - np.where(y < -start, self.dip[:, None], 0)
        found = np.where(y < 0, self.constant[:, None], t) >> RISE
        return ((found + 128) & 0xFF) - 128

    def holds(
        self,
        wanted: Callable[[NDArray[np.int64]], NDArray[np.int64]],
        least: NDArray[np.int64],
        most: NDArray[np.int64],
    ) -> bool:
        """Whether this is `wanted` for all sums from least to most (n,), nothing is lost before
        a shift and every number has its place in words. Both never fall where sums rise, so it
        is enough to look at both sides of every step.
        """
        lower, upper = self.digits
        if ((self.width < 0) | (self.width >> _WIDTH_BITS > 0) | (upper >> 31 > 0)).any():
            return False
        if ((self.constant < 0) | (self.constant >> 32 > 0) | (self.factor < 0)).any():
            return False
        if (self.width * lower >> 32).any() or ((self.dip < 0) | (self.dip >> 31 > 0)).any():
            return False
        if (np.maximum(np.abs(least), np.abs(most)) >= 1 << 30).any():
            return False
        if (np.abs(self.start) >= 1 << 30).any():
            return False
        top = self._risen(self.width[:, None])[:, 0] >> RISE
        if (top - (self.constant >> RISE) > 255).any():  # else it might go round between steps
            return False
        steps = first_sums(wanted, least, most)
        ends = np.stack([least, most, self.start - 1, self.start, 0 * least, 0 * least - 1], 1)
        sums = np.concatenate([steps, steps - 1, ends], axis=1)
        sums = np.clip(sums, least[:, None], most[:, None])
        return bool(np.array_equal(self.results(sums), wanted(sums)))


def first_sums(
    wanted: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    least: NDArray[np.int64],
    most: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Of each channel, for every result from -127 to 127 the first sum from least to most that
    reaches it, (n, 255); most + 1 where none does.
    """
    low = np.broadcast_to(least[:, None], (len(least), 255)).copy()
    high = np.broadcast_to(most[:, None] + 1, low.shape).copy()
    for _ in range(int((most - least + 1).max(initial=1)).bit_length() + 1):
        middle = np.minimum((low + high) >> 1, most[:, None])
        reaches = wanted(middle) >= _INT8[1:]
        is_open = low < high
        high = np.where(is_open & reaches, middle, high)
        low = np.where(is_open & ~reaches, middle + 1, low)
    return high


def staircase(
    wanted: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    least: NDArray[np.int64],
    most: NDArray[np.int64],
    scale: NDArray[np.float64],
    dips: bool,
) -> Staircase | None:
    """A staircase that is `wanted` for all sums from least to most, or None if the search finds
    none.

    wanted: int8 results of sums (n, m) of n channels; they never fall where sums rise
    scale:  what a sum adds to a result, about (n,)
    """
    steps = first_sums(wanted, least, most)
    base = wanted(least[:, None])[:, 0]
    number = _INT8[1:] - base[:, None]
    is_step = (number > 0) & (steps <= most[:, None])
    has_steps = is_step.any(1)
    first = np.where(is_step, steps, most[:, None]).min(1)
    last = np.where(is_step, steps, least[:, None]).max(1)
    fraction, exponent = np.frexp(np.where(has_steps, scale, 0.5))
    bits = DIGIT + RISE + exponent.astype(np.int64)
    if (bits < DIGIT).any():
        return None
    unit = 1 << (DIGIT + RISE)
    # the reference rounds twice, first to the next multiple of this, then halves away from 0
    dip = np.where(dips & has_steps, 1 << np.maximum(RISE + exponent.astype(np.int64), 0), 0)
    start, factor = first.copy(), np.zeros_like(first)
    constant = (base & 0xFF) << RISE
    is_open = np.array(has_steps, np.bool_)
    rounded = np.rint(fraction * np.exp2(bits.astype(np.float64))).astype(np.int64)
    for change in _NEAR_FACTORS:
        at = np.flatnonzero(is_open)
        if not len(at):
            break
        trial = rounded[at] + change
        origin = first[at] - unit // trial
        lowest, highest = _room(
            number[at] * unit, steps[at], trial, origin, is_step[at], dip[at, None] << DIGIT
        )
        more = highest >> DIGIT
        fits = (more << DIGIT >= np.maximum(lowest, 0)) & (more < 1 << RISE)
        found = at[fits]
        start[found], factor[found] = origin[fits], trial[fits]
        constant[found] += more[fits]
        is_open[found] = False
    width = np.where(has_steps, last - start, 0)
    made = Staircase(start, width, factor, constant, dip, dips)
    return made if not is_open.any() and made.holds(wanted, least, most) else None


def _room(
    heights: NDArray[np.int64],
    steps: NDArray[np.int64],
    factor: NDArray[np.int64],
    origin: NDArray[np.int64],
    is_step: NDArray[np.bool_],
    dip: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the largest constant with which no step comes too late or too early."""
    below = np.where(steps < 0, dip, 0), np.where(steps - 1 < 0, dip, 0)
    on_step = heights + below[0] - (steps - origin[:, None]) * factor[:, None]
    before = heights - 1 + below[1] - (steps - 1 - origin[:, None]) * factor[:, None]
    far = 1 << 60
    return (
        np.where(is_step, on_step, -far).max(1),
        np.where(is_step, before, far).min(1),
    )


# --- two rows of weights in one halfword


@dataclass(frozen=True, eq=False)
class Halfwords:
    """Two channels of weights in one halfword each: h = 256 b + a.

    For int8 x let p = sum x h and q = sum x a. Then sum x b = (p - q) / 256 without a rest, also
    where sums wrap around at 2^32, as long as 256 |sum x b| stays below 2^31. bias: of b, where it
    is in p before.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    bias: NDArray[np.int64] | int = 0

    @property
    def shared(self) -> NDArray[np.int64]:
        """Of all pairs of weights."""
        return 256 * self.b + self.a

    def holds(self) -> bool:
        """Whether halfwords have 16 bits and give both rows back, and sums stay."""
        h = self.shared
        fit = bool(np.all((h >= -(1 << 15)) & (h < 1 << 15)))
        low = ((h + 128) % 256) - 128
        sums = 128 * np.abs(self.b).sum(axis=-1) + np.abs(self.bias)
        largest = 256 * int(sums.max(initial=0))
        apart = np.array_equal(low, self.a) and np.array_equal((h - low) >> 8, self.b)
        return fit and bool(apart) and largest < _INT32


def in_halfwords(
    a: NDArray[np.int64], b: NDArray[np.int64], bias: NDArray[np.int64] | int = 0
) -> Halfwords | None:
    """Rows of weights (n, k) that may share halfwords, or None where it would not be exact.

    bias: of b, (n,), if p begins with it
    """
    found = Halfwords(a, b, bias)
    return found if found.holds() else None


# --- four rows of weights in one halfword


@dataclass(frozen=True, eq=False)
class Fours:
    """Four channels of int4 weights in one halfword each: h = 4096 b + 256 c + 16 a + d, where a, c
    and d are 8 more than the weights.

    For int8 x let s0 .. s3 be the sums of x h, x (4096 b + 256 c + d), x (256 c + d) and x d, each
    from what the biases make of it, modulo 2^32. Then s0 - s1 is 16 times a's sum, s1 - s2 is 4096
    times b's and s2 - s3 is 256 times c's, as long as they stay in 32 bits. Each of these parts of
    h is a mask of the one before. From the sums of a, c and d 8 times the sum of x is taken off.
    Kernels take twice or 16 times all four.

    rows: (n, k), n a multiple of 4; bias: (n,)
    """

    rows: NDArray[np.int64]
    bias: NDArray[np.int64]

    @property
    def shared(self) -> NDArray[np.int64]:
        """The halfwords, (n / 4, k)."""
        a, b, c, d = (self.rows[i::4] for i in range(4))
        return 4096 * b + 256 * (c + 8) + 16 * (a + 8) + d + 8

    @property
    def starts(self) -> NDArray[np.int64]:
        """What s0 .. s3 start with, (n / 4, 4), before they wrap."""
        a, b, c, d = (self.bias[i::4] for i in range(4))
        chain = (4096 * b + 256 * c + 16 * a + d, 4096 * b + 256 * c + d, 256 * c + d, d)
        return np.stack(chain, axis=1)

    def holds(self) -> bool:
        """Whether halfwords have 16 bits and give all rows back, and sums stay."""
        h = self.shared
        parts = ((h >> 4 & 15) - 8, h >> 12, (h >> 8 & 15) - 8, (h & 15) - 8)
        apart = all(np.array_equal(part, self.rows[i::4]) for i, part in enumerate(parts))
        fit = bool(np.all((h >= -(1 << 15)) & (h < 1 << 15)))
        more = np.tile([8, 0, 8, 8], len(self.rows) // 4)[:, None]
        widest = np.maximum(np.abs(self.rows), np.abs(self.rows + more))
        sums = 128 * widest.sum(axis=1) + np.abs(self.bias)
        times = np.tile([16, 4096, 256, 16], len(sums) // 4)
        largest = int((times * sums).max(initial=0))
        return fit and apart and largest < _INT32
