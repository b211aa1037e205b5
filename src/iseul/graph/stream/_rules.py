# SPDX-License-Identifier: Apache-2.0
"""What each op does with frames: the rule of an op says how its output's frames come from its
input's, that it needs the whole window at once, or why it can not be streamed.

A rule is `(attrs, io, axis) -> Walk | Whole | Refusal`, for the time axis of the first input that
is frames. Ops without a rule are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops._reducing import axes_of
from iseul.graph.stream._frames import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.core.config import Config
    from iseul.graph.ir import Io, Shape


@dataclass(frozen=True)
class Walk:
    """Frames come out of frames.

    axes:   the time axis of each output
    window: what a frame of the outputs reads of every input that is frames
    attrs:  n frames of the first output -> attributes of the node that makes them
    """

    axes: tuple[int, ...]
    window: Window
    attrs: Callable[[int], Config]


@dataclass(frozen=True)
class Whole:
    """The node reads whole windows, and what it makes belongs to the window, not to a frame."""


@dataclass(frozen=True)
class Refusal:
    """Why a node can not be streamed.

    problem: what is, and what must be
    remedy:  what to change
    """

    problem: str
    remedy: str


def same_frame(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Each element by itself; several inputs broadcast against each other."""
    rank = len(io.outputs[0].shape)
    first = next(v for v in io.inputs if not v.is_constant)
    at = axis + rank - len(first.shape)
    for value in io.inputs:
        place = at - rank + len(value.shape)
        if value.is_constant and place >= 0 and value.shape[place] != 1:
            return Refusal(
                f'constant "{value.name}" differs from frame to frame, so a frame means another '
                "thing in each window; must be the same for all",
                "one value for all frames, or none",
            )
    return Walk((at,) * len(io.outputs), Window(), lambda n: attrs)


