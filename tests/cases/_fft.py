# SPDX-License-Identifier: Apache-2.0
"""KISS FFT once more, recursive and value by value: what judges the spectra."""

from __future__ import annotations

import math
from collections.abc import Callable

Complex = tuple[int, int]


class Kiss:
    """KISS FFT's recursion in Python numbers, with 16 or 32 bits."""

    def __init__(self, n: int, bits: int, inverse: bool) -> None:
        self.n, self.bits, self.inverse = n, bits, inverse
        self.most = (1 << (bits - 1)) - 1
        sign = 1 if inverse else -1
        self.twiddles = [self._root(sign * 2 * math.pi * i / n) for i in range(n)]
        self.super = [self._root(sign * math.pi * ((i + 1) / n + 0.5)) for i in range(n // 2)]
        self.factors = []
        p, rest, root = 4, n, math.isqrt(n)
        while rest > 1:
            while rest % p:
                p = 2 if p == 4 else 3 if p == 2 else p + 2
                if p > root:
                    p = rest
            rest //= p
            self.factors.append((p, rest))

    def _root(self, phase: float) -> Complex:
        real, imaginary = math.cos(phase), math.sin(phase)
        return math.floor(0.5 + self.most * real), math.floor(0.5 + self.most * imaginary)

    def store(self, x: int) -> int:
        """What is left of a sum in its integer."""
        x &= (1 << self.bits) - 1
        return x - (1 << self.bits) if x >> (self.bits - 1) else x

    def sround(self, x: int) -> int:
        return self.store((x + (1 << (self.bits - 2))) >> (self.bits - 1))

    def mul(self, a: Complex, b: Complex) -> Complex:
        return self.sround(a[0] * b[0] - a[1] * b[1]), self.sround(a[0] * b[1] + a[1] * b[0])

    def div(self, a: Complex, k: int) -> Complex:
        return self.sround(a[0] * (self.most // k)), self.sround(a[1] * (self.most // k))

    def add(self, a: Complex, b: Complex) -> Complex:
        return self.store(a[0] + b[0]), self.store(a[1] + b[1])

    def sub(self, a: Complex, b: Complex) -> Complex:
        return self.store(a[0] - b[0]), self.store(a[1] - b[1])

    def run(self, x: list[Complex]) -> list[Complex]:
        return self._work(x, 1, 0)

    def _work(self, x: list[Complex], stride: int, level: int) -> list[Complex]:
        """x: every stride-th value counts."""
        p, m = self.factors[level]
        parts = [
            [x[q * stride]] if m == 1 else self._work(x[q * stride :], stride * p, level + 1)
            for q in range(p)
        ]
        out: list[list[Complex]] = [[] for _ in range(p)]
        butterfly: Callable[..., list[Complex]] = getattr(self, f"_butterfly{p}")
        for u in range(m):
            values = [self.div(part[u], p) for part in parts]
            turned = [self.mul(values[q], self.twiddles[u * stride * q]) for q in range(1, p)]
            for lane, value in zip(out, butterfly(values[0], turned, stride * m), strict=True):
                lane.append(value)
        return [value for lane in out for value in lane]

    def _butterfly2(self, x: Complex, t: list[Complex], fm: int) -> list[Complex]:
        return [self.add(x, t[0]), self.sub(x, t[0])]

    def _butterfly3(self, x: Complex, t: list[Complex], fm: int) -> list[Complex]:
        epi = self.twiddles[fm][1]
        s3, s0 = self.add(t[0], t[1]), self.sub(t[0], t[1])
        one = self.store(x[0] - (s3[0] >> 1)), self.store(x[1] - (s3[1] >> 1))
        s0 = self.sround(s0[0] * epi), self.sround(s0[1] * epi)
        two = self.store(one[0] + s0[1]), self.store(one[1] - s0[0])
        return [self.add(x, s3), (self.store(one[0] - s0[1]), self.store(one[1] + s0[0])), two]

    def _butterfly4(self, x: Complex, t: list[Complex], fm: int) -> list[Complex]:
        s5, top = self.sub(x, t[1]), self.add(x, t[1])
        s3, s4 = self.add(t[0], t[2]), self.sub(t[0], t[2])
        up = self.store(s5[0] - s4[1]), self.store(s5[1] + s4[0])
        down = self.store(s5[0] + s4[1]), self.store(s5[1] - s4[0])
        one, three = (up, down) if self.inverse else (down, up)
        return [self.add(top, s3), one, self.sub(top, s3), three]

    def _butterfly5(self, x: Complex, t: list[Complex], fm: int) -> list[Complex]:
        ya, yb = self.twiddles[fm], self.twiddles[2 * fm]
        s7, s10 = self.add(t[0], t[3]), self.sub(t[0], t[3])
        s8, s9 = self.add(t[1], t[2]), self.sub(t[1], t[2])
        r = self.sround
        s5 = [self.store(x[i] + r(s7[i] * ya[0]) + r(s8[i] * yb[0])) for i in (0, 1)]
        s6 = (
            self.store(r(s10[1] * ya[1]) + r(s9[1] * yb[1])),
            self.store(-r(s10[0] * ya[1]) - r(s9[0] * yb[1])),
        )
        s11 = [self.store(x[i] + r(s7[i] * yb[0]) + r(s8[i] * ya[0])) for i in (0, 1)]
        s12 = (
            self.store(-r(s10[1] * yb[1]) + r(s9[1] * ya[1])),
            self.store(r(s10[0] * yb[1]) - r(s9[0] * ya[1])),
        )
        a, b = (s5[0], s5[1]), (s11[0], s11[1])
        zero = self.store(x[0] + s7[0] + s8[0]), self.store(x[1] + s7[1] + s8[1])
        return [zero, self.sub(a, s6), self.add(b, s12), self.sub(b, s12), self.add(a, s6)]


def forward(signal: list[int], bits: int) -> list[int]:
    """kiss_fftr."""
    n = len(signal) // 2
    kiss = Kiss(n, bits, inverse=False)
    x = kiss.run([(signal[2 * i], signal[2 * i + 1]) for i in range(n)])
    out: list[Complex] = [(0, 0)] * (n + 1)
    dc = kiss.div(x[0], 2)
    out[0], out[n] = (kiss.store(dc[0] + dc[1]), 0), (kiss.store(dc[0] - dc[1]), 0)
    for k in range(1, n // 2 + 1):
        fpk = kiss.div(x[k], 2)
        fpnk = kiss.div((x[n - k][0], kiss.store(-x[n - k][1])), 2)
        f1k, f2k = kiss.add(fpk, fpnk), kiss.sub(fpk, fpnk)
        tw = kiss.mul(f2k, kiss.super[k - 1])
        out[k] = half(f1k[0] + tw[0]), half(f1k[1] + tw[1])
        out[n - k] = half(f1k[0] - tw[0]), half(tw[1] - f1k[1])
    return [part for value in out for part in value]


def half(total: int) -> int:
    """Sums of C's int: 32 bits."""
    return ((total + (1 << 31)) % (1 << 32) - (1 << 31)) >> 1


def backward(spectrum: list[int], bits: int) -> list[int]:
    """kiss_fftri."""
    n = len(spectrum) // 2 - 1
    kiss = Kiss(n, bits, inverse=True)
    x = [(spectrum[2 * i], spectrum[2 * i + 1]) for i in range(n + 1)]
    work: list[Complex] = [(0, 0)] * n
    work[0] = kiss.div((kiss.store(x[0][0] + x[n][0]), kiss.store(x[0][0] - x[n][0])), 2)
    for k in range(1, n // 2 + 1):
        fk = kiss.div(x[k], 2)
        fnkc = kiss.div((x[n - k][0], kiss.store(-x[n - k][1])), 2)
        fek = kiss.add(fk, fnkc)
        fok = kiss.mul(kiss.sub(fk, fnkc), kiss.super[k - 1])
        work[k] = kiss.add(fek, fok)
        last = kiss.sub(fek, fok)
        work[n - k] = last[0], kiss.store(-last[1])
    return [part for value in kiss.run(work) for part in value]
