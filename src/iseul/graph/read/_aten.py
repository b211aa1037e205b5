# SPDX-License-Identifier: Apache-2.0
"""aten ops -> graph ops: one function per kind of op, `HANDLERS` says which takes which.

A handler gets the translator, the call's arguments by their schema names, and the node's name;
it gives a `Tensor` of the graph or, from constants, an array. What it can not do it says by
raising `Blocked`; the reader collects these and reports all of them at once.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.read import _layout as layout
from iseul.graph.read._layout import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.build import Builder
    from iseul.graph.ir import Shape

    Floats = NDArray[np.float32]
    Arguments = dict[str, Any]

Pair = tuple[int, int]


class Blocked(Exception):
    """What the graph has no op for; reason and remedy for the list that the user sees."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason)


class Translator:
    """The builder, and what handlers need to know of the node at hand."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.out_shape: Shape = ()
        # id of an array -> (the array, so that its id stays its own; the parameter's name)
        self._named: dict[int, tuple[Any, str]] = {}

    def constant(self, array: Floats, name: str) -> str:
        """A float32 constant of the graph; a layer that is called twice has its weights once."""
        data = np.asarray(array, np.float32)
        held = self.builder.values.get(name)
        if held is not None and held.data is not None and np.array_equal(held.data, data):
            return name
        return self.builder.constant(name, data)

    def remember(self, array: Any, name: str) -> None:
        """Constants made from this array take this name."""
        self._named[id(array)] = (array, name)

    def name_of(self, array: Any, default: str) -> str:
        """The parameter's name of an array, or the default."""
        return self._named[id(array)][1] if id(array) in self._named else default


def pair(value: Sequence[int] | int) -> Pair:
    """One or two ints as two."""
    items = [value] if isinstance(value, int) else list(value)
    return (int(items[0]), int(items[-1]))


def _four(x: Any, what: str) -> Tensor:
    if not isinstance(x, Tensor) or len(x.shape) != 4:
        raise Blocked(f"{what} is not (N, C, H, W)", "feed it a value of rank 4")
    return x


def _computed(x: Any) -> Tensor:
    if not isinstance(x, Tensor):
        raise Blocked("its input is a constant", "compute it when the model is built")
    return x


def _array(x: Any, what: str) -> Floats:
    if not isinstance(x, np.ndarray):
        raise Blocked(f"{what} is computed at run time", "make it a parameter or a buffer")
    return x


def _ordered(x: Tensor) -> Tensor:
    if x.order is not None:
        raise Blocked(
            "reads a flattened (C, H, W) value, whose elements stand in another order here",
            "flatten directly before a linear layer, or pool to 1x1 first",
        )
    return x


# --- convolution and linear