def same_frame_of_first(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Each element of the first input by itself; the others are parameters along the last axis."""
    if axis == len(io.inputs[0].shape) - 1 and len(io.inputs) > 2:
        return Whole()
    return Walk((axis,), Window(), lambda n: attrs)


def rows(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Rows along the last axis."""
    rank = len(io.inputs[0].shape)
    return Walk((axis,), Window(), lambda n: attrs) if axis < rank - 1 else Whole()


def rows_from_axis(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Rows are all axes from one on."""
    first = attrs.axis % len(io.inputs[0].shape)
    return Walk((axis,), Window(), lambda n: attrs) if axis < first else Whole()


def _is_dynamic(attrs: Any) -> bool:
    return getattr(attrs, "input_quantization", "none") != "none"


_DYNAMIC = Refusal(
    "each window is quantized at run time by its own largest value; must have a fixed scale",
    "quantize the activations too (full int8), or leave the weights float",
)


def _spatial(attrs: Any, axis: int, kernel: tuple[int, int], **more: Any) -> Walk | Refusal:
    """A window over rows and columns; along time, padding is left out."""
    if axis not in (1, 2):
        which = "the batch" if axis == 0 else "channels"
        return Refusal(
            f"its window runs over rows and columns, but time are {which}",
            "another time axis (--stream-axis), or a transpose in front",
        )
    i = axis - 1
    pads = list(attrs.pads)
    before = pads[2 * i]
    pads[2 * i : 2 * i + 2] = [0, 0]
    made = attrs.model_copy(update={"pads": tuple(pads)})
    dilation = more.get("dilation", (1, 1))[i]
    return Walk((axis,), Window(-before, kernel[i], dilation, attrs.stride[i]), lambda n: made)


def convolution(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Windows of constant weights, (O, kH, kW, C) or (1, kH, kW, C)."""
    if _is_dynamic(attrs):
        return _DYNAMIC
    weights = io.inputs[1]
    if not weights.is_constant:
        return Refusal(f'weights "{weights.name}" are computed; must be constants', "")
    kernel = (weights.shape[1], weights.shape[2])
    return _spatial(attrs, axis, kernel, dilation=attrs.dilation)


def pooling(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Windows without weights."""
    return _spatial(attrs, axis, attrs.kernel_size)


def fully_connected(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """The last axis, or everything behind the first one."""
    if _is_dynamic(attrs):
        return _DYNAMIC
    last = len(io.inputs[0].shape) - 1
    alone = axis < last if attrs.keep_dims else axis == 0
    return Walk((axis,), Window(), lambda n: attrs) if alone else Whole()


def reducing(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Reduced axes stay with size 1, or go."""
    gone = axes_of(attrs, len(io.inputs[0].shape))
    if axis in gone:
        return Whole()
    at = axis if attrs.keep_dims else axis - sum(i < axis for i in gone)
    return Walk((at,), Window(), lambda n: attrs)


def searching(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """One axis goes."""
    gone = attrs.axis % len(io.inputs[0].shape)
    if axis == gone:
        return Whole()
    return Walk((axis - (gone < axis),), Window(), lambda n: attrs)


_CONSTANT = Refusal(
    "it joins a constant to frames; must join values that are computed",
    "an addition in place of the constant",
)


def along_another_axis(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Works along one axis that stays where it is."""
    if any(value.is_constant for value in io.inputs):
        return _CONSTANT
    if attrs.axis % len(io.inputs[0].shape) == axis:
        return Whole()
    return Walk((axis,) * len(io.outputs), Window(), lambda n: attrs)


def packing(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """A new axis."""
    if any(value.is_constant for value in io.inputs):
        return _CONSTANT
    new = attrs.axis % len(io.outputs[0].shape)
    return Walk((axis + (new <= axis),), Window(), lambda n: attrs)


def gathering(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Constant indices along another axis."""
    x = io.inputs[0]
    at = attrs.axis % len(x.shape)
    if at == axis or attrs.batch_dims or not io.inputs[1].is_constant:
        return Whole()
    moved = axis if axis < at else axis + len(io.outputs[0].shape) - len(x.shape)
    return Walk((moved,), Window(), lambda n: attrs)


def transposing(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Axes in another order."""
    perm = [p % len(io.inputs[0].shape) for p in attrs.perm]
    return Walk((perm.index(axis),), Window(), lambda n: attrs)


def reshaping(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Frames stay frames where what is before and behind them stays apart from them."""
    before, after = io.inputs[0].shape, io.outputs[0].shape
    at = _kept_axis(before, after, axis)
    if at is None:
        return Whole()

    def with_frames(n: int) -> Config:
        shape = (*after[:at], n, *after[at + 1 :])
        made: Config = attrs.model_copy(update={"shape": shape})
        return made

    return Walk((at,), Window(), with_frames)


def _kept_axis(before: Shape, after: Shape, axis: int) -> int | None:
    outer = int(np.prod(before[:axis], dtype=np.int64))
    for at, size in enumerate(after):
        if size == before[axis] > 1 and int(np.prod(after[:at], dtype=np.int64)) == outer:
            return at
    return None


def slicing(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Some frames, forwards."""
    stride = attrs.stride or (1,) * len(attrs.begin)
    if stride[axis] < 1 and attrs.size[axis] > 1:
        return Refusal(
            "it runs backwards through time; must run forwards",
            "take the reversal out of the model",
        )

    def of_frames(n: int) -> Config:
        update = {
            "begin": _with(attrs.begin, axis, 0),
            "size": _with(attrs.size, axis, n),
            "stride": stride,
        }
        made: Config = attrs.model_copy(update=update)
        return made

    window = Window(attrs.begin[axis], 1, 1, max(1, stride[axis]))
    return Walk((axis,), window, of_frames)


def padding(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """Other axes are padded; along time, padding is left out."""
    made = attrs.model_copy(update={"pads": _with(attrs.pads, axis, (0, 0))})
    return Walk((axis,), Window(-attrs.pads[axis][0]), lambda n: made)


def _with(values: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*values[:at], value, *values[at + 1 :])


def whole_window(attrs: Any, io: Io, axis: int) -> Walk | Whole | Refusal:
    """All frames at once."""
    return Whole()


_BY_RULE: Mapping[Any, str] = {
    same_frame: """
        abs add add_n cast ceil cos dequantize div elu equal erf exp floor floor_div floor_mod gelu
        greater greater_equal hard_sigmoid hard_swish leaky_relu less less_equal log logical_and
        logical_not logical_or logistic maximum minimum mish mul neg not_equal prelu quantize relu
        relu6 relu_0_to_1 relu_n1_to_1 round rsqrt select sign sin softplus softsign sqrt square
        squared_difference sub tanh
    """,
    same_frame_of_first: "batch_norm lookup",
    rows: "l2_normalization local_response_norm log_softmax softmax",
    rows_from_axis: "layer_norm rms_norm",
    convolution: "conv2d depthwise_conv2d",
    pooling: "average_pool2d l2_pool2d max_pool2d",
    fully_connected: "fully_connected",
    reducing: "mean reduce_all reduce_any reduce_max reduce_min reduce_prod sum",
    searching: "arg_max arg_min",
    along_another_axis: "concatenation cumsum split",
    packing: "pack",
    gathering: "gather",
    transposing: "transpose",
    reshaping: "reshape",
    slicing: "slice",
    padding: "pad",
    whole_window: "batch_matmul unpack",
}

RULES: Mapping[str, Any] = {op: rule for rule, ops in _BY_RULE.items() for op in ops.split()}

# op -> how many states it takes behind its first input, and gives behind its first output
RECURRENT: Mapping[str, int] = {"lstm": 2, "gru": 1, "rnn": 1}


def refusal_of(op: str) -> Refusal:
    """Of an op without a rule."""
    return Refusal(
        f"{op} has no meaning frame by frame", "take it out of the model, or put it behind a mean"
    )
