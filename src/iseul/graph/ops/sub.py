# SPDX-License-Identifier: Apache-2.0
"""Subtraction of two values with numpy's broadcasting and a fused activation: a - b.

int8, int16: on a common fine scale, then scaled to the output; see `_addition`
int32:       plain integers that wrap around, then clamped (TensorFlow Lite Micro:
             micro/kernels/sub.cc, reference/sub.h)
Inputs: a, b.
"""

from functools import partial

from iseul.graph.ops import _addition as addition
from iseul.graph.ops import _broadcast as broadcast
from iseul.numerics.requantize import wrap_int32

BATCHED = broadcast.is_batched
Attrs = broadcast.FusedAttrs
infer = broadcast.infer

_SUBTRACTION = broadcast.Arithmetic(
    real=lambda a, b: a - b,
    narrow=partial(addition.integers, sign=-1),
    plain=lambda a, b: wrap_int32(a - b),
)
run = partial(broadcast.run, arithmetic=_SUBTRACTION)
run_torch = partial(broadcast.run_torch, arithmetic=_SUBTRACTION)

constraints = (
    broadcast.one_kind("float32", "int8", "int16", "int32"),
    broadcast.quantized_by_kind,
    addition.output_scale_large_enough,
)
