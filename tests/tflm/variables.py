# SPDX-License-Identifier: Apache-2.0
"""Random programs of variables: reads, writes and sums, several invokes in a row."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.random import Generator

from iseul.graph.read._tflite.variable import CallOnceOptions, VarHandleOptions
from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model

NAMES = ("first", "second", "third")


def handle(net: Model, name: str) -> int:
    """The number of a tensor that stands for a variable."""
    tensor = net.tensor((1,), "resource")
    options = {
        VarHandleOptions.CONTAINER: ("str", ""),
        VarHandleOptions.SHARED_NAME: ("str", name),
    }
    net.operator("VAR_HANDLE", [], [tensor], options, VarHandleOptions.UNION)
    return tensor


def variables(rng: Generator, kind: str) -> Single:
    net = Model()
    shape = (1, *a_shape(rng, 2, 5))
    quant = {}
    if kind != "float32":
        zero = a_zero_point(rng) if kind == "int8" else 0
        quant = {"scale": a_scale(rng), "zero_point": zero}

    def tensor(net: Model = net, **more) -> int:
        if quant and rng.random() < 0.1:  # copied without a look at its quantization
            return net.tensor(shape, kind, **(quant | {"scale": a_scale(rng)}), **more)
        return net.tensor(shape, kind, **quant, **more)

    def constant() -> np.ndarray:
        reach = {"float32": 2, "int8": 127, "int16": 32767}[kind]
        return rng.uniform(-reach, reach, shape)

    x = tensor()
    initialised = [name for name in NAMES if rng.random() < 0.5]
    if initialised:
        first = net.subgraph()
        for name in initialised:
            value = tensor(first, data=constant())
            first.operator("ASSIGN_VARIABLE", [handle(first, name), value], [], {}, 113)
        options = {CallOnceOptions.INIT_SUBGRAPH_INDEX: ("i4", len(net.called))}
        net.operator("CALL_ONCE", [], [], options, CallOnceOptions.UNION)
    handles = {name: [handle(net, name)] for name in NAMES}
    values, assigned = [x], set(initialised)
    for _ in range(int(rng.integers(4, 12))):
        name = str(rng.choice(NAMES))
        if rng.random() < 0.2:
            handles[name].append(handle(net, name))
        number = int(rng.choice(handles[name]))
        what = rng.integers(3)
        if what == 0:
            net.operator("ASSIGN_VARIABLE", [number, int(rng.choice(values))], [], {}, 113)
            assigned.add(name)
            continue
        inputs = [number] if what == 1 else [int(i) for i in rng.choice(values, 2)]
        values.append(tensor())
        net.operator(
            *(
                ("READ_VARIABLE", inputs, values[-1:], {}, 112)
                if what == 1
                else _add(inputs, values)
            )
        )
    for name in NAMES:  # the reference gives no memory to what is never assigned
        if name not in assigned:
            net.operator("ASSIGN_VARIABLE", [handles[name][0], values[-1]], [], {}, 113)
    values.append(tensor())
    net.operator(*_add(values[-2:-1] * 2, values))
    return Single(net, [x], [values[-1]], rtol=1e-6, steps=5, largest=1.0)


def _add(inputs: list[int], values: list[int]) -> tuple:
    return "ADD", inputs, values[-1:], {0: ("i1", 0)}, 11


CASES = {
    f"variables {kind}": partial(variables, kind=kind) for kind in ("int8", "int16", "float32")
}
