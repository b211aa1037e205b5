# SPDX-License-Identifier: Apache-2.0
"""An emulated Cortex-M with one linked package in it: memory, calls, hooks.

Unicorn runs the target's instructions on the board's memory map. Flash can not be written and
RAM can not be executed, so a wild write or jump stops with an error that names the function.
Functions are called one by one from outside: no startup code, no semihosting. The emulator has
no Cortex-M0+; its Cortex-M0 has the same instructions (Armv6-M). It does not trap unaligned
accesses on that core.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from typing import TYPE_CHECKING, Any

import unicorn
import unicorn.arm_const as arm
from unicorn import unicorn_py3

from iseul.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.device._elf import Image
    from iseul.targets import Target

engine: Any = unicorn  # its own types are partial
engine_library: Any = unicorn_py3.unicorn.uclib
STOP = 0x1F00_0000  # a page of its own in the code region; functions return to it
PAGE = 4096
SYSTEM = (0xE000_0000, 0x10_0000)  # system control space: reads and writes do nothing
CALL_SECONDS = 600  # a call that takes longer hangs
MODELS = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}


class Machine:
    """One emulated chip; memory lives as long as it does.

    Hooks act only on code that was not run before, so they are added before the first call.
    """

    def __init__(self, image: Image, target: Target) -> None:
        self.image = image
        self.stack_top = target.ram_start + target.ram_bytes
        self.uc: Any = engine.Uc(engine.UC_ARCH_ARM, engine.UC_MODE_THUMB | engine.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(MODELS[target.core])
        read, write, execute = engine.UC_PROT_READ, engine.UC_PROT_WRITE, engine.UC_PROT_EXEC
        self._map(target.flash_start, target.flash_bytes, read | execute)
        self._map(target.ram_start, target.ram_bytes, read | write)
        self._map(STOP, PAGE, read | execute)
        self._map(*SYSTEM, read | write)
        for address, data in image.segments:
            self.uc.mem_write(address, data)

    def _map(self, start: int, n_bytes: int, rights: int) -> None:
        first = start // PAGE * PAGE
        self.uc.mem_map(first, -(-(start + n_bytes - first) // PAGE) * PAGE, rights)

    def call(self, symbol: str, *arguments: int) -> int:
        """Call a C function with up to 4 integer arguments; returns r0 as a signed integer.

        Raises ToolError if the code faults or does not return.
        """
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
        for register, argument in zip(registers, arguments, strict=False):
            self.uc.reg_write(register, argument & 0xFFFF_FFFF)
        self.uc.reg_write(arm.UC_ARM_REG_SP, self.stack_top)
        self.uc.reg_write(arm.UC_ARM_REG_LR, STOP | 1)
        start = self.image.address(symbol) | 1
        # unicorn's own timeout costs milliseconds per call, a timer of ours microseconds
        watchdog = threading.Timer(CALL_SECONDS, self.uc.emu_stop)
        watchdog.daemon = True
        watchdog.start()
        try:
            self.uc.emu_start(start, STOP)
        except engine.UcError as error:
            raise self._fault(symbol, str(error)) from None
        finally:
            watchdog.cancel()
        if self.uc.reg_read(arm.UC_ARM_REG_PC) & ~1 != STOP:
            raise self._fault(symbol, f"did not return within {CALL_SECONDS} s")
        result: int = self.uc.reg_read(arm.UC_ARM_REG_R0)
        return result - 2**32 if result >= 2**31 else result

    def _fault(self, symbol: str, what: str) -> ToolError:
        pc = self.uc.reg_read(arm.UC_ARM_REG_PC)
        where = self.image.function_at(pc)
        return ToolError(f"{symbol} on the emulated chip: {what}, at {pc:#010x} in {where}")

    def read(self, address: int, n_bytes: int) -> bytes:
        return bytes(self.uc.mem_read(address, n_bytes))

    def write(self, address: int, data: bytes) -> None:
        self.uc.mem_write(address, data)

    def words(self, symbol: str, n: int) -> tuple[int, ...]:
        """n 32-bit words behind a symbol."""
        return struct.unpack(f"<{n}I", self.read(self.image.address(symbol), 4 * n))

    def on_entry(self, address: int, act: Callable[[], None]) -> None:
        """Call `act` each time the instruction at an address is about to run."""

        def hook(uc: Any, at: int, size: int, data: Any) -> None:
            act()

        self.uc.hook_add(engine.UC_HOOK_CODE, hook, begin=address, end=address)

    def on_block(self, act: Callable[[Any, int, int, Any], None]) -> None:
        """Call `act(uc, address, size, None)` before each translated block."""
        self.uc.hook_add(engine.UC_HOOK_BLOCK, act)

    def on_block_native(self, function: Any, data: ctypes.Structure) -> None:
        """As `on_block`, by a C function and its data; both must outlive the machine."""
        handle = ctypes.c_size_t()
        address = ctypes.cast(function, ctypes.c_void_p)
        kind, whole = engine.UC_HOOK_BLOCK, (ctypes.c_uint64(1), ctypes.c_uint64(0))
        code = engine_library.uc_hook_add(
            self.uc._uch, ctypes.byref(handle), kind, address, ctypes.byref(data), *whole
        )
        if code != engine.UC_ERR_OK:
            raise ToolError(f"unicorn refused a block hook: {engine.UcError(code)}")
        self._kept = (function, data)
