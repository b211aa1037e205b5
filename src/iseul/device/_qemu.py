# SPDX-License-Identifier: Apache-2.0
"""A whole board with one linked package in it, run by QEMU: memory, calls, breakpoints, counts.

QEMU waits before the first instruction. Its loader devices put the image into memory, its
debugger interface (`_gdb.py`) calls functions one by one, as unicorn does, and a plugin
(`harness/qemu_plugin.c`) counts the blocks that run. `harness/start_m.c` is called first; it turns
the FPU and Helium on and, on Armv8-M, makes flash read-only and RAM not executable by the MPU.
Breakpoints slow the page of code down in which they are, so counting uses none there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
from functools import cache
from typing import TYPE_CHECKING

from iseul.core.errors import ToolError
from iseul.device import _chip
from iseul.device._build import Source, build_shared, work_folder
from iseul.device._gdb import Gdb
from iseul.device._toolchain import find_host_compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.targets import Target

QEMU = "qemu-system-arm"
REMEDY = "apt-get install qemu-system-arm"
SP, LR, PC, XPSR = 13, 14, 15, 25  # numbers in QEMU's description of an M-profile core
THUMB = 1 << 24  # the bit of XPSR
OWN_STACK = 64  # bytes at the top of the stack that `iseul_harness_fill` may use itself
STACKED_PC = 24  # bytes from the stack pointer to the PC that an exception saved
HARNESS = ("chip.c", "start_m.c", "freestanding.c")
QUIET = ("-nodefaults", "-display", "none", "-serial", "none", "-monitor", "none")


class QemuChip:
    """`_chip.Chip` by QEMU, for Cortex-M.

    machine:  QEMU's name of the board
    protects: the core has an Armv8-M MPU, which guards the board's memories
    """

    def __init__(
        self,
        machine: str,
        image: Image,
        target: Target,
        counter: Counter | None = None,
        protects: bool = True,
    ) -> None:
        self.image = image
        self.stack_top = target.ram_start + target.ram_bytes
        self.reached = 0
        self._watched: Sequence[int] = ()
        self._act: Callable[[int], None] = lambda i: None
        self._stop = image.address("iseul_harness_stop")
        self._trap = image.address("iseul_harness_trap")
        command = [program(), "-M", machine, *QUIET, "-S", "-gdb", "stdio", *_loaders(image)]
        if counter is not None:
            counter.in_instructions = True
            command += ["-plugin", f"file={_quoted(_plugin())},counter={_quoted(counter.path)}"]
        self._gdb = Gdb(command, f"{QEMU} -M {machine}")
        flash_end = target.flash_start + target.flash_bytes
        memories = (target.flash_start, flash_end, target.ram_start, self.stack_top)
        try:
            # QEMU lets single registers be set only by who has asked for their description
            self._gdb.ask("qXfer:features:read:target.xml:0,ff0")
            self._gdb.insert(self._stop)
            self._gdb.insert(self._trap)
            self.call("iseul_harness_start", *(memories if protects else (0, 0, 0, 0)))
        except BaseException:
            self.close()
            raise

    def call(self, symbol: str, *arguments: int) -> int:
        gdb = self._gdb
        for number, argument in enumerate(arguments):
            gdb.set_register(number, argument & 0xFFFF_FFFF)
        gdb.set_register(SP, self.stack_top)
        gdb.set_register(LR, self._stop | 1)
        gdb.set_register(PC, self.image.address(symbol))
        gdb.set_register(XPSR, THUMB)
        deadline = time.monotonic() + _chip.CALL_SECONDS
        expected = self._expect()
        while (at := self._run(symbol, deadline)) == expected:
            gdb.remove(at)
            self._act(self.reached)
            self.reached += 1
            expected = self._expect()
        if expected is not None:
            gdb.remove(expected)
        if at == self._trap:
            raise self._fault(symbol)
        result = gdb.register(0)
        return result - 2**32 if result >= 2**31 else result

    def _expect(self) -> int | None:
        """Wait at the next of the watched addresses, if there is one."""
        if self.reached >= len(self._watched):
            return None
        address = self._watched[self.reached]
        self._gdb.insert(address)
        return address

    def _run(self, symbol: str, deadline: float) -> int:
        """Go on to the next breakpoint; its address."""
        self._gdb.send("c")
        if self._gdb.hear(max(0.0, deadline - time.monotonic())) is None:
            self._gdb.interrupt()
            self._gdb.hear(1.0)
            at = self._gdb.register(PC)
            what = f"did not return within {_chip.CALL_SECONDS:g} s"
            self.close()
            raise self._error(symbol, what, at)
        return self._gdb.register(PC) & ~1

    def _fault(self, symbol: str) -> ToolError:
        """The error for an exception; the core has saved where it was."""
        saved = self._gdb.read(self._gdb.register(SP) + STACKED_PC, 4)
        number = self._gdb.register(XPSR) & 0x1FF
        what = FAULTS.get(number, f"exception {number}")
        self.close()
        return self._error(symbol, what, int.from_bytes(saved, "little"))

    def _error(self, symbol: str, what: str, at: int) -> ToolError:
        where = self.image.function_at(at)
        return ToolError(f"{symbol} on the emulated chip: {what}, at {at:#010x} in {where}")

    def read(self, address: int, n_bytes: int) -> bytes:
        return self._gdb.read(address, n_bytes)

    def write(self, address: int, data: bytes) -> None:
        self._gdb.write(address, data)

    # The chip itself fills and looks: megabytes through the debugger would take seconds.

    def fill(self, address: int, n_bytes: int, value: int) -> None:
        by_chip = max(0, min(n_bytes, self.stack_top - OWN_STACK - address))
        self.call("iseul_harness_fill", address, by_chip, value)
        self.write(address + by_chip, bytes([value]) * (n_bytes - by_chip))

    def changed(self, address: int, n_bytes: int, value: int) -> tuple[int, int] | None:
        first = self.call("iseul_harness_first_change", address, n_bytes, value)
        if first == n_bytes:
            return None
        return first, self.call("iseul_harness_last_change", address, n_bytes, value)

    def watch(self, addresses: Sequence[int], act: Callable[[int], None]) -> None:
        self._watched, self._act = tuple(addresses), act

    def rewind(self) -> None:
        self.reached = 0

    def close(self) -> None:
        self._gdb.close()


FAULTS = {
    3: "a hard fault",
    4: "an access that the memory map forbids (MemManage fault)",
    5: "an access to no memory (bus fault)",
    6: "an instruction that the core does not have or an unaligned access (usage fault)",
    7: "an access to memory of the other security state (secure fault)",
}


def missing() -> str | None:
    """None, or why QEMU can not run here, and what to do."""
    if shutil.which(QEMU) is None:
        return f"there is no {QEMU}\n  try: {REMEDY}"
    return None


def program() -> str:
    """Where QEMU is. Raises ToolError if it is not installed."""
    found = shutil.which(QEMU)
    if found is None:
        raise ToolError(f"there is no {QEMU}, which emulates this board", REMEDY)
    return found


@cache
def qemu_version() -> str:
    """Such as "7.2.22". Raises ToolError."""
    try:
        said = subprocess.run(
            [program(), "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{QEMU} --version did not finish: {error}") from None
    found = re.search(r"version (\d+\.\d+(?:\.\d+)?)", said)
    if found is None:
        raise ToolError(f"{QEMU} --version does not tell a version", "", said.splitlines()[-3:])
    return found.group(1)


def _plugin() -> Path:
    """The plugin, built for this QEMU. Raises ToolError without a compiler for this machine."""
    # QEMU 9 refuses plugins for version 1 of the interface, QEMU 8 those for version 2
    interface = 1 if int(qemu_version().partition(".")[0]) < 9 else 2
    defines = (f"ISEUL_PLUGIN_VERSION={interface}",)
    return build_shared(Source("none", {}, ("qemu_plugin.c",), defines), find_host_compiler())


def _loaders(image: Image) -> list[str]:
    """Arguments that put each segment of an image into memory."""
    found = []
    for address, data in image.segments:
        path = work_folder() / f"segment-{hashlib.sha256(data).hexdigest()[:24]}.bin"
        if not path.exists():
            draft = path.with_suffix(".part")
            draft.write_bytes(data)
            draft.replace(path)
        found += ["-device", f"loader,file={_quoted(path)},addr={address:#x},force-raw=on"]
    return found


def _quoted(path: Path) -> str:
    """A path as a value in an option of QEMU, where a comma ends the value."""
    return str(path).replace(",", ",,")
