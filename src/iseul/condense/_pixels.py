# SPDX-License-Identifier: Apache-2.0
"""The stored samples while a method moves them: where they start, what they hold, how they end.

Shared by the methods that follow published loops with networks trained along the way. Values
are kept in a unit of the method's own, because a published step width belongs to the unit in
which its authors kept pixels: deviations of the data set for some, the sensor's range for
others. Several samples may share a stored one (`_formation.py`).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from iseul.condense._condensed import Condensed
from iseul.condense._formation import decode, encode, parts
from iseul.core import seed as seeds
from iseul.core.progress import progress, say
from iseul.core.units import show_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from iseul.condense._problem import Problem
    from iseul.core.progress import Advance

N_PROBED = 4  # steps that are timed; the first, which warms up, does not count
WORTH_SAYING_S = 60.0


@dataclass(frozen=True)
class Pixels:
    """Stored samples of all classes, the same number of each, classes in order.

    values: (n_classes * ipc, C, H, W), a leaf that optimizers move; real = unit * value
    factor: parts along each axis that share a stored sample
    """

    values: Tensor
    unit: float
    factor: int
    ipc: int

    def samples(self, problem: Problem, some: range) -> Tensor:
        """Reals of neighbouring classes that a network sees, with the graph to `values`."""
        stored = self.values[some.start * self.ipc : some.stop * self.ipc] * self.unit
        return decode(stored, self.factor, problem.axes)

    def n_samples(self, problem: Problem) -> int:
        """Samples of one class that a network sees."""
        return self.ipc * parts(self.factor, problem.axes)

    def clamp(self, problem: Problem) -> None:
        """Back into what can be stored."""
        with torch.no_grad():
            self.values.clamp_(problem.low / self.unit, problem.high / self.unit)

    def condensed(self, problem: Problem, losses: list[float]) -> Condensed:
        """The set as it is stored: nearest raw integers."""
        y = np.repeat(np.arange(problem.n_classes), self.ipc)
        x_raw = problem.to_raw(self.values * self.unit)
        return Condensed(x_raw, y, np.zeros(len(y), np.int64), losses, self.factor)


def moments(problem: Problem) -> tuple[float, float]:
    """Mean and standard deviation of the real set's reals, over all of its values."""
    counts = np.zeros(256, np.int64)
    for some in np.array_split(problem.real.x, max(1, len(problem.real) // 1024)):
        counts += np.bincount(some.ravel(), minlength=256)
    raw = np.arange(256)
    mean = float((counts * raw).sum() / counts.sum())
    variance = float((counts * (raw - mean) ** 2).sum() / counts.sum())
    # a set of one value only has no spread; one raw step then stands for it
    return problem.scale * (mean - problem.zero_point), problem.scale * (variance**0.5 or 1.0)


def from_real(
    problem: Problem, chosen: list[NDArray[np.int64]], ipc: int, factor: int, unit: float
) -> Pixels:
    """Start at real samples: chosen[c] are ipc * parts indices of class c."""
    x = problem.to_tensor(problem.real.x[np.concatenate(chosen)])
    stored = encode(x, factor, problem.axes)
    return Pixels((stored / unit).requires_grad_(), unit, factor, ipc)


def from_noise(problem: Problem, ipc: int, factor: int, unit: float, seed: int) -> Pixels:
    """Start at normal noise with the real set's mean and deviation."""
    shape = (problem.n_classes * ipc, *np.roll(problem.real.x.shape[1:], 1).tolist())
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    mean, deviation = moments(problem)
    values = ((mean + deviation * noise) / unit).to(problem.device).requires_grad_()
    made = Pixels(values, unit, factor, ipc)
    made.clamp(problem)
    return made


def by_lot(
    problem: Problem, classes: list[NDArray[np.int64]], ipc: int, factor: int, seed: int
) -> list[NDArray[np.int64]]:
    """Random real samples for `from_real`; a class repeats some if it has too few."""
    n = ipc * parts(factor, problem.axes)
    return [
        np.resize(seeds.generator(seed, "lot", label).permutation(own), n)
        for label, own in enumerate(classes)
    ]


@contextmanager
def steps(title: str, total: int) -> Iterator[Advance]:
    """A progress bar that also says, after a few steps, how long all of them will take."""
    done = 0
    started = time.monotonic()
    with progress(title, total) as advance:

        def probed(n: int = 1, note: str = "") -> None:
            nonlocal done, started
            advance(n, note)
            done += n
            if done == 1:
                started = time.monotonic()
            elif done == N_PROBED:
                rest = (time.monotonic() - started) / (N_PROBED - 1) * (total - N_PROBED)
                if rest > WORTH_SAYING_S:
                    say(f"{title}: {total:,} steps, about {show_seconds(rest)} to go")

        yield probed
