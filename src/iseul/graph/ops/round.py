# SPDX-License-Identifier: Apache-2.0
"""Each element rounded to the nearest integer, ties to even.

float32 only (TensorFlow Lite Micro: reference/round.h).
Inputs: x of any shape.
"""

from functools import partial

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = (quantized.all_float,)
run = partial(pointwise.run_real, function=np.rint)
run_torch = partial(pointwise.run_real_torch, name="round")
