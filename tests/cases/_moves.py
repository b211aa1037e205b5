# SPDX-License-Identifier: Apache-2.0
"""What the cases of ops that move values share: inputs of every number kind, and their texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cases._case import Array, Net, Shape, quant

KINDS = ("int8", "int16", "float32", "int32", "int64", "bool")


def value(net: Net, shape: Shape, kind: str = "int8", name: str = "x") -> str:
    """An input of a number kind; int8 and int16 stand for reals."""
    if kind == "int8":
        return net.int8(shape, 0.05, -7, name)
    if kind == "int16":
        return net.input(name, shape, "int16", quant(0.001))
    return net.input(name, shape, kind)  # type: ignore[arg-type]


def fixed(net: Net, shape: Shape, kind: str = "int8", name: str = "c") -> str:
    """A random constant of the kind and quantization of `value`."""
    if kind == "float32":
        return net.reals(name, shape)
    dtype = np.dtype(kind)
    limits = (0, 1) if kind == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    data = net.random.integers(*limits, shape, endpoint=True).astype(dtype)
    scales = {"int8": quant(0.05, -7), "int16": quant(0.001)}
    return net.constant(name, data, quant=scales.get(kind))


def gather(shape: Shape, source: Array, place: Callable[[Shape], Shape | None]) -> Array:
    """An output each of whose elements stands in the source at `place(index)`.

    Where that is None it stays 0.
    """
    result = np.zeros(shape, object)
    for index in np.ndindex(shape):
        at = place(index)
        if at is not None:
            result[index] = source[at].item()
    return result
