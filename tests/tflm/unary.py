# SPDX-License-Identifier: Apache-2.0
"""Random operations on each value alone."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_zero_point
from unit._tflite_bytes import Model


def elementwise(rng: Generator, kind: str) -> Single:
    net = Model()
    quant = {"scale": a_scale(rng, 1e-2), "zero_point": a_zero_point(rng)}
    other = {"scale": a_scale(rng, 1e-2), "zero_point": a_zero_point(rng)}
    shape = (1, 256)
    x = net.tensor(shape, "float32") if kind == "QUANTIZE" else net.tensor(shape, **quant)
    if kind == "DEQUANTIZE":
        y = net.tensor(shape, "float32")
    else:  # ReLU6 keeps its quantization
        y = net.tensor(shape, **(quant if kind == "RELU6" else other))
    net.operator("QUANTIZE" if kind == "REQUANTIZE" else kind, [x], [y])
    return Single(net, [x], [y])


CASES = {
    "quantize": lambda rng: elementwise(rng, "QUANTIZE"),
    "requantize": lambda rng: elementwise(rng, "REQUANTIZE"),
    "dequantize": lambda rng: elementwise(rng, "DEQUANTIZE"),
    "relu": lambda rng: elementwise(rng, "RELU"),
    "relu6": lambda rng: elementwise(rng, "RELU6"),
}
