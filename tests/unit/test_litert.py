# SPDX-License-Identifier: Apache-2.0
"""Number kinds that TensorFlow Lite Micro does not have, against LiteRT's reference kernels.

Random one-op models, the same bytes; floats within a tolerance. LiteRT is asked for its
`BUILTIN_REF` kernels: no delegate, no optimized ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator

from iseul.graph.interpret import interpret
from iseul.graph.read import tflite
from tflm._draw import Single, a_scale, a_shape, a_zero_point
from tflm.unary import activation, each, shape_of
from unit._runtimes import Interpreter, missing
from unit._tflite_bytes import Model
from unit.test_tflm import drawn

pytestmark = pytest.mark.skipif(missing("litert") is not None, reason=str(missing("litert")))

N_SEEDS = 6

Make = Callable[[Generator], Single]


def behind_abs(rng: Generator, kind: str, dtype: str) -> Single:
    """SQRT stops at negative reals: an ABS of zero point 0 stands before it."""
    net, shape = Model(), shape_of(rng, dtype)
    scale = {"scale": a_scale(rng, 1e-4, 10.0), "zero_point": 0}
    x, absolute = (activation(rng, net, dtype, shape, **scale) for _ in range(2))
    y = activation(rng, net, dtype, shape, scales=(1e-3, 1.0))
    net.operator("ABS", [x], [absolute])
    net.operator(kind, [absolute], [y])
    return Single(net, [x], [y])


def gelu(rng: Generator, dtype: str, approximate: bool) -> Single:
    net, shape = Model(), shape_of(rng, dtype)
    scales = (1e-3, 0.2) if dtype == "int8" else (1e-5, 1e-3)
    x, y = (activation(rng, net, dtype, shape, scales=scales) for _ in range(2))
    net.operator("GELU", [x], [y], {0: ("u1", int(approximate))}, 116)
    return Single(net, [x], [y], 2e-6 if dtype == "float32" else 0.0, largest=2.0)


def neg(rng: Generator, dtype: str) -> Single:
    quant = {"scale": a_scale(rng), "zero_point": 0}
    if dtype != "int32":
        return each(rng, "NEG", dtype, first=quant, last=quant)
    net = Model()
    x, y = (net.tensor((3, 50), dtype) for _ in range(2))
    net.operator("NEG", [x], [y])
    return Single(net, [x], [y])


def plain(rng: Generator, kind: str, dtype: str) -> Single:
    net, shape = Model(), a_shape(rng, 3, 6)
    x, y = (net.tensor(shape, dtype) for _ in range(2))
    net.operator(kind, [x], [y])
    return Single(net, [x], [y], largest=2.0)


def arg(rng: Generator, kind: str, dtype: str, last: str) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 7)
    axis = int(rng.integers(-rank, rank))
    quant = {"scale": a_scale(rng), "zero_point": a_zero_point(rng)} if dtype == "int8" else {}
    x = net.tensor(shape, dtype, **quant)
    at = net.tensor((1,), "int32", data=[axis])
    y = net.tensor(tuple(n for i, n in enumerate(shape) if i != axis % rank), last)
    options = {0: ("i1", {"int32": 2, "int64": 4}[last])}
    net.operator(kind, [x, at], [y], options, {"ARG_MAX": 40, "ARG_MIN": 57}[kind])
    return Single(net, [x], [y])


def cumsum(rng: Generator) -> Single:
    net, rank = Model(), int(rng.integers(1, 4))
    shape = a_shape(rng, rank, 9)
    x, y = (net.tensor(shape, "int32") for _ in range(2))
    at = net.tensor((1,), "int32", data=[int(rng.integers(-rank, rank))])
    options = {i: ("u1", int(rng.integers(2))) for i in range(2)}
    net.operator("CUMSUM", [x, at], [y], options, 102)
    return Single(net, [x], [y])


def cast(rng: Generator) -> Single:
    """Kinds that TensorFlow Lite Micro does not cast."""
    first, last = (str(kind) for kind in rng.choice(["int64", "uint8", "int32", "float32"], 2))
    net, shape = Model(), a_shape(rng, 3, 9)
    x, y = net.tensor(shape, first), net.tensor(shape, last)
    net.operator("CAST", [x], [y])
    return Single(net, [x], [y], largest=200.0)


CASES: dict[str, Make] = {
    **{
        f"{kind.lower()} {dtype}": partial(each, kind=kind, dtype=dtype, largest=1.0)
        for kind in ("RELU_N1_TO_1", "RELU_0_TO_1")
        for dtype in ("float32", "int8")
    },
    "exp int8": partial(each, kind="EXP", dtype="int8", first={"scales": (1e-3, 0.05)}),
    "exp int16": partial(
        each, kind="EXP", dtype="int16", first={"scales": (1e-5, 3e-4)}, last={"scales": (1e-4, 1)}
    ),
    "log int8": partial(each, kind="LOG", dtype="int8", last={"scales": (1e-2, 0.3)}),
    "log int16": partial(each, kind="LOG", dtype="int16", last={"scales": (1e-4, 1e-2)}),
    **{
        f"sqrt {dtype}": partial(behind_abs, kind="SQRT", dtype=dtype)
        for dtype in ("int8", "int16")
    },
    **{
        f"gelu {dtype} {approximate}": partial(gelu, dtype=dtype, approximate=approximate)
        for dtype in ("float32", "int8", "int16")
        for approximate in (False, True)
    },
    **{f"neg {dtype}": partial(neg, dtype=dtype) for dtype in ("int8", "int16", "int32")},
    "abs int32": partial(plain, kind="ABS", dtype="int32"),
    "sign": partial(plain, kind="SIGN", dtype="float32"),
    **{
        f"{kind.lower()} {dtype} {last}": partial(arg, kind=kind, dtype=dtype, last=last)
        for kind in ("ARG_MAX", "ARG_MIN")
        for dtype, last in (("int8", "int64"), ("float32", "int64"), ("int32", "int32"))
    },
    "cumsum int32": cumsum,
    "cast": cast,
}


# ops whose first version is their only one
_FIRST = ("neg", "relu_n1_to_1", "relu_0_to_1", "cumsum")


def reference(data: bytes, inputs: list[np.ndarray], single: Single) -> list[np.ndarray]:
    """LiteRT's outputs."""
    return Interpreter("litert", data, len(single.outputs)).run(inputs)


@pytest.mark.parametrize("seed", range(N_SEEDS))
@pytest.mark.parametrize("name", CASES)
def test_single_op_equals_litert(tmp_path: Path, name: str, seed: int) -> None:
    rng = np.random.default_rng([2025, zlib.crc32(name.encode()), seed])
    single = CASES[name](rng)
    for code in single.model.codes:  # versions that LiteRT has of these ops
        code[2] = ("i4", 1 if name.split(maxsplit=1)[0] in _FIRST else 2)
    data = single.model.encode(single.inputs, single.outputs)
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    graph = tflite.read(path)
    inputs = [drawn(single, index, rng) for index in single.inputs]
    with np.errstate(all="ignore"):
        result = interpret(graph, inputs)
    for got, want in zip(result.outputs, reference(data, inputs, single), strict=True):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        # tables of int16: LiteRT's erfc and tanh are those of its C library, ours are rounded once
        allowed = 1 if name.startswith("gelu int16") else single.rtol
        np.testing.assert_allclose(got, want, rtol=0, atol=allowed)
