# SPDX-License-Identifier: Apache-2.0
"""Whether a and b are both true, per pair of bools, with numpy's broadcasting; see `_logical`.

Inputs: a, b.
"""

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _logical as logical

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer
constraints = logical.constraints
run = logical.conjunction
run_torch = logical.conjunction_torch
