# SPDX-License-Identifier: Apache-2.0
"""Cases of lookup."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net, every_int8, quant
from cases._scalar import Op


def _table(net: Net) -> str:
    return net.constant("table", net.random.integers(-128, 128, 256).astype(np.int8))


def _all(net: Net) -> str:
    return _lookup(net, (1, 256), (0.05, -3), (0.1, 7))


def _image(net: Net) -> str:
    return _lookup(net, (1, 5, 3, 7), (0.05, 0), (0.02, -128))


def _lookup(
    net: Net, shape: tuple[int, ...], first: tuple[float, int], last: tuple[float, int]
) -> str:
    x = net.int8(shape, *first)
    of_x, of_y = quant(*first), quant(*last)
    attrs = {
        "in_scale": of_x.scale[0],
        "in_zero_point": of_x.zero_point[0],
        "scale": of_y.scale[0],
        "zero_point": of_y.zero_point[0],
    }
    return net.node("lookup", [x, _table(net)], quant=of_y, **attrs)


CASES = (
    Case("lookup/all integers", _all, feed=every_int8(1)),
    Case("lookup/image, odd size", _image),
)


def scalar(op: Op) -> np.ndarray:
    """Entry q + 128."""
    table = op.x[1].tolist()
    flat = [table[q + 128] for q in op.x[0].ravel().tolist()]
    return np.array(flat).reshape(op.out.shape)
