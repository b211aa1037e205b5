# SPDX-License-Identifier: Apache-2.0
"""The larger of two values, with numpy's broadcasting: a if a > b, else b.

Integers of any width are compared as they are; see `_choosing`.
Inputs: a, b.
"""

from functools import partial
from operator import gt

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _choosing as choosing

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer
constraints = choosing.constraints
run = partial(choosing.run, prefers=gt)
run_torch = partial(choosing.run_torch, prefers=gt)
