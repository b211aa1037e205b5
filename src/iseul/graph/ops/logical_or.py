# SPDX-License-Identifier: Apache-2.0
"""Whether a or b is true, or both, per pair of bools, with numpy's broadcasting; see `_logical`.

Inputs: a, b.
"""

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _logical as logical

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer
constraints = logical.constraints
run = logical.disjunction
run_torch = logical.disjunction_torch
