# SPDX-License-Identifier: Apache-2.0
"""Numbers as people read them: bytes, counts, times, energies. Units are SI (1 kB = 1000 B)."""

from __future__ import annotations


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    for factor, unit in steps:
        if abs(value) >= factor:
            number = value / factor
            return f"{number:.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
    factor, unit = steps[-1]
    return f"{value / factor:.3g} {unit}"


def show_bytes(n: float) -> str:
    """`25,088 B` as "25.1 kB"; below 1 kB exact."""
    return f"{n:.0f} B" if abs(n) < 1000 else _scaled(n, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")))


def show_count(n: float) -> str:
    """A count: exact below 10,000, else "2.66 M"."""
    return f"{n:,.0f}" if abs(n) < 10_000 else _scaled(n, ((1e9, "G"), (1e6, "M"), (1e3, "k")))


def show_seconds(seconds: float) -> str:
    """A duration: "850 ms", "12.3 s", "3 min 05 s"."""
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return _scaled(seconds, ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")))


def show_energy(microjoules: float) -> str:
    """An energy given in µJ: "650 µJ", "1.43 mJ"."""
    return _scaled(microjoules, ((1e6, "J"), (1e3, "mJ"), (1.0, "µJ")))


def show_percent(share: float, digits: int = 2) -> str:
    """A share 0-1 as "91.53 %"."""
    return f"{100 * share:.{digits}f} %"