def convolution(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _four(a["input"], "the input")
    w = _array(a["weight"], "the weight")
    if a.get("transposed"):
        raise Blocked("is a transposed convolution", "nearest resize and conv2d")
    if w.ndim != 4:
        raise Blocked(f"is a {w.ndim - 2}-D convolution", "conv2d")
    channels, groups = x.shape[1], int(a["groups"])
    stride, dilation = pair(a["stride"]), pair(a["dilation"])
    if groups == 1:
        op, data = "conv2d", w.transpose(0, 2, 3, 1)
    elif groups == channels:
        op, data = "depthwise_conv2d", w.transpose(1, 2, 3, 0)
    else:
        raise Blocked(
            f"has groups = {groups} with {channels} channels, must be 1 or {channels}",
            f"groups = 1 or {channels}",
        )
    inputs = [x.value, t.constant(data, t.name_of(w, f"{name}.weight"))]
    if a["bias"] is not None:
        bias = _array(a["bias"], "the bias")
        inputs.append(t.constant(bias, t.name_of(bias, f"{name}.bias")))
    pads = _conv_pads(a["padding"], (w.shape[2], w.shape[3]), dilation)
    out = t.builder.node(op, inputs, name=name, stride=stride, dilation=dilation, pads=pads)
    return Tensor(out, t.out_shape)


def _conv_pads(padding: Any, kernel: Pair, dilation: Pair) -> tuple[int, int, int, int]:
    if padding == "valid":
        return (0, 0, 0, 0)
    if padding == "same":  # torch puts the odd one at the end
        rows, columns = ((k - 1) * d for k, d in zip(kernel, dilation, strict=True))
        return (rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)
    h, w = pair(padding)
    return (h, h, w, w)


def linear(t: Translator, a: Arguments, name: str) -> Tensor:
    return _linear(t, a["input"], _array(a["weight"], "the weight"), a["bias"], name)


def addmm(t: Translator, a: Arguments, name: str) -> Tensor:
    if a["beta"] != 1 or a["alpha"] != 1:
        raise Blocked(f"has beta = {a['beta']}, alpha = {a['alpha']}", "nn.Linear")
    w = _array(a["mat2"], "the matrix")
    return _linear(t, a["mat1"], _transposed(t, w), a["self"], name)


def matmul(t: Translator, a: Arguments, name: str) -> Tensor:
    w = _array(a.get("mat2", a.get("other")), "the matrix")
    if w.ndim != 2:
        raise Blocked(f"multiplies by an array of rank {w.ndim}", "nn.Linear")
    return _linear(t, a["self"], _transposed(t, w), None, name)


def _transposed(t: Translator, w: Floats) -> Floats:
    turned = np.ascontiguousarray(w.T)
    t.remember(turned, t.name_of(w, "weight"))
    return turned


def _linear(t: Translator, x: Any, w: Floats, bias: Any, name: str) -> Tensor:
    x = _computed(x)
    if len(x.shape) == 4:
        raise Blocked(f"maps the last axis of {x.shape}", "flatten first, or a 1x1 conv2d")
    data = w if x.order is None else w[:, x.order]
    inputs = [x.value, t.constant(data, t.name_of(w, f"{name}.weight"))]
    if bias is not None:
        bias = _array(bias, "the bias")
        inputs.append(t.constant(bias.reshape(-1), t.name_of(bias, f"{name}.bias")))
    keep = len(x.shape) != 2
    return Tensor(t.builder.node("fully_connected", inputs, name=name, keep_dims=keep), t.out_shape)


# --- normalisation and element-wise


def batch_norm(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _computed(a["input"])
    if a.get("training"):
        raise Blocked("normalises with the batch's own statistics", "model.eval() before export")
    if len(x.shape) not in (2, 4):
        raise Blocked(f"normalises {x.shape}", "values of rank 2 or 4")
    mean, variance = _array(a["running_mean"], "mean"), _array(a["running_var"], "variance")
    scale = np.ones_like(mean) if a["weight"] is None else _array(a["weight"], "weight")
    offset = np.zeros_like(mean) if a["bias"] is None else _array(a["bias"], "bias")
    parameters = {"weight": scale, "bias": offset, "running_mean": mean, "running_var": variance}
    return _normalized(t, x, parameters, float(a["eps"]), name)


def batch_norm_legit(t: Translator, a: Arguments, name: str) -> tuple[Tensor, None, None]:
    return (batch_norm(t, a, name), None, None)


def _normalized(
    t: Translator, x: Tensor, parameters: dict[str, Floats], epsilon: float, name: str
) -> Tensor:
    inputs = [x.value]
    for key, array in parameters.items():
        data = array if x.order is None else array[x.order]
        inputs.append(t.constant(data, t.name_of(array, f"{name}.{key}")))
    out = t.builder.node("batch_norm", inputs, name=name, epsilon=epsilon)
    return replace(x, value=out)


def _scaled(t: Translator, x: Tensor, gain: Floats, offset: Floats, name: str) -> Tensor:
    """x * gain + offset per channel: a batch_norm without statistics."""
    parameters = {
        "gain": gain,
        "offset": offset,
        "mean": np.zeros_like(gain),
        "variance": np.ones_like(gain),
    }
    return _normalized(t, x, parameters, 0.0, name)


def _per_channel(x: Tensor, other: Any) -> Floats | None:
    """A number, or an array that broadcasts along the channels of x only, as one per channel."""
    n = x.shape[1] if len(x.shape) == 4 else x.shape[-1]
    array = np.asarray(other, np.float32)
    if array.ndim > len(x.shape):
        return None
    array = array.reshape((1,) * (len(x.shape) - array.ndim) + array.shape)
    axis = 1 if len(x.shape) == 4 else len(x.shape) - 1
    if any(size != 1 for i, size in enumerate(array.shape) if i != axis):
        return None
    return np.broadcast_to(array.reshape(-1), (n,)).copy()


def add(t: Translator, a: Arguments, name: str) -> Tensor | Floats:
    return _sum(t, a["self"], a["other"], float(a.get("alpha", 1)), name)


def subtract(t: Translator, a: Arguments, name: str) -> Tensor | Floats:
    return _sum(t, a["self"], a["other"], -float(a.get("alpha", 1)), name)


def subtract_from(t: Translator, a: Arguments, name: str) -> Tensor | Floats:
    return _sum(t, a["other"], a["self"], -float(a.get("alpha", 1)), name)


def _sum(t: Translator, x: Any, y: Any, factor: float, name: str) -> Tensor | Floats:
    """x + factor * y."""
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        return _sum_of_computed(t, x, y, factor, name)
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        return np.asarray(x + factor * y, np.float32)
    computed, other = (x, y) if isinstance(x, Tensor) else (y, x)
    gain = 1.0 if isinstance(x, Tensor) else factor
    scaled_other = np.asarray(other, np.float32) * np.float32(
        factor if isinstance(x, Tensor) else 1.0
    )
    offset = _per_channel(computed, scaled_other)
    if offset is not None:
        return _scaled(t, computed, np.full_like(offset, gain), offset, name)
    if gain != 1.0 or scaled_other.ndim != len(computed.shape):
        raise Blocked(f"combines {computed.shape} with {scaled_other.shape}", "one per channel")
    constant = t.constant(layout.to_graph(scaled_other), t.name_of(other, f"{name}.constant"))
    out = t.builder.node("add", [_ordered(computed).value, constant], name=name)
    return Tensor(out, t.out_shape)


def _sum_of_computed(t: Translator, x: Tensor, y: Tensor, factor: float, name: str) -> Tensor:
    if factor != 1.0:
        raise Blocked(f"adds {factor} times a computed value, must be 1", "scale the weights")
    if len(x.shape) != len(y.shape):
        raise Blocked(f"adds {x.shape} and {y.shape}, must have equal rank", "reshape one of them")
    same_order = np.array_equal(layout.elements(x), layout.elements(y)) and x.shape == y.shape
    order = x.order if same_order else None
    if order is None and not same_order:
        _ordered(x), _ordered(y)
    return Tensor(t.builder.node("add", [x.value, y.value], name=name), t.out_shape, order)


def multiply(t: Translator, a: Arguments, name: str) -> Tensor | Floats:
    return _product(t, a["self"], a["other"], name)


def divide(t: Translator, a: Arguments, name: str) -> Tensor | Floats:
    if a.get("rounding_mode") is not None:
        raise Blocked("rounds the quotient", "plain division")
    divisor = a["other"]
    if isinstance(divisor, Tensor):
        raise Blocked("divides by a computed value", "divide by a constant")
    return _product(t, a["self"], 1.0 / np.asarray(divisor, np.float64), name)


def _product(t: Translator, x: Any, y: Any, name: str) -> Tensor | Floats:
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        raise Blocked("multiplies two computed values", "multiply by constants only")
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        return np.asarray(x * y, np.float32)
    computed, other = (x, y) if isinstance(x, Tensor) else (y, x)
    gain = _per_channel(computed, other)
    if gain is None:
        raise Blocked(f"scales {computed.shape} by {np.shape(other)}", "one factor per channel")
    return _scaled(t, computed, gain, np.zeros_like(gain), name)


def relu(t: Translator, a: Arguments, name: str) -> Tensor:
    return _elementwise(t, "relu", a["self"], name)


def relu6(t: Translator, a: Arguments, name: str) -> Tensor:
    return _elementwise(t, "relu6", a["self"], name)


def clamp(t: Translator, a: Arguments, name: str) -> Tensor:
    low = a.get("min", a.get("min_val"))
    high = a.get("max", a.get("max_val"))
    if low == 0 and (high is None or high == math.inf):
        return relu(t, a, name)
    if low == 0 and high == 6:
        return relu6(t, a, name)
    raise Blocked(f"clamps to [{low}, {high}], must be [0, inf) or [0, 6]", "nn.ReLU or nn.ReLU6")


def _elementwise(t: Translator, op: str, x: Any, name: str) -> Tensor:
    x = _computed(x)
    return replace(x, value=t.builder.node(op, [x.value], name=name))


def softmax(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _ordered(_computed(a["self"]))
    rank = len(x.shape)
    if layout.graph_axis(a["dim"], rank) != rank - 1:
        raise Blocked(f"runs along axis {a['dim']} of {x.shape}", "the channel axis")
    return _elementwise(t, "softmax", x, name)


def identity(t: Translator, a: Arguments, name: str) -> Any:
    if a.get("train"):
        raise Blocked("drops values at random", "model.eval() before export")
    return a.get("self", a.get("input"))


# --- windows


def max_pool(t: Translator, a: Arguments, name: str) -> Tensor:
    if pair(a["dilation"]) != (1, 1):
        raise Blocked(f"has dilation {a['dilation']}, must be 1", "dilation = 1")
    return _pool(t, "max_pool2d", _four(a["self"], "the input"), a, name)


def max_pool_with_indices(t: Translator, a: Arguments, name: str) -> tuple[Tensor, None]:
    return (max_pool(t, a, name), None)


def average_pool(t: Translator, a: Arguments, name: str) -> Tensor:
    if a["divisor_override"] is not None:
        raise Blocked(f"divides by {a['divisor_override']}", "divisor_override = None")
    x, padding = _four(a["self"], "the input"), pair(a["padding"])
    if any(padding) and a["count_include_pad"]:
        # counted zeros are ordinary input: pad first, then average without padding
        if a["ceil_mode"]:
            raise Blocked("counts padding and rounds its size up", "count_include_pad = False")
        pads = ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0))
        n, c, h, w = x.shape
        value = t.builder.node("pad", [x.value], name=f"{name}.pad", pads=pads)
        x = Tensor(value, (n, c, h + 2 * padding[0], w + 2 * padding[1]))
        a = {**a, "padding": 0}
    return _pool(t, "average_pool2d", x, a, name)


def _pool(t: Translator, op: str, x: Tensor, a: Arguments, name: str) -> Tensor:
    kernel, padding = pair(a["kernel_size"]), pair(a["padding"])
    stride = pair(a["stride"]) if a["stride"] else kernel
    pads: list[int] = []
    for i in range(2):
        reach = (t.out_shape[2 + i] - 1) * stride[i] + kernel[i]
        # rounding the size up (ceil_mode) is padding at the end, which pools leave out
        after = max(padding[i], reach - x.shape[2 + i] - padding[i])
        pads += [padding[i], after]
    out = t.builder.node(
        op, [x.value], name=name, kernel_size=kernel, stride=stride, pads=tuple(pads)
    )
    return Tensor(out, t.out_shape)


def adaptive_average_pool(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _four(a["self"], "the input")
    size = (t.out_shape[2], t.out_shape[3])
    if any(n % m for n, m in zip(x.shape[2:], size, strict=True)):
        raise Blocked(f"averages {x.shape[2:]} to {size}", "an output size that divides the input")
    return _average_to(t, x, size, name)


def _average_to(t: Translator, x: Tensor, size: Pair, name: str) -> Tensor:
    kernel = (x.shape[2] // size[0], x.shape[3] // size[1])
    out = t.builder.node("average_pool2d", [x.value], name=name, kernel_size=kernel, stride=kernel)
    return Tensor(out, (*x.shape[:2], *size))


def mean(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _four(a["self"], "the input")
    axes = sorted(int(axis) % 4 for axis in a["dim"] or ())
    if axes != [2, 3]:
        raise Blocked(f"averages axes {axes}, must be H and W (2, 3)", "dim = (2, 3)")
    pooled = _average_to(t, x, (1, 1), name)
    return pooled if a["keepdim"] else _reshaped(t, pooled, f"{name}.reshape")


def pad(t: Translator, a: Arguments, name: str) -> Tensor:
    x = _ordered(_computed(a["self"]))
    if a.get("mode", "constant") != "constant":
        raise Blocked(f"pads by mode {a['mode']!r}", 'mode = "constant"')
    rank, flat = len(x.shape), [int(n) for n in a["pad"]]
    if any(n < 0 for n in flat):
        raise Blocked(f"crops ({flat})", "pads >= 0")
    pads = [(0, 0)] * rank
    for i in range(len(flat) // 2):  # torch counts axes from the last one
        pads[layout.graph_axis(-1 - i, rank)] = (flat[2 * i], flat[2 * i + 1])
    value = float(a["value"] or 0.0)
    out = t.builder.node("pad", [x.value], name=name, pads=tuple(pads), value=value)
    return Tensor(out, t.out_shape)


# --- shape


def reshape(t: Translator, a: Arguments, name: str) -> Any:
    x = a.get("self", a.get("input"))
    if isinstance(x, np.ndarray):
        return x.reshape(t.out_shape)
    return _reshaped(t, _computed(x), name)


def _reshaped(t: Translator, x: Tensor, name: str) -> Tensor:
    moved = layout.reshaped(x, t.out_shape, "")
    if moved is None:
        raise Blocked(
            f"reshapes {x.shape} to {t.out_shape}, which moves elements in NHWC",
            "flatten to (N, F) before a linear layer",
        )
    shape = layout.graph_shape(t.out_shape)
    return replace(moved, value=t.builder.node("reshape", [x.value], name=name, shape=shape))


def permute(t: Translator, a: Arguments, name: str) -> Any:
    x = a["self"]
    if isinstance(x, np.ndarray):
        axes = a.get("dims") or (
            _swapped(x.ndim, a["dim0"], a["dim1"]) if "dim0" in a else range(x.ndim)[::-1]
        )
        turned = x.transpose(tuple(axes))
        t.remember(turned, t.name_of(x, "constant"))
        return turned
    raise Blocked("turns the axes of a computed value", "keep (N, C, H, W) throughout")


def _swapped(rank: int, i: int, j: int) -> list[int]:
    axes = list(range(rank))
    axes[i], axes[j] = axes[j], axes[i]
    return axes


HANDLERS: dict[str, Callable[[Translator, Arguments, str], Any]] = {
    "conv2d": convolution,
    "convolution": convolution,
    "linear": linear,
    "addmm": addmm,
    "mm": matmul,
    "matmul": matmul,
    "batch_norm": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm_legit,
    "add": add,
    "sub": subtract,
    "rsub": subtract_from,
    "mul": multiply,
    "div": divide,
    "relu": relu,
    "relu6": relu6,
    "hardtanh": clamp,
    "clamp": clamp,
    "clamp_min": clamp,
    "softmax": softmax,
    "_softmax": softmax,
    "max_pool2d": max_pool,
    "max_pool2d_with_indices": max_pool_with_indices,
    "avg_pool2d": average_pool,
    "adaptive_avg_pool2d": adaptive_average_pool,
    "_adaptive_avg_pool2d": adaptive_average_pool,
    "mean": mean,
    "pad": pad,
    "constant_pad_nd": pad,
    "view": reshape,
    "_unsafe_view": reshape,
    "reshape": reshape,
    "flatten": reshape,
    "squeeze": reshape,
    "unsqueeze": reshape,
    "permute": permute,
    "transpose": permute,
    "t": permute,
    "dropout": identity,
    "dropout_": identity,
    "feature_dropout": identity,
    "alias": identity,
    "clone": identity,
    "contiguous": identity,
    "detach": identity,
    "lift_fresh_copy": identity,
}

# What to use instead of common layers that have no counterpart; for the rest: "replace the layer"
INSTEAD = {
    "group_norm": "nn.BatchNorm2d, which folds into the weights",
    "instance_norm": "nn.BatchNorm2d, which folds into the weights",
    "layer_norm": "nn.BatchNorm1d, which folds into the weights",
    "gelu": "nn.ReLU",
    "silu": "nn.ReLU",
    "hardswish": "nn.ReLU6",
    "leaky_relu": "nn.ReLU",
    "elu": "nn.ReLU",
    "log_softmax": "leave it out: the loss can take logits",
}
