# SPDX-License-Identifier: Apache-2.0
"""What an emulated chip can do, whichever emulator runs it, and which family a target belongs to.

A family is a runner in `runners/` that states `FAMILY`: the cores that it runs, their compilers,
their harness, their emulator and their cycle model. To add one, write that file and the flags of
its cores in `_toolchain.py`. A runner of something that is no chip states its `CORES`,
`find` and `versions` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from iseul.core import registry
from iseul.core.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.device._timing import CycleModel
    from iseul.device._toolchain import Compiler
    from iseul.device._toolchain import Family as CompilerFamily
    from iseul.targets import Target

RUNNERS = "iseul.device.runners"
HOST = "host"
CALL_SECONDS = 600.0  # a call on the chip that takes longer hangs
STOP_BYTES = 4096  # a page of its own where functions return to


class Chip(Protocol):
    """One linked image in one emulated chip; memory lives as long as it does.

    stack_top: first address behind the RAM, where the stack of each call begins
    reached:   how many of the watched addresses were reached in order since `rewind`
    """

    image: Image
    stack_top: int
    reached: int

    def call(self, symbol: str, *arguments: int) -> int:
        """Call a C function with up to 4 integer arguments; returns its int, signed.

        Raises ToolError if the code faults or does not return within CALL_SECONDS.
        """

    def read(self, address: int, n_bytes: int) -> bytes:
        """Memory from an address on."""

    def write(self, address: int, data: bytes) -> None:
        """Change memory from an address on."""

    def fill(self, address: int, n_bytes: int, value: int) -> None:
        """Set memory from an address on to one byte."""

    def changed(self, address: int, n_bytes: int, value: int) -> tuple[int, int] | None:
        """Offsets of the first and the last byte that is not `value` any more."""

    def watch(self, addresses: Sequence[int], act: Callable[[int], None]) -> None:
        """Call `act(i)` when the instruction at addresses[i] is about to run, in their order.

        An address that is reached out of its turn does not count. Before the first call.
        """

    def rewind(self) -> None:
        """Begin with the first of the watched addresses again."""

    def close(self) -> None:
        """End the emulator; no method may be called after it."""


class MakeChip(Protocol):
    """How a family's emulator is started: `counter` counts what runs, where it is active."""

    def __call__(self, image: Image, target: Target, counter: Counter | None = None) -> Chip: ...


@dataclass(frozen=True)
class Family:
    """What is common to the cores that one runner runs.

    title:    what people call them
    models:   core -> cycle model; these are the cores that the runner runs
    harness:  files of `device/harness` that are linked into each image
    make:     starts the emulator
    find:     finds a C compiler, of a wanted family if there is one
    missing:  None, or why the emulator can not run here and what to do
    versions: what a measurement depends on besides the compiler, with versions
    """

    title: str
    models: Mapping[str, CycleModel]
    harness: tuple[str, ...]
    make: MakeChip
    find: Callable[[CompilerFamily | None], Compiler]
    missing: Callable[[], str | None]
    versions: Callable[[], dict[str, str]]


def runner_of(target: Target) -> str:
    """Name of the runner of a target's core: one whose family, or whose `CORES`, has it."""
    return _runner_of_core(target.core)


@cache
def _runner_of_core(core: str) -> str:
    for name in registry.names(RUNNERS):
        module = registry.load(RUNNERS, name)
        family = _family(module)
        if core in (getattr(module, "CORES", ()) if family is None else family.models):
            return name
    raise UnsupportedError(f'no runner has a chip with the core "{core}"')


def family_of(target: Target) -> Family:
    """The family of a target's core. Raises UnsupportedError for what is no chip."""
    family = _family(registry.load(RUNNERS, runner_of(target)))
    if family is None:
        raise UnsupportedError(
            f'target "{target.name}" is {target.core}: there is no chip to emulate',
            "compile for a board",
        )
    return family


def is_chip(target: Target) -> bool:
    """Whether a target is a chip that is emulated, with instructions and memories of its own."""
    return _family(registry.load(RUNNERS, runner_of(target))) is not None


def _family(module: ModuleType) -> Family | None:
    found: Family | None = getattr(module, "FAMILY", None)
    return found
