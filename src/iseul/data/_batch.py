# SPDX-License-Identifier: Apache-2.0
"""Samples and splits: raw integers as a sensor gives them, and what they mean as reals.

`x` stays uint8 everywhere: real = scale * raw. The device reads raw - 128 as int8 with the
same scale and zero point -128, so training and chip see the same numbers. A data set hands
out NHWC, torch computes in NCHW; `to_tensor` is the one place that turns the axes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.core.errors import DataError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from iseul.numerics import Array


Kind = Literal["image", "spectrogram", "series"]
TaskName = Literal["classification", "forecasting", "anomaly"]


@dataclass(frozen=True)
class Samples:
    """x: (N, *shape) uint8 raw values; y: (N,) int64 classes from 0.

    Raises ShapeError if the two do not fit together.
    """

    x: Array
    y: Array

    def __post_init__(self) -> None:
        if self.x.dtype != np.uint8 or self.y.dtype != np.int64:
            raise ShapeError(
                f"samples: x is {self.x.dtype} and y is {self.y.dtype}; x must be uint8 and y int64"
            )
        if self.y.ndim != 1 or self.x.ndim < 2 or len(self.x) != len(self.y):
            raise ShapeError(
                f"samples: x has shape {self.x.shape} and y {self.y.shape}; "
                "they must be (N, *shape) and (N,)"
            )

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Array | slice) -> Samples:
        """The samples at these positions, in that order."""
        return Samples(self.x[index], self.y[index])


@dataclass(frozen=True)
class Splits:
    """A data set; `source` says which files were read.

    scale, zero_point, raw_max: real value = scale * (raw - zero_point), 0 <= raw <= raw_max
    kind:    what the axes mean: a picture; time by frequency bands; time by one, channels
    task:    "classification"; "forecasting": the last `horizon` values of a window are
             foretold from those before, classes say nothing; "anomaly": the training set
             holds class 0 alone, the test set also what is not of it
    """

    train: Samples
    test: Samples
    classes: tuple[str, ...]
    scale: float
    licence: str
    source: str
    zero_point: int = 0
    raw_max: int = 255
    kind: Kind = "image"
    task: TaskName = "classification"
    horizon: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one sample."""
        h, w, c = self.train.x.shape[1:]
        return h, w, c

    @property
    def n_classes(self) -> int:
        return len(self.classes)


def ranks(y: Array) -> Array:
    """How many samples of its own class stand before each: (N,) int64 of classes (N,)."""
    found = np.empty(len(y), np.int64)
    for label in np.unique(y):
        own = np.flatnonzero(y == label)
        found[own] = np.arange(len(own))
    return found


def first_per_class(samples: Samples, n: int) -> Samples:
    """The first n samples when each class may fill only its equal share, in their old order.

    Raises DataError if n is more than there are, or a class has less than its share.
    """
    return samples.take(equal_shares(samples.y, n))


def equal_shares(y: Array, n: int) -> Array:
    """Positions of what `first_per_class` takes, ascending; y holds classes. Raises as it does."""
    classes, counts = np.unique(y, return_counts=True)
    shares = np.array([n // len(classes) + (i < n % len(classes)) for i in range(len(classes))])
    if (shares > counts).any():
        raise DataError(
            f"{n} samples were asked for, {len(y)} are there and the rarest of "
            f"{len(classes)} classes has {counts.min()}; each class must fill its equal share",
            f"at most {counts.min() * len(classes)}, or 0 for all",
        )
    picks = [np.flatnonzero(y == c)[:k] for c, k in zip(classes, shares, strict=True)]
    return np.sort(np.concatenate(picks))


def hold_back(train: Array, n_validation: int) -> tuple[Array, Array]:
    """Positions of training samples without the last n, and these.

    Raises DataError if nothing is left to train on.
    """
    if n_validation >= len(train):
        raise DataError(
            f"n_validation = {n_validation:,}, but there are {len(train):,} training samples",
            f"n_validation = {len(train) // 10}",
        )
    return train[:-n_validation], train[-n_validation:]


def limit(splits: Splits, n_train: int, n_test: int, n_validation: int) -> Splits:
    """A smaller data set; 0 means no limit.

    n_validation: that many training samples, the last ones, replace the test set, so that
                  settings can be chosen without looking at it; the limits come after this.
    Raises DataError if there are not enough samples.
    """
    train, test = splits.train, splits.test
    if n_validation:
        own, held_back = hold_back(np.arange(len(train)), n_validation)
        train, test = train.take(own), train.take(held_back)
    return replace(
        splits,
        train=first_per_class(train, n_train) if n_train else train,
        test=first_per_class(test, n_test) if n_test else test,
    )


def to_real(x_raw: Array, scale: float) -> Array:
    """Raw NHWC integers as float32 reals, still NHWC."""
    return x_raw.astype(np.float32) * np.float32(scale)


def to_tensor(x_raw: Array, scale: float) -> torch.Tensor:
    """Raw NHWC integers as a contiguous float32 tensor of reals in NCHW."""
    return raw_tensor(x_raw).float().mul_(scale)


def raw_tensor(x_raw: Array) -> torch.Tensor:
    """Raw NHWC integers as a contiguous uint8 tensor in NCHW: what augmentation works on."""
    import torch

    return torch.from_numpy(np.moveaxis(x_raw, -1, 1).copy())


def batches(samples: Samples, batch: int, generator: torch.Generator) -> Iterator[Samples]:
    """One epoch in random order; the last batch may be smaller.

    Raises DataError if there is no sample.
    """
    import torch

    if not len(samples):
        raise DataError("there are no samples to draw batches from")
    order = torch.randperm(len(samples), generator=generator).numpy()
    for start in range(0, len(order), batch):
        yield samples.take(order[start : start + batch])
