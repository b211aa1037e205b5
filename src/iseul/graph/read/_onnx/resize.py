# SPDX-License-Identifier: Apache-2.0
"""Resize and Upsample of images, nearest and bilinear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _window as windows
from iseul.graph.read._onnx._layout import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Shape
    from iseul.graph.read._onnx._translate import Call, Translator

_COORDINATES = {
    "asymmetric": "asymmetric",
    "half_pixel": "half_pixel",
    "pytorch_half_pixel": "half_pixel",
    "half_pixel_symmetric": "half_pixel",
    "align_corners": "align_corners",
}
_ROUNDING = {
    "floor": "down",
    "ceil": "up",
    "round_prefer_floor": "half_down",
    "round_prefer_ceil": "half_up",
}
_REMEDY = "sizes that are whole multiples, or coordinate_transformation_mode half_pixel"


def resize(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    mode = c.attributes.text("mode", "nearest")
    if c.opset < 11:  # two inputs, asymmetric
        shape, scales = _scaled(x.shape, _reals(c, 1)), _reals(c, 1)
        return _image(t, c, x, shape, scales, mode, "asymmetric", "floor")
    if c.attributes.integer("antialias", 0):
        raise UnsupportedError("smooths while it shrinks (antialias)", "antialias = 0")
    coordinates = c.attributes.text("coordinate_transformation_mode", "half_pixel")
    nearest = c.attributes.text("nearest_mode", "round_prefer_floor")
    shape, scales = _target(c, x.shape)
    return _image(t, c, x, shape, scales, mode, coordinates, nearest)


def upsample(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    scales = _reals(c, 1) if c.has(1) else list(c.attributes.reals("scales") or ())
    mode = c.attributes.text("mode", "nearest")
    return _image(t, c, x, _scaled(x.shape, scales), scales, mode, "asymmetric", "floor")


def _reals(c: Call, i: int) -> list[float]:
    return [float(n) for n in c.constant(i, "the scales").data.reshape(-1)]


def _scaled(shape: Shape, scales: Sequence[float]) -> Shape:
    if len(scales) != len(shape) or any(not 0 < s < 1 << 20 for s in scales):
        raise DataError(f"corrupt: scales {list(scales)[:9]} for {shape}")
    # the product is a float32, as ONNX Runtime's
    return tuple(int(np.float32(n) * np.float32(s)) for n, s in zip(shape, scales, strict=True))


def _target(c: Call, shape: Shape) -> tuple[Shape, list[float]]:
    """Output shape and scales, from either; `axes` says to which axes they belong."""
    axes = c.attributes.integers("axes") or tuple(range(len(shape)))
    axes = tuple(c.axis(axis, len(shape)) for axis in axes)
    scales, sizes = [1.0] * len(shape), list(shape)
    if c.has(3) and c.operand(3).shape != (0,):
        wanted = c.integers(3, "the sizes")
        if c.attributes.text("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise UnsupportedError("keeps the aspect ratio", "keep_aspect_ratio_policy = stretch")
        if len(wanted) != len(axes) or any(n < 1 for n in wanted):
            raise DataError(f"corrupt: {c.node.where} has sizes {list(wanted)[:9]} for {shape}")
        for axis, n in zip(axes, wanted, strict=True):
            scales[axis], sizes[axis] = n / shape[axis], n
        return tuple(sizes), scales
    stated = _reals(c, 2)
    if len(stated) != len(axes):
        raise DataError(f"corrupt: {c.node.where} has scales {stated[:9]} for {shape}")
    for axis, scale in zip(axes, stated, strict=True):
        scales[axis] = scale
    return _scaled(shape, scales), scales


def _image(
    t: Translator,
    c: Call,
    x: Tensor,
    shape: Shape,
    scales: Sequence[float],
    mode: str,
    coordinates: str,
    nearest: str,
) -> Tensor:
    if shape == x.shape:
        return x
    if x.rank not in (3, 4) or shape[:2] != x.shape[:2]:
        raise UnsupportedError(f"resizes {x.shape} to {shape}", "resize H and W of (N, C, H, W)")
    if any(n < 1 for n in shape):
        raise UnsupportedError(f"makes an empty image {shape}", "larger scales")
    exact = all(abs(n * s - m) < 1e-3 for n, m, s in zip(x.shape, shape, scales, strict=True))
    if not exact:  # positions follow the scales, not the sizes
        raise UnsupportedError(f"scales {x.shape} by {list(scales)[2:]} to {shape}", _REMEDY)
    if coordinates not in _COORDINATES:
        raise UnsupportedError(f"has coordinates {coordinates[:30]!r}", "half_pixel or asymmetric")
    size = (1, shape[2]) if x.rank == 3 else (shape[2], shape[3])
    if coordinates == "pytorch_half_pixel" and 1 in shape[2:] and 1 not in x.shape[2:]:
        raise UnsupportedError("shrinks an axis to 1 with pytorch_half_pixel", "half_pixel")
    attrs: dict[str, Any] = {"size": size, "coordinates": _COORDINATES[coordinates]}
    if mode == "nearest":
        attrs["rounding"] = _ROUNDING.get(nearest, "")
        value = t.node("resize_nearest", [windows.nhwc(t, x)], c.name, **attrs)
    elif mode in ("linear", "bilinear"):
        attrs |= _of_integers(t, c, x)
        value = t.node("resize_bilinear", [windows.nhwc(t, x)], c.name, **attrs)
    else:
        raise UnsupportedError(f"interpolates by mode {mode[:20]!r}", "nearest or linear")
    return windows.from_nhwc(t, x, value, c.name)


def _of_integers(t: Translator, c: Call, x: Tensor) -> dict[str, Any]:
    """Attributes and quantization of a bilinear resize of int8 values."""
    held = t.value(x.value)
    if held.dtype != "int8":
        return {}
    if x.role == "integer":
        return {"requantization": "float", "quant": held.quant, "offset": 128}
    return {"requantization": "float", "quant": c.wanted}


def resize_of_integers(t: Translator, c: Call) -> Tensor | None:
    """Nearest neighbours are moved; linear ones are made of reals, or of the file's uint8."""
    entry = upsample if c.node.op == "Upsample" else resize
    if c.attributes.text("mode", "nearest") == "nearest":
        return entry(t, c)
    x = c.operand(0)
    if not isinstance(x, Tensor) or t.value(x.value).dtype != "int8":
        return None
    is_moved = x.role == "integer" and x.unsigned
    is_made = x.role == "real" and c.wanted is not None and t.value(x.value).quant is not None
    return entry(t, c) if is_moved or is_made else None


CONVERTERS = {"Resize": resize, "Upsample": upsample}
INTEGERS = {"Resize": resize_of_integers, "Upsample": resize_of_integers}
