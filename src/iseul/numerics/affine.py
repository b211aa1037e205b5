# SPDX-License-Identifier: Apache-2.0
"""Affine quantization: real = scale * (q - zero_point), per tensor or per channel.

Jacob et al.: Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, CVPR 2018. Rounding follows TensorFlow Lite Micro:
half away from zero, computed in float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.numerics import Array

Activation = Literal["none", "relu", "relu6", "relu_n1_to_1", "relu_0_to_1"]

INTEGER_RANGE: dict[str, tuple[int, int]] = {
    "int4": (-8, 7),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}

_REAL_RANGE: dict[Activation, tuple[float, float]] = {
    "none": (-np.inf, np.inf),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
    "relu_0_to_1": (0.0, 1.0),
}


@dataclass(frozen=True)
class Quantization:
    """real = scale * (q - zero_point).

    scale:      one number (per tensor) or one per channel; each is exactly a float32 > 0
    zero_point: as many integers as scales
    axis:       the channel axis when there are several scales, else None
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    def __post_init__(self) -> None:
        if len(self.scale) != len(self.zero_point):
            raise ShapeError(
                f"quantization has {len(self.scale)} scales and {len(self.zero_point)} zero points;"
                " both must be as many"
            )
        if not all(np.isfinite(s) and s > 0 for s in self.scale):
            raise ShapeError(f"quantization scale {min(self.scale)} must be finite and > 0")

    @property
    def per_channel(self) -> bool:
        return self.axis is not None

    def scales(self, rank: int) -> NDArray[np.float32]:
        """Scales shaped to broadcast against an array of this rank."""
        return _along(np.array(self.scale, np.float32), self.axis, rank)

    def zero_points(self, rank: int) -> NDArray[np.int64]:
        """Zero points shaped to broadcast against an array of this rank."""
        return _along(np.array(self.zero_point, np.int64), self.axis, rank)


def per_tensor(scale: float, zero_point: int = 0) -> Quantization:
    """One scale and zero point; the scale is rounded to float32."""
    return Quantization((float(np.float32(scale)),), (int(zero_point),))


def per_channel(scale: Sequence[float] | NDArray[np.floating], axis: int) -> Quantization:
    """Symmetric quantization with one scale per channel (zero points 0)."""
    scales = tuple(float(np.float32(s)) for s in scale)
    return Quantization(scales, (0,) * len(scales), axis)


def _along(values: Array, axis: int | None, rank: int) -> Array:
    if axis is None:
        return values.reshape(())
    return values.reshape([-1 if i == axis else 1 for i in range(rank)])


def round_half_away(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Round to nearest, ties away from zero, as C's `round`.

    The fraction is taken first: it is exact, while x + 0.5 is not (0.49999997 would become 1).
    """
    whole = np.trunc(x)
    away = (np.abs(x - whole) >= 0.5).astype(x.dtype)
    return whole + np.copysign(away, x)


def quantize(x: NDArray[np.floating], q: Quantization, dtype: str) -> NDArray[np.integer]:
    """Reals to integers: round_half_away(x / scale) + zero_point, saturated to the dtype.

    Division and rounding are float32 operations, as TensorFlow Lite Micro's QUANTIZE.
    """
    low, high = INTEGER_RANGE[dtype]
    with np.errstate(over="ignore", invalid="ignore"):  # infinite where the scale is tiny
        ratio = np.asarray(x, np.float32) / q.scales(np.ndim(x))
        # float32 holds every integer of these ranges but the ends of int32: clip in float64
        rounded = round_half_away(ratio).astype(np.float64) + q.zero_points(np.ndim(x))
    return np.clip(rounded, low, high).astype(storage(dtype))


def dequantize(x: NDArray[np.integer], q: Quantization) -> NDArray[np.float32]:
    """Integers to reals in float32: scale * (q - zero_point)."""
    centred = np.asarray(x, np.int64) - q.zero_points(np.ndim(x))
    with np.errstate(over="ignore"):  # infinite where the scale is huge
        return (q.scales(np.ndim(x)) * centred.astype(np.float32)).astype(np.float32)


def storage(dtype: str) -> np.dtype:
    """numpy dtype that holds values of an IR dtype in memory; int4 is kept in int8."""
    return np.dtype("int8" if dtype == "int4" else dtype)


def pack_nibbles(x: NDArray[np.integer]) -> NDArray[np.uint8]:
    """int4 elements two to a byte, in order, the first in the low half; 0 fills the last byte."""
    flat = x.reshape(-1).astype(np.int8).view(np.uint8) & np.uint8(0x0F)
    flat = np.append(flat, np.zeros(flat.size % 2, np.uint8))
    return flat[0::2] | (flat[1::2] << np.uint8(4))


def unpack_nibbles(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """The int4 elements of bytes, two each."""
    elements = np.empty(2 * packed.size, np.int8)
    elements[0::2] = (packed << np.uint8(4)).view(np.int8) >> 4
    elements[1::2] = packed.view(np.int8) >> 4
    return elements


def activation_range(activation: Activation, q: Quantization, dtype: str) -> tuple[int, int]:
    """Integer clamp of a fused activation for an output of this quantization.

    Computed in float32 as TensorFlow Lite Micro's CalculateActivationRangeQuantized.
    """
    low, high = INTEGER_RANGE[dtype]
    real_low, real_high = _REAL_RANGE[activation]
    if np.isfinite(real_low):
        low = max(low, _to_integer(real_low, q))
    if np.isfinite(real_high):
        high = min(high, _to_integer(real_high, q))
    return low, high


def real_range(activation: Activation) -> tuple[float, float]:
    """Clamp of an activation on real numbers; infinite where it does not clamp."""
    return _REAL_RANGE[activation]


def _to_integer(real: float, q: Quantization) -> int:
    with np.errstate(over="ignore"):
        ratio = np.clip(np.float32(real) / np.float32(q.scale[0]), -(2.0**40), 2.0**40)
    return int(round_half_away(np.array(ratio))) + q.zero_point[0]
