# SPDX-License-Identifier: Apache-2.0
"""What recurrent ops share: sequences, states, and how they are walked through.

A sequence x is (B, T, I), or (T, B, I) with `time_major`; a state is (B, S), or any shape with
as many elements (a `.tflite` may state it as (S)). A state that all samples of a batch share
may have one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

    Step = Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]

TimeMajor = Annotated[bool, Field(description="x is (T, B, I), not (B, T, I)")]
Reverse = Annotated[bool, Field(description="walk from the last step to the first")]
EveryStep = Annotated[
    bool, Field(description="true: y has the output of each step; false: of the last one only")
]


def sizes(time_major: bool, x: Shape) -> tuple[int, int, int]:
    """(B, T, I) of a sequence. Raises ShapeError."""
    if len(x) != 3 or min(x) < 1:
        raise ShapeError(f"input {x} must be a sequence of 3 axes, none of them empty")
    batch, steps = (x[1], x[0]) if time_major else (x[0], x[1])
    return batch, steps, x[2]


def output_shape(attrs: Any, x: Shape, size: int) -> Shape:
    """Of y for states of `size` units."""
    batch, steps, _ = sizes(attrs.time_major, x)
    if not attrs.every_step:
        return (batch, size)
    return (steps, batch, size) if attrs.time_major else (batch, steps, size)


def expect_shapes(values: Sequence[Value], shape: Shape, what: str) -> None:
    """Raise ShapeError unless all values have this shape."""
    for value in values:
        if value.shape != shape:
            raise ShapeError(f"{what} {value.shape}, must be {shape}")


def expect_state(value: Value, batch: int, size: int) -> None:
    """Raise ShapeError unless a state has a number for each unit of each sample."""
    if size < 1 or value.n_elements != batch * size or not value.shape:
        raise ShapeError(f"state {value.shape} must have {batch} x {size} elements")


def walk(
    attrs: Any, x: Any, states: tuple[Any, ...], step: Step, stack: Callable[[list[Any]], Any]
) -> tuple[Any, tuple[Any, ...]]:
    """(y, states after the walk) of a sequence; arrays or tensors.

    step:  (x of one time (B, I), states) -> states after it; the first is also the output
    stack: of `numpy` or `torch`
    """
    rows = x if attrs.time_major else x.swapaxes(0, 1)  # (T, B, I)
    outputs = []
    for t in reversed(range(len(rows))) if attrs.reverse else range(len(rows)):
        states = step(rows[t], states)
        outputs.append(states[0])
    if not attrs.every_step:
        return outputs[-1], states
    y = stack(outputs[::-1] if attrs.reverse else outputs)  # (T, B, S)
    return (y if attrs.time_major else y.swapaxes(0, 1)), states


def batch_axis_is_first(attrs: Any, io: Io) -> bool:
    """Whether samples may be stacked along axis 0: x is (B, T, I) and the state (B, S)."""
    return not attrs.time_major and len(io.inputs[1].shape) == 2


def rows_of(state: Any, size: int) -> Any:
    """A state as rows of units."""
    return state.reshape(-1, size)


def shaped(state: Any, value: Value) -> Any:
    """Rows of units as the value states them; samples may be stacked along axis 0."""
    shape = value.shape
    return state.reshape(shape) if len(shape) == 1 else state.reshape(-1, *shape[1:])


def logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)) of float32, without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, np.float32(1) / (1 + e), e / (1 + e))


def real_function(name: str) -> Callable[[Array], Array]:
    """A gate's function on numpy arrays by its name."""
    functions: dict[str, Callable[[Array], Array]] = {
        "tanh": np.tanh,
        "sigmoid": logistic,
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "relu_n1_to_1": lambda x: np.clip(x, -1, 1),
        "none": lambda x: x,
    }
    return functions[name]


def torch_function(name: str) -> Callable[[Any], Any]:
    """A gate's function on torch tensors by its name."""
    import torch

    functions: dict[str, Callable[[Any], Any]] = {
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "relu6": lambda x: x.clamp(0, 6),
        "relu_n1_to_1": lambda x: x.clamp(-1, 1),
        "none": lambda x: x,
    }
    return functions[name]


def weights_and_biases_are_constant(attrs: Any, io: Io) -> str | None:
    """weights and biases are constants"""
    first = 3 if len(io.outputs) == 3 else 2  # behind x and the states
    loose = [v.name for v in io.inputs[first:] if not v.is_constant]
    return f"computed at run time: {', '.join(loose)}" if loose else None
