# SPDX-License-Identifier: Apache-2.0
"""Runs a package as a WebAssembly module in wasmtime: the very instructions that browsers get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ToolError
from iseul.device import _wasm
from iseul.device._run import Run, rooms_of
from iseul.device._toolchain import Compiler, find_wasm_compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.numerics import Array

CORES = ("wasm32",)
find = find_wasm_compiler


def versions() -> dict[str, str]:
    """What a measurement depends on besides the compiler."""
    return {"wasmtime": _wasm.engine_version()}


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
    rooms = rooms_of(package, inputs, trace)
    last = len(package.steps)

    def copy(step: int) -> None:
        for name, place in rooms.where.items():
            if place.step == step:
                start = instance.states if step == last else instance.arena
                data = instance.read(start + place.offset, place.n_bytes)
                to = rooms.traced[name][s]
                to[...] = np.frombuffer(data, to.dtype).reshape(to.shape)

    path = _wasm.link(package, compiler, traced=bool(rooms.where))
    instance = _wasm.Instance(package, path, copy if rooms.where else None)
    for s in range(rooms.n):
        if not stateful or s == 0:
            instance.call("reset")
        instance.write_inputs([x[s] for x in rooms.inputs])
        instance.invoke()
        copy(last)
        for output, got in zip(rooms.outputs, instance.read_outputs(), strict=True):
            output[s] = got
    return rooms.run()


def selftest(package: Package, compiler: Compiler | None = None) -> int:
    """The package's own self-test: 0, or 1 + index of the first differing node."""
    instance = _wasm.Instance(package, _wasm.link(package, compiler, selftest=True))
    return instance.call("selftest")


__all__ = ["CORES", "available", "find", "run", "selftest", "versions"]
