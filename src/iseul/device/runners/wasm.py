# SPDX-License-Identifier: Apache-2.0
"""Runs a package as a WebAssembly module in wasmtime: the very instructions that browsers get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ToolError
from iseul.device import _wasm
from iseul.device._run import (
    Run,
    checked_inputs,
    empty,
    places,
    values_of,
    values_without_place,
)
from iseul.device._toolchain import Compiler, find_wasm_compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.numerics import Array

CORES = ("wasm32",)


def available() -> str | None:
    """None, or why modules can not be built or run here."""
    try:
        find_wasm_compiler()
    except ToolError as error:
        return str(error)
    return _wasm.missing()


def run(
    package: Package,
    inputs: Sequence[Array],
    *,
    trace: Sequence[str] = (),
    stateful: bool = False,
    compiler: Compiler | None = None,
) -> Run:
    """Run samples. inputs: one (n, *shape) array per graph input.

    trace:    values to return besides the outputs
    stateful: samples are consecutive steps; else state starts fresh for each

    Raises ToolError if the module does not build, traps, or returns a code.
    """
    arrays = checked_inputs(package, inputs)
    n = len(arrays[0]) if arrays else 1
    graph = package.graph
    outputs = [empty(value, n) for value in values_of(package, graph.outputs)]
    where = places(package, trace)
    values = values_without_place(package, trace, arrays)
    values |= {v.name: empty(v, n) for v in values_of(package, list(where))}
    last = len(package.steps)

    def copy(step: int) -> None:
        for name, place in where.items():
            if place.step == step:
                start = instance.states if step == last else instance.arena
                data = instance.read(start + place.offset, place.n_bytes)
                to = values[name][s]
                values[name][s] = np.frombuffer(data, to.dtype).reshape(to.shape)

    path = _wasm.link(package, compiler, traced=bool(where))
    instance = _wasm.Instance(package, path, copy if where else None)
    for s in range(n):
        if not stateful or s == 0:
            instance.call("reset")
        instance.write_inputs([x[s] for x in arrays])
        instance.invoke()
        copy(last)
        for output, got in zip(outputs, instance.read_outputs(), strict=True):
            output[s] = got
    return Run(outputs, values)


def selftest(package: Package, compiler: Compiler | None = None) -> int:
    """The package's own self-test: 0, or 1 + index of the first differing node."""
    instance = _wasm.Instance(package, _wasm.link(package, compiler, selftest=True))
    return instance.call("selftest")


__all__ = ["CORES", "available", "run", "selftest"]
