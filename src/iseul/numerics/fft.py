# SPDX-License-Identifier: Apache-2.0
"""Fourier transforms in fixed point: KISS FFT's integers, bit for bit.

A transform of n complex values is cut into stages by the factors of n, 4 first; 2, 3 and 5 are
the other radices. A stage divides its values by its radix p as x * floor(most / p), multiplies by
roots of unity in Q0.15 (Q0.31 for 32 bits), rounding half up, and adds; every sum wraps round
like the integer it is stored in.
Real signals of even length 2 n are transformed as n complex values and then taken apart.

Source of the meaning: Mark Borgerding's KISS FFT 1.3.1 (kiss_fft.c, tools/kiss_fftr.c and
_kiss_fft_guts.h, FIXED_POINT 16 and 32), which TensorFlow Lite Micro's signal library calls.
The texts here are our own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64 = NDArray[np.int64]
    Pair = tuple[Int64, Int64]  # real and imaginary parts

Bits = Literal[16, 32]


@dataclass(frozen=True, eq=False)
class Plan:
    """How n complex values are transformed.

    radices:     of the stages, in the order in which they are computed
    places:      where value i stands before the first stage, (n,)
    twiddles:    roots of unity exp(-+ 2 pi i k / n), (n, 2)
    real_roots:  those that take a transform of n complex values apart, (n // 2, 2)
    """

    n: int
    inverse: bool
    radices: tuple[int, ...]
    places: Int64
    twiddles: Int64
    real_roots: Int64


def factors(n: int) -> tuple[int, ...]:
    """Factors of n, 4 first, then 2, 3, 5, 7 ...; a plan wants none above 5."""
    found, p = [], 4
    while n > 1:
        while n % p:
            p = {4: 2, 2: 3}.get(p, p + 2)
            if p * p > n:
                p = n
        n //= p
        found.append(p)
    return tuple(found)


@cache
def plan(n: int, bits: Bits, inverse: bool = False) -> Plan:
    """The plan of n complex values."""
    radices = factors(n)
    places, spacing, width = np.zeros(1, np.int64), 1, n
    inputs = np.zeros(1, np.int64)
    for p in radices:
        width //= p
        places = (places[:, None] + width * np.arange(p)).ravel()
        inputs = (inputs[:, None] + spacing * np.arange(p)).ravel()
        spacing *= p
    placed = np.empty(n, np.int64)
    placed[inputs] = places
    sign = 1.0 if inverse else -1.0
    twiddles = [_root(sign * 2 * math.pi * i / n, bits) for i in range(n)]
    roots = [_root(sign * math.pi * ((i + 1) / n + 0.5), bits) for i in range(n // 2)]
    shape = (-1, 2)
    return Plan(
        n,
        inverse,
        radices[::-1],
        placed,
        np.array(twiddles, np.int64).reshape(shape),
        np.array(roots, np.int64).reshape(shape),
    )


def _root(phase: float, bits: Bits) -> tuple[int, int]:
    most = 2 ** (bits - 1) - 1
    return math.floor(0.5 + most * math.cos(phase)), math.floor(0.5 + most * math.sin(phase))


def real_transform(x: Int64, bits: Bits) -> Int64:
    """Spectrum of real signals. x: (..., length), even; returns (..., length + 2), re and im."""
    how = plan(x.shape[-1] // 2, bits)
    n, a = how.n, Arithmetic(bits)
    re, im = transform((x[..., 0::2], x[..., 1::2]), how, bits)
    out = np.zeros((*x.shape[:-1], n + 1, 2), np.int64)
    first = a.divided((re[..., 0], im[..., 0]), 2)
    out[..., 0, 0], out[..., n, 0] = a.wrap(first[0] + first[1]), a.wrap(first[0] - first[1])
    k = np.arange(1, n // 2 + 1)
    near = a.divided((re[..., k], im[..., k]), 2)
    far = a.divided((re[..., n - k], a.wrap(-im[..., n - k])), 2)
    total, rest = a.added(near, far), a.subtracted(near, far)
    turned = a.multiplied(rest, how.real_roots)
    for i, sign in ((k, 1), (n - k, -1)):  # for k = n / 2 the second one counts
        out[..., i, 0] = a.half(total[0] + sign * turned[0])
        out[..., i, 1] = a.half(turned[1] + sign * total[1])
    return out.reshape(*x.shape[:-1], 2 * n + 2)


def real_inverse(x: Int64, bits: Bits) -> Int64:
    """Real signals of spectra. x: (..., length + 2), re and im; returns (..., length)."""
    n, a = x.shape[-1] // 2 - 1, Arithmetic(bits)
    how = plan(n, bits, inverse=True)
    re, im = x[..., 0::2], x[..., 1::2]
    work = np.zeros((2, *x.shape[:-1], n), np.int64)
    ends = a.wrap(re[..., 0] + re[..., n]), a.wrap(re[..., 0] - re[..., n])
    work[0, ..., 0], work[1, ..., 0] = a.divided(ends, 2)
    k = np.arange(1, n // 2 + 1)
    near = a.divided((re[..., k], im[..., k]), 2)
    far = a.divided((re[..., n - k], a.wrap(-im[..., n - k])), 2)
    even = a.added(near, far)
    odd = a.multiplied(a.subtracted(near, far), how.real_roots)
    work[0][..., k], work[1][..., k] = a.added(even, odd)
    last = a.subtracted(even, odd)  # for k = n / 2 these count
    work[0][..., n - k], work[1][..., n - k] = last[0], a.wrap(-last[1])
    signal = transform((work[0], work[1]), how, bits)
    return np.stack(signal, axis=-1).reshape(*x.shape[:-1], 2 * n)


def transform(x: Pair, how: Plan, bits: Bits) -> Pair:
    """Transform of complex values, each part (..., n)."""
    a = Arithmetic(bits)
    parts = []
    for part in x:
        ordered = np.empty_like(part)
        ordered[..., how.places] = part
        parts.append(ordered)
    width = 1
    for p in how.radices:
        step = how.n // (p * width)
        shape = (*x[0].shape[:-1], step, p, width)
        blocks = a.divided((parts[0].reshape(shape), parts[1].reshape(shape)), p)
        made = a.butterfly(blocks, how, step)
        parts = [part.reshape(x[0].shape) for part in made]
        width *= p
    return parts[0], parts[1]


class Arithmetic:
    """Complex arithmetic in 16 or 32 bits: products round half up, sums wrap round."""

    def __init__(self, bits: Bits) -> None:
        self.bits = bits

    def wrap(self, x: Int64) -> Int64:
        """x as the integer that it is stored in."""
        half = 1 << (self.bits - 1)
        return ((x + half) & (2 * half - 1)) - half

    def rounded(self, product: Int64) -> Int64:
        """A product of two fractions as a fraction."""
        fraction = self.bits - 1
        return self.wrap((product + (1 << (fraction - 1))) >> fraction)

    def half(self, total: Int64) -> Int64:
        """Half of a sum, rounded down; the sum has 32 bits."""
        return Arithmetic(32).wrap(total) >> 1

    def divided(self, x: Pair, k: int) -> Pair:
        """x over a small whole number, as a product with floor(most / k)."""
        share = (2 ** (self.bits - 1) - 1) // k
        return self.rounded(x[0] * share), self.rounded(x[1] * share)

    def added(self, x: Pair, y: Pair) -> Pair:
        return self.wrap(x[0] + y[0]), self.wrap(x[1] + y[1])

    def subtracted(self, x: Pair, y: Pair) -> Pair:
        return self.wrap(x[0] - y[0]), self.wrap(x[1] - y[1])

    def multiplied(self, x: Pair, w: Int64) -> Pair:
        """Products with constants w, (..., 2)."""
        re, im = w[..., 0], w[..., 1]
        return (
            self.rounded(x[0] * re - x[1] * im),
            self.rounded(x[0] * im + x[1] * re),
        )

    def turned(self, x: Pair, sign: int) -> Pair:
        """x times -i (sign 1) or i (sign -1)."""
        return self.wrap(sign * x[1]), self.wrap(-sign * x[0])

    def butterfly(self, x: Pair, how: Plan, step: int) -> Pair:
        """One stage. x: each part (..., step, p, width), already divided by p."""
        p, width = x[0].shape[-2:]
        index = step * np.arange(p)[:, None] * np.arange(width) % how.n
        y = self.multiplied(x, how.twiddles[index])
        lanes = [(x[0][..., 0, :], x[1][..., 0, :])]
        lanes += [(y[0][..., q, :], y[1][..., q, :]) for q in range(1, p)]
        if p == 2:
            made = [self.added(*lanes), self.subtracted(*lanes)]
        elif p == 3:
            made = self._three(lanes, int(how.twiddles[step * width, 1]))
        elif p == 4:
            made = self._four(lanes, how.inverse)
        else:
            made = self._five(lanes, how.twiddles[[step * width, 2 * step * width]])
        re, im = (np.stack([lane[part] for lane in made], axis=-2) for part in (0, 1))
        return re, im

    def _four(self, x: list[Pair], inverse: bool) -> list[Pair]:
        low, high = self.subtracted(x[0], x[2]), self.added(x[0], x[2])
        total, rest = self.added(x[1], x[3]), self.subtracted(x[1], x[3])
        turned = self.turned(rest, -1 if inverse else 1)
        return [
            self.added(high, total),
            self.added(low, turned),
            self.subtracted(high, total),
            self.subtracted(low, turned),
        ]

    def _three(self, x: list[Pair], root: int) -> list[Pair]:
        total, rest = self.added(x[1], x[2]), self.subtracted(x[1], x[2])
        middle = self.wrap(x[0][0] - (total[0] >> 1)), self.wrap(x[0][1] - (total[1] >> 1))
        scaled = self.rounded(rest[0] * root), self.rounded(rest[1] * root)
        turned = self.turned(scaled, 1)
        return [
            self.added(x[0], total),
            self.subtracted(middle, turned),
            self.added(middle, turned),
        ]

    def _five(self, x: list[Pair], roots: Int64) -> list[Pair]:
        (ya_re, ya_im), (yb_re, yb_im) = roots.tolist()
        s = self.rounded
        outer, outer_rest = self.added(x[1], x[4]), self.subtracted(x[1], x[4])
        inner, inner_rest = self.added(x[2], x[3]), self.subtracted(x[2], x[3])
        first = [self.wrap(x[0][i] + outer[i] + inner[i]) for i in (0, 1)]
        near = [self.wrap(x[0][i] + s(outer[i] * ya_re) + s(inner[i] * yb_re)) for i in (0, 1)]
        far = [self.wrap(x[0][i] + s(outer[i] * yb_re) + s(inner[i] * ya_re)) for i in (0, 1)]
        near_turn = (
            self.wrap(s(outer_rest[1] * ya_im) + s(inner_rest[1] * yb_im)),
            self.wrap(-s(outer_rest[0] * ya_im) - s(inner_rest[0] * yb_im)),
        )
        far_turn = (
            self.wrap(-s(outer_rest[1] * yb_im) + s(inner_rest[1] * ya_im)),
            self.wrap(s(outer_rest[0] * yb_im) - s(inner_rest[0] * ya_im)),
        )
        one, two = (near[0], near[1]), (far[0], far[1])
        return [
            (first[0], first[1]),
            self.subtracted(one, near_turn),
            self.added(two, far_turn),
            self.subtracted(two, far_turn),
            self.added(one, near_turn),
        ]
