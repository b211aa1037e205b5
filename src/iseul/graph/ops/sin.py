# SPDX-License-Identifier: Apache-2.0
"""Sine of each element.

float32 only.
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
run = partial(pointwise.run_real, function=np.sin)
run_torch = partial(pointwise.run_real_torch, name="sin")
