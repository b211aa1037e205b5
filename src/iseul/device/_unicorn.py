# SPDX-License-Identifier: Apache-2.0
"""An emulated core with one linked package in it, run by unicorn: memory, calls, hooks.

Unicorn runs the target's instructions on the board's memory map. Flash can not be written and
RAM can not be executed, so a wild write or jump stops with an error that names the function.
Functions are called one by one from outside: no startup code, no semihosting. Hooks act only on
code that was not run before, so they are added before the first call.
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import unicorn
from unicorn import unicorn_py3

from iseul.core.errors import ToolError
from iseul.device import _chip
from iseul.device._build import Source, build_shared
from iseul.device._toolchain import find_host_compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.targets import Target

engine: Any = unicorn  # its own types are partial
engine_library: Any = unicorn_py3.unicorn.uclib
STOP = 0x1F00_0000  # a page of its own that no board has; functions return to it
PAGE = 4096


@dataclass(frozen=True)
class Core:
    """How unicorn is told of an instruction set.

    architecture, mode, model: numbers of unicorn's
    arguments, stack, link, counter: registers; the first argument is the result too
    low_bit:   what addresses of code carry in their lowest bit
    extra:     (start, bytes) of memory besides the board's: reads and writes do nothing
    """

    architecture: int
    mode: int
    model: int
    arguments: tuple[int, int, int, int]
    stack: int
    link: int
    counter: int
    low_bit: int = 0
    extra: tuple[tuple[int, int], ...] = ()


class UnicornChip:
    """`_chip.Chip` by unicorn."""

    def __init__(
        self, core: Core, image: Image, target: Target, counter: Counter | None = None
    ) -> None:
        self.core = core
        self.image = image
        self.stack_top = target.ram_start + target.ram_bytes
        self.reached = 0
        self.uc: Any = engine.Uc(core.architecture, core.mode)
        self.uc.ctl_set_cpu_model(core.model)
        read, write, execute = engine.UC_PROT_READ, engine.UC_PROT_WRITE, engine.UC_PROT_EXEC
        self._map(target.flash_start, target.flash_bytes, read | execute)
        self._map(target.ram_start, target.ram_bytes, read | write)
        self._map(STOP, PAGE, read | execute)
        for start, n_bytes in core.extra:
            self._map(start, n_bytes, read | write)
        for address, data in image.segments:
            self.uc.mem_write(address, data)
        if counter is not None:
            self._count(counter)

    def _map(self, start: int, n_bytes: int, rights: int) -> None:
        first = start // PAGE * PAGE
        self.uc.mem_map(first, -(-(start + n_bytes - first) // PAGE) * PAGE, rights)

    def call(self, symbol: str, *arguments: int) -> int:
        core = self.core
        for register, argument in zip(core.arguments, arguments, strict=False):
            self.uc.reg_write(register, argument & 0xFFFF_FFFF)
        self.uc.reg_write(core.stack, self.stack_top)
        self.uc.reg_write(core.link, STOP | core.low_bit)
        start = self.image.address(symbol) | core.low_bit
        # unicorn's own timeout costs milliseconds per call, a timer of ours microseconds
        watchdog = threading.Timer(_chip.CALL_SECONDS, self.uc.emu_stop)
        watchdog.daemon = True
        watchdog.start()
        try:
            self.uc.emu_start(start, STOP)
        except engine.UcError as error:
            raise self._fault(symbol, str(error)) from None
        finally:
            watchdog.cancel()
        if self.uc.reg_read(core.counter) & ~core.low_bit != STOP:
            raise self._fault(symbol, f"did not return within {_chip.CALL_SECONDS:g} s")
        result: int = self.uc.reg_read(core.arguments[0])
        return result - 2**32 if result >= 2**31 else result

    def _fault(self, symbol: str, what: str) -> ToolError:
        at = self.uc.reg_read(self.core.counter)
        where = self.image.function_at(at)
        return ToolError(f"{symbol} on the emulated chip: {what}, at {at:#010x} in {where}")

    def read(self, address: int, n_bytes: int) -> bytes:
        return bytes(self.uc.mem_read(address, n_bytes))

    def write(self, address: int, data: bytes) -> None:
        self.uc.mem_write(address, data)

    def fill(self, address: int, n_bytes: int, value: int) -> None:
        self.uc.mem_write(address, bytes([value]) * n_bytes)

    def changed(self, address: int, n_bytes: int, value: int) -> tuple[int, int] | None:
        found = np.flatnonzero(np.frombuffer(self.read(address, n_bytes), np.uint8) != value)
        return (int(found[0]), int(found[-1])) if len(found) else None

    def watch(self, addresses: Sequence[int], act: Callable[[int], None]) -> None:
        for i, address in enumerate(addresses):
            self._watch_one(i, address, act)

    def _watch_one(self, i: int, address: int, act: Callable[[int], None]) -> None:
        def hook(uc: Any, at: int, size: int, data: Any) -> None:
            if i == self.reached:
                act(i)
                self.reached += 1

        self.uc.hook_add(engine.UC_HOOK_CODE, hook, begin=address, end=address)

    def rewind(self) -> None:
        self.reached = 0

    def close(self) -> None:
        """Nothing: memory goes with the object."""

    def _count(self, counter: Counter) -> None:
        native = _native_hook() if counter.native else None
        if native is None:
            self.uc.hook_add(
                engine.UC_HOOK_BLOCK, lambda uc, at, size, data: counter.record(at, size)
            )
            return
        handle = ctypes.c_size_t()
        address = ctypes.cast(native, ctypes.c_void_p)
        kind, whole = engine.UC_HOOK_BLOCK, (ctypes.c_uint64(1), ctypes.c_uint64(0))
        code = engine_library.uc_hook_add(
            self.uc._uch, ctypes.byref(handle), kind, address, ctypes.byref(counter.header), *whole
        )
        if code != engine.UC_ERR_OK:
            raise ToolError(f"unicorn refused a block hook: {engine.UcError(code)}")
        self._kept = (native, counter)


def _native_hook() -> Any:
    """The function in harness/edges.c; None without a host compiler."""
    try:
        path = build_shared(Source("none", {}, ("edges.c",)), find_host_compiler())
    except ToolError:
        return None
    return ctypes.CDLL(str(path)).iseul_record_block
