# SPDX-License-Identifier: Apache-2.0
"""Whether a is greater than or equal to b, per pair, with numpy's broadcasting; see `_comparing`.

Inputs: a, b. The output is bool.
"""

from functools import partial
from operator import ge

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _comparing as comparing

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer
constraints = comparing.constraints
run = partial(comparing.run, relation=ge)
run_torch = partial(comparing.run_torch, relation=ge)
