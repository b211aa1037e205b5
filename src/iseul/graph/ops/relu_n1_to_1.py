# SPDX-License-Identifier: Apache-2.0
"""ReLU from -1 to 1: min(max(x, -1), 1) of each element.

int8, int16:  requantize to the output's quantization and clamp; see `_clamping`
Inputs: x of any shape.
"""

from functools import partial

from iseul.graph.ops import _clamping as clamping

BATCHED = True
Attrs = clamping.Attrs
infer = clamping.infer
constraints = clamping.constraints
run = partial(clamping.run, activation="relu_n1_to_1")
run_torch = partial(clamping.run_torch, activation="relu_n1_to_1")
