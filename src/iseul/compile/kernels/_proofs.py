# SPDX-License-Identifier: Apache-2.0
"""Proofs of what cards of sums of products emit: folded zero points, one multiplication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.proofs import FoldedBias, OneMultiply
from iseul.graph.ops._quantized import output_multipliers, zero_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Io
    from iseul.numerics import Array


def ends_of_sums(io: Io, rows: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Least and most of each channel's sum with its bias, (C,), whatever int8 go in.

    rows: weights (C, K), zero point 0. A tap on padding adds nothing, which is between its ends.
    """
    w, zero = rows.astype(np.int64), zero_point(io.inputs[0])
    above, below = np.maximum(w, 0).sum(axis=1), np.minimum(w, 0).sum(axis=1)
    low, high = -128 - zero, 127 - zero
    bias = fields.bias(io, len(w)).astype(np.int64)
    return above * low + below * high + bias, above * high + below * low + bias


def folded(io: Io, rows: Array, emitted: Array, times: int = 1) -> FoldedBias:
    """Of biases that have the input's zero point.

    emitted: (at least C,), as the kernel gets it
    times:   what the kernel multiplies weights and biases with
    """
    n = len(rows)
    least, most = ends_of_sums(io, rows)
    return FoldedBias(
        zero_point(io.inputs[0]),
        times * rows.astype(np.int64).sum(axis=1),
        times * fields.bias(io, n).astype(np.int64),
        emitted[:n].astype(np.int64),
        times * least,
        times * most,
    )


def one_multiply(
    attrs: Any, io: Io, rows: Array, is_rectified: bool = False, doublings: int = 0
) -> OneMultiply:
    """Of requantization in one step.

    is_rectified: the kernel leaves the sum's sign out
    doublings:    m, where the kernel's sums are 2^m times those of `rows`
    """
    clamp = fields.clamp_s8(io, attrs.activation)
    return OneMultiply(
        *output_multipliers(io, len(rows)),
        zero_point(io.outputs[0]),
        clamp["low"],
        clamp["high"],
        is_rectified,
        *ends_of_sums(io, rows),
        doublings,
    )
