# SPDX-License-Identifier: Apache-2.0
"""Single ops against TensorFlow Lite Micro itself: random models, the same bytes.

The cases reach what the third-party corpus does not: dilation, depth multipliers, broadcasting,
odd paddings, every fused activation, unequal quantization.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from iseul.graph.interpret import initial_state, interpret
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read import tflite
from tflm import Make, Single, all_singles
from unit._runtimes import Interpreter, missing

pytestmark = pytest.mark.skipif(missing("tflm") is not None, reason=str(missing("tflm")))

N_SEEDS = 8
SINGLES = all_singles()


def drawn(single: Single, index: int, rng: np.random.Generator) -> np.ndarray:
    """A random array for an input: floats normally distributed, integers over their range."""
    if index in single.given:
        return single.given[index]
    fields = single.model.tensors[index]
    shape = fields[schema.Tensor.SHAPE][2]
    dtype = schema.TENSOR_TYPES[fields[schema.Tensor.TYPE][1]]
    if dtype == "float32":
        return rng.normal(0, single.largest, shape).astype(np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("seed", range(N_SEEDS))
@pytest.mark.parametrize("name", SINGLES)
def test_single_op_equals_tflite_micro(tmp_path: Path, name: str, seed: int) -> None:
    make: Make = SINGLES[name]
    rng = np.random.default_rng([2024, zlib.crc32(name.encode()), seed])
    single = make(rng)
    data = single.model.encode(single.inputs, single.outputs)
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    graph = tflite.read(path)
    if missing(single.runtime) is not None:
        pytest.skip(str(missing(single.runtime)))
    judge = Interpreter(single.runtime, data, len(single.outputs))
    state = initial_state(graph)
    for _ in range(single.steps):
        inputs = [drawn(single, index, rng) for index in single.inputs]
        expected = judge.run(inputs)
        result = interpret(graph, inputs, state)
        state = dict(result.state)
        assert len(result.outputs) == len(single.outputs)
        for got, want in zip(result.outputs, expected, strict=True):
            assert (got.dtype, got.shape) == (want.dtype, want.shape)
            if got.dtype.kind == "f" and single.rtol:
                unit = max(1.0, float(np.abs(want[np.isfinite(want)]).max(initial=0)))
                np.testing.assert_allclose(got, want, rtol=0, atol=single.rtol * unit)
            else:
                np.testing.assert_array_equal(got, want)
