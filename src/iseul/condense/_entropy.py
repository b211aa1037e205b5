# SPDX-License-Identifier: Apache-2.0
"""Arithmetic coding of stored samples: the same codes in fewer bytes, each sample by itself.

A code is told bit by bit, high bits first; the chance of each bit is looked up by the bits before
it and by the codes of a few neighbours (context modelling as in JBIG, ITU-T T.82). Chances are
counted on the set itself and stored with it, so a sample decodes alone, in any order, with no
memory but its own codes: what a chip needs that learns from samples by lot. The coder keeps an
interval of 32 bits and gives out the leading byte where both ends agree (Rissanen, Langdon: IBM
Journal, 1979; carry-free as in Mahoney's lpaq); it needs one 32-bit product a bit, no division.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_NEIGHBOURS = 6
MOST_CHANCES = 1 << 16  # bytes of a table
MOST_DECISIONS = 1 << 19  # bits of one sample: all samples go at once, 30 us a bit
MOST_CODES = 1 << 28  # of all samples together
PER_BYTE = 1500  # no byte holds more decisions: log(256) / log(256 / 255) = 1,417, and rounding
_TOP = 0xFFFFFFFF
# (rows, columns, planes) back from a code, the most telling first
_NEIGHBOURS = ((0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0), (1, -1, 0), (0, 2, 0), (2, 0, 0))


@dataclass(frozen=True)
class Model:
    """How likely bits are.

    neighbours: how many neighbours' codes choose a row of chances
    chances:    (2^(bits * neighbours), 2^bits - 1) uint8, 1 to 255: the chance of a 0 in 256ths,
                by the bits of the code that are known, as in a heap
    """

    neighbours: int
    chances: NDArray[np.uint8]


def neighbours_of(planes: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """(rows, columns, planes) back of the neighbours that samples of (H, W, planes) codes have."""
    far = [(dy < planes[0], abs(dx) < planes[1], dp < planes[2]) for dy, dx, dp in _NEIGHBOURS]
    found = [each for each, inside in zip(_NEIGHBOURS, far, strict=True) if all(inside)]
    return found[:MOST_NEIGHBOURS]


def can_hold(lengths: NDArray[np.int64], n_decisions: int) -> bool:
    """Whether `encode` may have made samples of so many bytes from so many bits each: bounds what
    a small file can make a reader do."""
    return bool((PER_BYTE * (lengths + 5) >= n_decisions).all())


def n_chances(bits: int, neighbours: int) -> int:
    """Bytes of a model's table."""
    return ((1 << bits) - 1) << (bits * neighbours)


def fit(codes: NDArray[np.uint8], bits: int) -> Model:
    """The model with which samples and table are smallest.

    codes: (n, H, W, planes) below 2^bits
    """
    near = neighbours_of(codes.shape[1:])
    best: tuple[float, Model] | None = None
    for k, context in enumerate(_contexts(codes, near, bits)):
        if n_chances(bits, k) > MOST_CHANCES:
            break
        counts = _counts(codes, context, bits, k)
        total = counts.sum(-1)
        chance = np.clip(np.rint(256 * (counts[..., 0] + 0.4) / (total + 0.8)), 1, 255)
        cost = (counts * -np.log2(np.stack([chance, 256 - chance], -1) / 256)).sum() / 8
        size = cost + chance.size
        if best is None or size < best[0]:
            best = size, Model(k, chance.astype(np.uint8))
    assert best is not None
    return best[1]


def _contexts(
    codes: NDArray[np.uint8], near: list[tuple[int, int, int]], bits: int
) -> Iterator[NDArray[np.int64]]:
    """(n, H, W, planes) row of chances of every place, where all codes are known: by no
    neighbour, by the first, by the first two, ..."""
    found = np.zeros(codes.shape, np.int64)
    yield found
    for back in near:
        found = (found << bits) | _shifted(codes, back)
        yield found


