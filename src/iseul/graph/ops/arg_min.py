# SPDX-License-Identifier: Apache-2.0
"""Index of the smallest element along an axis, int32 or int64; the first of equals. See `_arg`.

Inputs: x of any shape with at least one axis; the axis is gone in the output.
"""

from functools import partial

from iseul.graph.ops import _arg as arg

BATCHED = arg.is_batched
Attrs = arg.Attrs
infer = arg.infer
constraints = arg.constraints
run = partial(arg.run, largest=False)
run_torch = partial(arg.run_torch, largest=False)
