# SPDX-License-Identifier: Apache-2.0
"""What a condensation method is given: real samples, what they mean, and what is learned.

Everything that differs between images, sounds and time series is said here once; methods ask
for a loss per sample, for reals, for transforms, and know no kind of data by name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from iseul.condense import _augment, _augment_time
from iseul.core.parallel import HERE, Engine
from iseul.data._batch import raw_tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from iseul.data._batch import Samples


@dataclass(frozen=True)
class Task:
    """What a network learns from samples.

    loss:    (net, x (B, C, H, W), y (B,)) -> (B,), one loss per sample
    score:   (net, samples, problem) -> one number over a test set
    higher:  whether a larger score is better
    unit:    what the score is
    reads:   x (B, C, H, W) -> the part of it that the network is given
    """

    name: str
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor]
    score: Callable[[nn.Module, Samples, Problem], float]
    higher: bool = True
    unit: str = "accuracy"
    reads: Callable[[Tensor], Tensor] = lambda x: x


TEST_BATCH = 256


def _cross_entropy(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(net(x), y, reduction="none")


def _accuracy(net: nn.Module, samples: Samples, problem: Problem) -> float:
    """Share of right answers, 0-1."""
    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(samples), TEST_BATCH):
            part = slice(start, start + TEST_BATCH)
            answers = net(problem.to_tensor(samples.x[part])).argmax(1)
            right += int((answers.cpu() == torch.from_numpy(samples.y[part])).sum())
    return right / len(samples)


CLASSIFICATION = Task("classification", _cross_entropy, _accuracy)


# How transforms of a kind of data are drawn and applied.
TRANSFORMS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "image": (_augment.draw, _augment.apply),
    "spectrogram": (_augment_time.draw, _augment_time.apply_spectrogram),
    "series": (_augment_time.draw, _augment_time.apply_series),
    "none": (_augment_time.draw_none, _augment_time.apply_none),
}


@dataclass(frozen=True)
class Problem:
    """A real set and how networks learn from it.

    real:         raw integers, (N, H, W, C) uint8, and classes
    scale, zero_point, raw_max:
                  real value = scale * (raw - zero_point), 0 <= raw <= raw_max
    build_model:  seed -> a fresh matching network
    build_other:  (model family, seed) -> a fresh network of it at its defaults; None: no other
    axes:         image axes along which several samples may share one stored sample, of
                  "hw"; time-frequency inputs have one
    augment:      kind of transforms, a name of TRANSFORMS
    folder:       where a long run may keep what it can go on from; None: nowhere
    device:       where networks run: "cpu", or a torch device such as "cuda"
    engine:       where independent pieces of work run
    """

    real: Samples
    n_classes: int
    build_model: Callable[[int], nn.Module]
    scale: float = 1 / 255
    zero_point: int = 0
    raw_max: int = 255
    task: Task = CLASSIFICATION
    axes: str = "hw"
    augment: str = "image"
    folder: Path | None = None
    device: str = "cpu"
    engine: Engine = HERE
    build_other: Callable[[str, int], nn.Module] | None = None

    def fingerprint(self) -> str:
        """SHA-256 of the samples and of what they mean."""
        digest = hashlib.sha256(repr((self.real.x.shape, self.scale, self.zero_point)).encode())
        digest.update(np.ascontiguousarray(self.real.x).tobytes())
        digest.update(np.ascontiguousarray(self.real.y).tobytes())
        return digest.hexdigest()

    @property
    def low(self) -> float:
        """The least real value that can be stored."""
        return -self.scale * self.zero_point

    @property
    def high(self) -> float:
        """The largest real value that can be stored."""
        return self.scale * (self.raw_max - self.zero_point)

    def to_tensor(self, x_raw: NDArray[np.uint8]) -> Tensor:
        """Raw NHWC integers as float32 reals in NCHW, on `device`."""
        reals = raw_tensor(x_raw).to(self.device).float()
        if self.zero_point:
            reals -= self.zero_point
        return reals.mul_(self.scale)

    def to_raw(self, x: Tensor) -> NDArray[np.uint8]:
        """Reals in NCHW as the nearest raw integers in NHWC."""
        raw = (x.detach() / self.scale + self.zero_point).round().clamp(0, self.raw_max)
        return np.ascontiguousarray(np.moveaxis(raw.to(torch.uint8).cpu().numpy(), 1, -1))

    def draw(self, n: int, mirror: bool, generator: torch.Generator) -> Tensor:
        """n random transforms of this kind of data, a row of parameters each."""
        return TRANSFORMS[self.augment][0](n, mirror, generator)

    def move(self, x: Tensor, transforms: Tensor) -> Tensor:
        """One transform per sample of (B, C, H, W) reals."""
        return TRANSFORMS[self.augment][1](x, transforms.to(x.device))
