# SPDX-License-Identifier: Apache-2.0
"""Cast: the same numbers as another type, without quantization.

to bool:        whether the number is not 0
float to int:   truncated and saturated; NaN becomes 0
int to int:     the lowest bits
int to float:   rounded to the nearest float32
Source: TensorFlow Lite Micro: micro/kernels/cast.cc.
Inputs: x of any shape. The output value's dtype says what becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.numerics.affine import INTEGER_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import DType, Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer

KINDS: tuple[DType, ...] = (
    *("float32", "int8", "uint8", "int16", "int32", "uint32", "int64", "bool"),
)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, kind = inputs[0], io.dtype
    if kind in ("float32", "bool"):
        return [x.astype(kind)]
    if x.dtype == np.float32:
        low, high = INTEGER_RANGE[kind]
        whole = np.nan_to_num(np.trunc(x.astype(np.float64)), nan=0.0, posinf=1e30, neginf=-1e30)
        # float64 does not hold the highest int64: what reaches it is set, not converted
        inside = np.clip(whole, low, np.nextafter(float(high), 0.0)).astype(np.int64)
        x = np.where(whole >= high, high, inside)
    return [x.astype(np.int64).astype(kind)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning; floats to floats pass unchanged."""
    x, kind = inputs[0], io.dtype
    if kind == "float32":
        return [x.float()]
    if kind == "bool":
        return [x != 0]
    low, high = INTEGER_RANGE[kind]
    if x.is_floating_point():
        whole = x.double().trunc().nan_to_num(0.0, 1e30, -1e30)
        # float64 does not hold the highest int64: what reaches it is set, not converted
        inside = whole.clamp(float(low), np.nextafter(float(high), 0.0)).long()
        return [inside.masked_fill(whole >= float(high), high)]
    if kind == "int64":
        return [x.long()]
    return [((x.long() - low) & (high - low)) + low]


def plain_kinds(attrs: Attrs, io: Io) -> str | None:
    """input and output are float32, int8, uint8, int16, int32, uint32, int64 or bool"""
    others = [v.dtype for v in (*io.inputs, *io.outputs) if v.dtype not in KINDS]
    return ", ".join(others) or None


constraints = (plain_kinds,)
