# SPDX-License-Identifier: Apache-2.0
"""What ops share: shape rules, number of inputs, pads and sizes of attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Shape, Value

# Attribute sizes: a file with larger ones is hostile, not a model (TensorFlow Lite: int32)
_LARGEST = 1 << 20
Size = Annotated[int, Field(ge=1, le=_LARGEST)]
# Field of integer ops that know both ways from sums to outputs
REQUANTIZATION: Any = Field(
    default="fixed_point",
    description="of int8: by fixed-point numbers (TensorFlow Lite) or float32 factors (ONNX)",
)
Pad = Annotated[int, Field(ge=0, le=_LARGEST)]


def expect_inputs(inputs: Sequence[Value], least: int, most: int | None = None) -> None:
    """Raise ShapeError unless there are `least` to `most` inputs (exactly `least` by default)."""
    most = least if most is None else most
    if not least <= len(inputs) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ShapeError(f"has {len(inputs)} inputs, must have {wanted}")


def same_shape(inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Shape rule of ops that map each element of their only input."""
    expect_inputs(inputs, 1)
    return (inputs[0].shape,)
