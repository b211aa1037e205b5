# SPDX-License-Identifier: Apache-2.0
"""Seeds: one number of the recipe, derived per use, never a global generator.

`derive(seed, "condense", 3)` gives independent streams that do not depend on the order in
which they are asked for, so a resumed or sharded run draws what an uninterrupted one draws.
"""

from __future__ import annotations

import hashlib

import numpy as np


def derive(seed: int, *path: str | int) -> int:
    """A 63-bit seed for one use, from the run's seed and a path of names and numbers."""
    text = "/".join([str(seed), *(str(part) for part in path)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """A numpy generator for one use; see `derive`."""
    return np.random.default_rng(derive(seed, *path))
