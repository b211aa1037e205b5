# SPDX-License-Identifier: Apache-2.0
"""Whether a does not equal b, per pair, with numpy's broadcasting; see `_comparing`.

Inputs: a, b. The output is bool.
"""

from functools import partial
from operator import ne

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _comparing as comparing

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer
constraints = comparing.constraints
run = partial(comparing.run, relation=ne)
run_torch = partial(comparing.run_torch, relation=ne)
