# SPDX-License-Identifier: Apache-2.0
"""What the ops of an audio front end share: plain integers, the numpy text on torch tensors.

Their integers are numbers as they are, without scale and zero point. They are arithmetic of
integers through and through, so torch runs the numpy meaning and no gradient passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import DType, Io, Value
    from iseul.graph.ops._quantized import Rule
    from iseul.numerics import Array

    Run = Callable[[Any, Sequence[Array], Io], list[Array]]


def torch_by(run: Run, attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """The numpy meaning on torch tensors; no gradient.

    inputs:  int64 tensors (uint64 beyond them wraps round), or floats that hold whole numbers
    returns: tensors of the first input's dtype
    """
    import torch

    arrays = [_stored(x, value) for x, value in zip(inputs, io.inputs, strict=True)]
    kind = inputs[0].dtype if inputs[0].is_floating_point() else torch.int64
    made = [np.asarray(y) for y in run(attrs, arrays, io)]
    whole = [
        y.astype(np.int64) if y.dtype == np.uint64 and kind == torch.int64 else y for y in made
    ]
    return [torch.tensor(y, dtype=kind, device=inputs[0].device) for y in whole]


def _stored(x: Any, value: Value) -> Array:
    array: Array = x.detach().cpu().numpy()
    if array.dtype.kind == "f":
        array = np.rint(array)
    return array.astype(storage(value.dtype))


def kinds(*wanted: DType) -> Rule:
    """The rule that inputs and outputs have these dtypes, in this order."""

    def rule(attrs: Any, io: Io) -> str | None:
        values = (*io.inputs, *io.outputs)
        # as many as there are: trailing inputs may be absent
        if len(values) == len(wanted) and all(
            v.dtype == kind for v, kind in zip(values, wanted, strict=True)
        ):
            return None
        return ", ".join(f'"{v.name}" is {v.dtype}' for v in values)

    rule.__name__ = f"kinds_{'_'.join(wanted)}"
    rule.__doc__ = f"inputs and outputs are {', '.join(wanted)}"
    return rule


def constants(*which: int) -> Rule:
    """The rule that these inputs are constants."""

    def rule(attrs: Any, io: Io) -> str | None:
        loose = [io.inputs[i].name for i in which if not io.inputs[i].is_constant]
        return f"computed at run time: {', '.join(loose)}" if loose else None

    rule.__name__ = f"constants_{'_'.join(map(str, which))}"
    rule.__doc__ = "tables are constants"
    return rule


def vector_stays(attrs: Any, io: Io) -> bool:
    """Samples may be stacked along axis 0 unless it is the only one."""
    return len(io.inputs[0].shape) > 1
