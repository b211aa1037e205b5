# SPDX-License-Identifier: Apache-2.0
"""A package as a WebAssembly module in the engine wasmtime (pip package `wasmtime`, extra `wasm`).

The module imports nothing; a traced build calls `trace(step)` of this process after each step.
Counted is what the engine calls fuel: one for each operator that runs, but for `nop`, `drop`,
`block` and `loop`, which are free.
"""

from __future__ import annotations

import atexit
import importlib.util
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ToolError
from iseul.device._build import Source, build_module
from iseul.device._run import empty, values_of
from iseul.device._toolchain import find_wasm_compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from iseul.compile import Package
    from iseul.device._toolchain import Compiler
    from iseul.numerics import Array

REMEDY = 'pip install "iseul[wasm]"'
_FUEL = 1 << 62  # more than any run takes


def missing() -> str | None:
    """None, or why modules can not run here."""
    if importlib.util.find_spec("wasmtime") is None:
        return f"there is no engine for WebAssembly (wasmtime); try: {REMEDY}"
    return None


def engine_version() -> str:
    """Version of wasmtime. Raises ToolError if it is not here."""
    _wasmtime()
    return version("wasmtime")


def link(
    package: Package, compiler: Compiler | None, traced: bool = False, selftest: bool = False
) -> Path:
    """Build the package's module. Raises ToolError.

    traced:   each step calls the runner
    selftest: link the self-test and its golden vectors too
    """
    source = Source(
        package.name,
        package.files if selftest else package.inference_files,
        ("wasm.c", "freestanding.c"),
        ("ISEUL_HARNESS_SELFTEST",) if selftest else (),
        ("trace_wasm.h",) if traced else (),
    )
    return build_module(source, package.target, compiler or find_wasm_compiler())


class Instance:
    """A package's module, `init` done.

    trace: called with the number of a step after each of them, if the module is traced
    """

    def __init__(
        self, package: Package, path: Path, trace: Callable[[int], None] | None = None
    ) -> None:
        wasmtime = _wasmtime()
        self.package = package
        engine, module = _compiled(path)
        self.store = wasmtime.Store(engine)
        self.store.set_fuel(_FUEL)
        imports = []
        if trace is not None:
            kind = wasmtime.FuncType([wasmtime.ValType.i32()], [])
            imports.append(wasmtime.Func(self.store, kind, trace))
        self._exports = wasmtime.Instance(self.store, module, imports).exports(self.store)
        self._memory = self._exports["memory"]
        self._check(self.call("init"), "init")
        n_inputs, outputs = len(package.graph.inputs), values_of(package, package.graph.outputs)
        self._inputs = [self.call("input", i) for i in range(n_inputs)]
        self._outputs = [(self.call("output", i), v) for i, v in enumerate(outputs)]
        self.arena = self.call("arena")
        self.states = self.call("states")

    def call(self, function: str, *arguments: int) -> int:
        """Call an export of harness/wasm.c. Raises ToolError if the module traps."""
        wasmtime = _wasmtime()
        try:
            result = self._exports[function](self.store, *arguments)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            lines = str(error).strip().splitlines()
            name = self.package.name
            raise ToolError(
                f"{name} in WebAssembly: {function} trapped", last_lines=lines[-12:]
            ) from None
        return int(result or 0)

    def read(self, address: int, n_bytes: int) -> bytes:
        """Bytes of the module's memory."""
        return bytes(self._memory.read(self.store, address, address + n_bytes))

    def write_inputs(self, sample: Sequence[Array]) -> None:
        """sample: one array per graph input, without the sample axis."""
        for address, x in zip(self._inputs, sample, strict=True):
            self._memory.write(self.store, x.tobytes(), address)

    def invoke(self) -> None:
        self._check(self.call("invoke"), "invoke")

    def read_outputs(self) -> list[Array]:
        """One array per graph output."""
        found = []
        for address, value in self._outputs:
            one = empty(value, 1)[0]
            found.append(
                np.frombuffer(self.read(address, one.nbytes), one.dtype).reshape(one.shape)
            )
        return found

    def fuel(self) -> int:
        """Operators that ran since the module was made."""
        return _FUEL - int(self.store.get_fuel())

    def _check(self, code: int, function: str) -> None:
        if code != 0:
            name = self.package.name
            raise ToolError(f"{name} in WebAssembly: {name}_{function} returned {code}")


def count_steps(package: Package, path: Path, sample: Sequence[Array]) -> list[int]:
    """Operators of each step of an invoke, then those of the invoke outside of steps.

    path: of a traced module. A step's number has the two operators that call `trace`.
    """
    marks: list[int] = []
    instance = Instance(package, path, lambda step: marks.append(instance.fuel()))
    instance.call("reset")
    instance.write_inputs(sample)
    start = instance.fuel()
    instance.invoke()
    end = instance.fuel()
    steps = [int(n) for n in np.diff([start, *marks])]
    return [*steps, end - (marks[-1] if marks else start)]


@lru_cache(maxsize=8)
def _compiled(path: Path) -> tuple[Any, Any]:
    """Engine and translated module of a file."""
    wasmtime = _wasmtime()
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module.from_file(engine, str(path))


atexit.register(_compiled.cache_clear)  # modules end before the interpreter's own modules do


def _wasmtime() -> Any:
    reason = missing()
    if reason is not None:
        raise ToolError("there is no engine for WebAssembly (wasmtime)", REMEDY)
    import wasmtime

    return wasmtime
