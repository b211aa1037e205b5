# SPDX-License-Identifier: Apache-2.0
"""Ops: one file each; the file is the op's only meaning.

An entry defines

    Attrs        frozen config of the op's attributes
    infer        shape rule: (attrs, inputs) -> shapes of the outputs; raises ShapeError
    run          numpy meaning: (attrs, arrays, io) -> arrays; integers exact to the bit
    run_torch    torch meaning: (attrs, tensors, io) -> tensors. Float io: float tensors,
                 differentiable. Integer io: int64 tensors, the same integers as `run`
    constraints  functions (attrs, io) -> what is wrong, or None; the docstring is the rule
    BATCHED      True if samples stacked along axis 0 are computed independently, so that
                 `run` takes N samples of a batch-1 graph at once; or a function (attrs, io)
                 that says so of a node

and may define `macs(attrs, io) -> int` (multiply-accumulates; 0 if absent) and `STATISTICS`
(positions of inputs that are measured, not learned).
`run` and `run_torch` never look at `io` shapes' axis 0 when BATCHED is (or returns) True.
"""

KIND = "op"
REQUIRED = ("Attrs", "infer", "run", "run_torch", "constraints", "BATCHED")
