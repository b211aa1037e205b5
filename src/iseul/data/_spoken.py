# SPDX-License-Identifier: Apache-2.0
"""Sets of short clips with an index: limits first, then features, kept on disk when whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iseul.data._batch import Samples, equal_shares
from iseul.data._given import cached, keep_cached, load_cached, read_clips
from iseul.data._log_mel import VERSION, log_mel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.data._log_mel import FrontEnd
    from iseul.numerics import Array


@dataclass(frozen=True)
class Clips:
    """Clips of one length in a zip archive.

    names: all that the set has, in a fixed order: the cache holds the features of these
    """

    archive: Path
    names: Sequence[str]
    front: FrontEnd
    n_samples: int

    def features(self, index: Array) -> Array:
        """Log-mel features of the clips at these positions: (n, frames, bands, 1) uint8."""
        front = self.front
        shape = (len(self.names), front.n_frames(self.n_samples), front.n_bands)
        path = cached([VERSION, front, self.n_samples, list(self.names)], [self.archive])
        whole = load_cached(path, shape)
        if whole is None:
            everything = len(index) * 2 > len(self.names)
            wanted = np.arange(len(self.names)) if everything else index
            names = [self.names[i] for i in wanted.tolist()]
            made = log_mel(read_clips(self.archive, names, front.rate, self.n_samples), front)
            if not everything:
                return made[..., np.newaxis]
            keep_cached(path, made)
            whole = made
        return whole[index][..., np.newaxis]


def pick(y: Array, part: Array, n: int) -> Array:
    """The positions `part`, or the first n of them with classes alike; 0 means all."""
    return part[equal_shares(y[part], n)] if n else part


def two_parts(clips: Clips, y: Array, train: Array, test: Array) -> tuple[Samples, Samples]:
    """Samples at two sets of positions; y: (N,) int64 classes of all clips."""
    both = clips.features(np.concatenate([train, test]))
    return Samples(both[: len(train)], y[train]), Samples(both[len(train) :], y[test])
