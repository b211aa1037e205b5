# SPDX-License-Identifier: Apache-2.0
"""Speaks the GDB remote protocol with an emulator over its stdin and stdout.

There is no port and no file that another program could use or that could stay behind, and no
shell: the emulator is a child process, which ends with this object, with this process, and
(where the system has `setpriv`) even when this process is killed.
Protocol: GDB manual, appendix "GDB Remote Serial Protocol".
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
import time
import weakref
from typing import IO, TYPE_CHECKING, Any

from iseul.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_SECONDS = 60.0  # a question about memory or registers that takes longer hangs
PIECE = 1920  # bytes of memory in one packet; QEMU takes packets of 4096 characters
WORD = 4


class Gdb:
    """An emulator that waits for a debugger on stdin and stdout. Raises ToolError if it ends."""

    def __init__(self, command: Sequence[str], title: str) -> None:
        self.title = title
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - stderr, closed with the emulator
        try:
            self._process = subprocess.Popen(
                [*_dies_with_us(), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                bufsize=0,
            )
        except OSError as error:
            self._said.close()
            raise ToolError(f"{title} did not start: {error}") from None
        self._end = weakref.finalize(self, _end, self._process, self._said)
        self._heard = b""
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)

    def close(self) -> None:
        """End the emulator."""
        self._end()

    # --- packets

    def ask(self, question: str) -> str:
        """One packet and its answer."""
        self.send(question)
        answer = self.hear(ANSWER_SECONDS)
        if answer is None:
            raise self._lost(f"gave no answer within {ANSWER_SECONDS:g} s")
        return answer

    def order(self, question: str) -> None:
        """A packet that must be answered by OK."""
        answer = self.ask(question)
        if answer != "OK":
            raise ToolError(f'{self.title} answered "{answer}" to "{question[:40]}"')

    def send(self, question: str) -> None:
        text = question.encode()
        self._write(b"$" + text + f"#{sum(text) % 256:02x}".encode())

    def interrupt(self) -> None:
        """Stop the program that runs; it answers as to a breakpoint."""
        self._write(b"\x03")

    def hear(self, seconds: float) -> str | None:
        """The next packet; None if there is none in time."""
        deadline = time.monotonic() + seconds
        while True:
            start = self._heard.find(b"$")
            end = self._heard.find(b"#", start) if start >= 0 else -1
            if end >= 0 and len(self._heard) >= end + 3:
                text = self._heard[start + 1 : end]
                self._heard = self._heard[end + 3 :]
                self._write(b"+")
                return text.decode("ascii", "replace")
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(1000 * left):
                return None
            more = os.read(self._out, 1 << 16)
            if not more:
                raise self._lost("ended")
            self._heard += more

    @property
    def _out(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except OSError:
            raise self._lost("ended") from None

    def _lost(self, what: str) -> ToolError:
        """The error to raise when the emulator is no use any more; ends it."""
        self._process.kill()
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        self._end()
        return ToolError(f"{self.title} {what}", "", [line[:200] for line in lines[-12:]])

    # --- memory and registers

    def read(self, address: int, n_bytes: int) -> bytes:
        parts = []
        for at in range(address, address + n_bytes, PIECE):
            n = min(PIECE, address + n_bytes - at)
            answer = self.ask(f"m{at:x},{n:x}")
            if len(answer) != 2 * n:
                raise ToolError(f"{self.title} can not read {n} bytes at {at:#010x}: {answer}")
            parts.append(bytes.fromhex(answer))
        return b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        for i in range(0, len(data), PIECE):
            piece = data[i : i + PIECE]
            self.order(f"M{address + i:x},{len(piece):x}:{piece.hex()}")

    def register(self, number: int) -> int:
        """A register of 32 bits."""
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def set_register(self, number: int, value: int) -> None:
        self.order(f"P{number:x}={value.to_bytes(WORD, 'little').hex()}")

    def insert(self, address: int) -> None:
        """A breakpoint on a Thumb instruction."""
        self.order(f"Z0,{address:x},2")

    def remove(self, address: int) -> None:
        self.order(f"z0,{address:x},2")


def _dies_with_us() -> tuple[str, ...]:
    """Words before a command, so that it is killed when this process is."""
    return ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()


def _end(process: subprocess.Popen[Any], said: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for file in (process.stdin, process.stdout, said):
        if file is not None:
            file.close()