def _shifted(codes: NDArray[np.uint8], back: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The code so many rows, columns and planes back of each; 0 beyond the edges."""
    dy, dx, dp = back
    _, height, width, planes = codes.shape
    padded = np.pad(codes, ((0, 0), (dy, 0), (max(dx, 0), max(-dx, 0)), (dp, 0)))
    first = 0 if dx >= 0 else -dx
    return padded[:, :height, first : first + width, :planes]


def _counts(
    codes: NDArray[np.uint8], context: NDArray[np.int64], bits: int, k: int
) -> NDArray[np.float64]:
    """(2^(bits k), 2^bits - 1, 2): how often each bit was 0 and 1 in each row and place."""
    n_rows, n_places = 1 << (bits * k), (1 << bits) - 1
    found = np.zeros(n_rows * n_places * 2)
    for level in range(bits):
        known = codes.astype(np.int64) >> (bits - level)
        place = (1 << level) - 1 + known
        bit = (codes >> (bits - 1 - level)) & 1
        index = (context * n_places + place) * 2 + bit
        found += np.bincount(index.ravel(), minlength=len(found))
    return found.reshape(n_rows, n_places, 2)


class _Interval:
    """Where what is left of each sample's bytes may lie: low .. high, 32 bits, both included."""

    def __init__(self, n: int) -> None:
        self.low, self.high = np.zeros(n, np.int64), np.full(n, _TOP, np.int64)

    def middle(self, chance: NDArray[np.int64]) -> NDArray[np.int64]:
        """The last value of a 0, which has `chance` 256ths; a 1 is what lies above."""
        return self.low + ((self.high - self.low) >> 8) * chance

    def narrow(self, bit: NDArray[np.int64], middle: NDArray[np.int64]) -> None:
        self.low = np.where(bit, middle + 1, self.low)
        self.high = np.where(bit, self.high, middle)

    def settled(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """(samples, their leading bytes) that are certain by now; those bytes are shifted out."""
        while len(rows := np.flatnonzero((self.low ^ self.high) >> 24 == 0)):
            low, high = self.low[rows], self.high[rows]
            self.low[rows], self.high[rows] = (low << 8) & _TOP, ((high << 8) & _TOP) | 255
            yield rows, low >> 24


def encode(codes: NDArray[np.uint8], bits: int, model: Model) -> list[bytes]:
    """(n, H, W, planes) codes below 2^bits to the bytes of each sample."""
    every, left = np.arange(len(codes)), _Interval(len(codes))
    owners, given = [], []
    near = neighbours_of(codes.shape[1:])[: model.neighbours]
    chances = model.chances.astype(np.int64)
    contexts = deque(_contexts(codes, near, bits), maxlen=1).pop()  # by all neighbours
    for place in np.ndindex(*codes.shape[1:]):
        at = (slice(None), *place)
        row, code, node = chances[contexts[at]], codes[at].astype(np.int64), np.zeros_like(every)
        for level in range(bits):
            bit = (code >> (bits - 1 - level)) & 1
            left.narrow(bit, left.middle(row[every, node]))
            node = 2 * node + 1 + bit
            for rows, leading in left.settled():
                owners.append(rows)
                given.append(leading.astype(np.uint8))
    made = _collected(len(codes), owners, given)
    ends = zip(left.low.tolist(), left.high.tolist(), strict=True)
    return [own + _ending(*end) for own, end in zip(made, ends, strict=True)]


def _collected(
    n: int, owners: list[NDArray[np.int64]], given: list[NDArray[np.uint8]]
) -> list[bytes]:
    """Bytes given out in turn, brought together by sample."""
    if not owners:
        return [b""] * n
    owner, data = np.concatenate(owners), np.concatenate(given)
    ordered = data[np.argsort(owner, kind="stable")].tobytes()
    ends = np.cumsum(np.bincount(owner, minlength=n)).tolist()
    return [ordered[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _ending(low: int, high: int) -> bytes:
    """The fewest bytes that, with zeros behind them, lie in low .. high."""
    for n in range(5):
        step = 1 << (32 - 8 * n)
        if (up := -(-low // step) * step) <= high:
            return up.to_bytes(4, "big")[:n]
    raise AssertionError(f"{low} > {high}")


def decode(
    data: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    shape: tuple[int, int, int],
    bits: int,
    model: Model,
) -> NDArray[np.uint8]:
    """The codes (n, H, W, planes) of samples that lie one behind the other.

    data:    their bytes; any bytes are the code of something
    lengths: (n,) bytes of each, their sum at most those of `data`
    """
    n = len(lengths)
    codes = np.zeros((n, *shape), np.uint8)
    if not n:
        return codes
    ends = np.cumsum(lengths)
    at = ends - lengths
    padded = np.append(data, np.uint8(0)).astype(np.int64)

    def taken(rows: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        """The next byte of some samples; zeros behind their last."""
        own = np.where(at[rows] < ends[rows], at[rows], len(data))
        at[rows] += 1
        return padded[own]

    left, value, every = _Interval(n), np.zeros(n, np.int64), np.arange(n)
    for _ in range(4):
        value = (value << 8) | taken(slice(None))
    near = neighbours_of(shape)[: model.neighbours]
    chances = model.chances.astype(np.int64)
    for place in np.ndindex(*shape):
        row, node = chances[_context(codes, place, near, bits)], np.zeros(n, np.int64)
        for _ in range(bits):
            middle = left.middle(row[every, node])
            bit = (value > middle).astype(np.int64)
            left.narrow(bit, middle)
            node = 2 * node + 1 + bit
            for rows, _leading in left.settled():
                value[rows] = ((value[rows] << 8) & _TOP) | taken(rows)
        codes[(slice(None), *place)] = node - ((1 << bits) - 1)
    return codes


def _context(
    codes: NDArray[np.uint8],
    place: tuple[int, int, int],
    near: list[tuple[int, int, int]],
    bits: int,
) -> NDArray[np.int64]:
    """(n,) row of chances of a place in every sample; of the codes those before it are known."""
    y, x, p = place
    context = np.zeros(len(codes), np.int64)
    for dy, dx, dp in near:
        context <<= bits
        if y >= dy and 0 <= x - dx < codes.shape[2] and p >= dp:
            context |= codes[:, y - dy, x - dx, p - dp]
    return context
