# SPDX-License-Identifier: Apache-2.0
"""What the cards of rfft and irfft share: the plan of a transform as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from iseul.graph.ops._spectrum import BITS
from iseul.numerics import fft

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._spectrum import Attrs

_STAGES = 16


def cost(attrs: Attrs, io: Io) -> int:
    """40 per complex value and stage, 40 per value that comes out."""
    n = attrs.length // 2
    rows = io.inputs[0].n_elements // io.inputs[0].shape[-1]
    return rows * (40 * n * len(fft.factors(n)) + 40 * io.outputs[0].shape[-1])


def transform(attrs: Attrs, io: Io, inverse: bool) -> Fields:
    """`iseul_fft_s16_t` and its kin."""
    n, kind = attrs.length // 2, io.dtype
    plan = fft.plan(n, BITS.get(kind, 16), inverse)
    twiddles, roots = plan.twiddles, plan.real_roots
    if kind == "float32":
        sign = 1.0 if inverse else -1.0
        twiddles = _roots(sign * 2 * math.pi * np.arange(n) / n)
        roots = _roots(sign * math.pi * ((np.arange(n // 2) + 1) / n + 0.5))
    return {
        "size": n,
        "is_inverse": int(inverse),
        "radix": plan.radices + (0,) * (_STAGES - len(plan.radices)),
        "place": plan.places.astype(np.int16),
        "twiddle": twiddles.astype(kind).ravel(),
        "real_root": roots.astype(kind).ravel(),
    }


def _roots(phase: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(phase), np.sin(phase)], axis=-1)
