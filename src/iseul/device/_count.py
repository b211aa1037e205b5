# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of one invoke on the emulated core, step by step.

The emulator reports each basic block that runs; the instructions in it are those that its bytes
hold. Instructions that an IT block skips issue too, so they count, as QEMU's plugins count them.
A block belongs to the step whose function `<name>_invoke` called last, until invoke itself runs
again; what runs in invoke is OUTSIDE. The table of `harness/edges.h` keeps the sums: C that was
compiled for this machine fills it, or Python where there is no host compiler.
"""

from __future__ import annotations

import ctypes
import mmap
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ToolError
from iseul.device._build import work_folder
from iseul.device._chip import family_of
from iseul.device._loaded import Loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.device._elf import Image
    from iseul.device._paint import Paint
    from iseul.device._timing import CycleModel
    from iseul.numerics import Array

OUTSIDE = -1
EDGES = 1 << 20  # places in the table; half of them may be taken
ORDER, FULL = 1, 2  # values of `error`

# (step, address and size of the block before, address and size of the block); sizes are bytes,
# or instructions where the emulator tells those
Edge = tuple[int, int, int, int, int]
EDGE = np.dtype(
    [
        *(("times", "<u8"), ("step", "<i4"), ("before", "<u4"), ("before_size", "<u4")),
        *(("block", "<u4"), ("block_size", "<u4"), ("unused", "<u4")),
    ]
)


@dataclass(frozen=True)
class Counts:
    """Instructions and modelled cycles of one invoke: {index of the step, or OUTSIDE: n}."""

    instructions: dict[int, int]
    cycles: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.instructions.values())


def count_invoke(
    package: Package,
    image: Image,
    sample: Sequence[Array],
    native: bool = True,
    paint: Paint | None = None,
) -> Counts:
    """Count one invoke on one sample.

    native: let compiled C count, if this machine has a compiler
    paint:  look what the invoke touches, too

    Raises ToolError if a step was not entered exactly once and in its order.
    """
    model = family_of(package.target).models[package.target.core]
    with Counter(package, image, native) as counter, Loaded(package, image, counter) as loaded:
        loaded.run_once(sample, paint, counter)
        edges = counter.edges()
    return _sums(edges, image, model, len(package.steps), counter.in_instructions)


class _Header(ctypes.Structure):
    """`iseul_edges_t` of harness/edges.h; the entries follow it."""

    _fields_ = (
        ("capacity", ctypes.c_uint64),
        ("n", ctypes.c_uint64),
        ("edges_at", ctypes.c_uint64),
        ("n_entries", ctypes.c_uint32),
        ("invoke_start", ctypes.c_uint32),
        ("invoke_end", ctypes.c_uint32),
        ("active", ctypes.c_uint32),
        ("error", ctypes.c_int32),
        ("step", ctypes.c_int32),
        ("entered", ctypes.c_uint32),
        ("before", ctypes.c_uint32),
        ("before_size", ctypes.c_uint32),
        ("unused", ctypes.c_uint32),
    )


class Counter:
    """The table that an emulator's hook fills; in a file, so that another process can.

    path:   the file
    memory: the table, for a hook in this process
    native: whether compiled C may fill it; else `record` does
    in_instructions: whether the emulator tells sizes of blocks in instructions, not in bytes
    """

    def __init__(self, package: Package, image: Image, native: bool = True) -> None:
        self.native = native
        self.in_instructions = False
        self.invoke = f"{package.name}_invoke"
        self.entries = [image.address(step.symbol) for step in package.steps]
        start = image.address(self.invoke)
        n = len(self.entries)
        at = -(-(ctypes.sizeof(_Header) + 4 * n) // 64) * 64
        with tempfile.NamedTemporaryFile(dir=work_folder(), prefix="count-", delete=False) as file:
            self.path = Path(file.name)
            file.truncate(at + EDGES * EDGE.itemsize)  # sparse: only what is used takes room
            self.memory = mmap.mmap(file.fileno(), 0)
        self.header = _Header.from_buffer(self.memory)
        self.header.capacity, self.header.edges_at, self.header.n_entries = EDGES, at, n
        self.header.invoke_start, self.header.invoke_end = start, start + image.sizes[self.invoke]
        first = ctypes.sizeof(_Header)
        self.memory[first : first + 4 * n] = np.array(self.entries, "<u4").tobytes()
        self._edges: dict[Edge, int] = {}

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *error: object) -> None:
        self.path.unlink(missing_ok=True)

    def begin(self) -> None:
        """Count from here on."""
        self.header.step, self.header.entered = OUTSIDE, 0
        self.header.before = self.header.before_size = 0
        self.header.active = 1

    def record(self, address: int, n_bytes: int) -> None:
        """What `iseul_edges_block` of harness/edges.h does, in Python."""
        header = self.header
        if not header.active:
            return
        in_invoke = range(header.invoke_start, header.invoke_end)
        if address in in_invoke:
            header.step = OUTSIDE
        elif header.before in in_invoke and address in self.entries:
            if self.entries[header.entered : header.entered + 1] == [address]:
                header.step = header.entered
                header.entered += 1
            else:
                header.error = ORDER
        edge = (header.step, header.before, header.before_size, address, n_bytes)
        self._edges[edge] = self._edges.get(edge, 0) + 1
        header.before, header.before_size = address, n_bytes

    def stop(self) -> None:
        """Count no more."""
        self.header.active = 0

    def edges(self) -> dict[Edge, int]:
        """How often each edge was taken. Raises ToolError."""
        n, entered = len(self.entries), self.header.entered
        if self.header.error == FULL:
            raise ToolError(f"{self.invoke} has more than {EDGES // 2:,} jumps to count")
        if self.header.error == ORDER:
            raise ToolError(f"{self.invoke} does not call its steps in the stated order")
        if entered != n:
            raise ToolError(
                f"{self.invoke} entered {entered} of {n} steps; the compiler must not inline or "
                "merge step functions"
            )
        if self._edges:
            return self._edges
        table = np.frombuffer(self.memory, EDGE, EDGES, self.header.edges_at)
        taken = table[table["times"] > 0]
        names = ("step", "before", "before_size", "block", "block_size", "times")
        rows: Any = zip(*(taken[name].tolist() for name in names), strict=True)
        return {(step, *rest): times for step, *rest, times in rows}


def _sums(
    edges: dict[Edge, int], image: Image, model: CycleModel, n_steps: int, in_instructions: bool
) -> Counts:
    """Instructions and cycles per step."""
    blocks = {(block, size) for _, _, _, block, size in edges}
    code = {at: _code(image, model, *at, in_instructions) for at in blocks}
    n_in = {at: len(model.sizes(text)) for at, text in code.items()}
    decoded = {at: model.decode(text, at[0]) for at, text in code.items()}
    own = {at: model.block(instructions) for at, instructions in decoded.items()}
    taken = {at: model.taken(instructions[-1]) for at, instructions in decoded.items()}
    steps = range(OUTSIDE, n_steps)
    instructions, cycles = dict.fromkeys(steps, 0), dict.fromkeys(steps, 0)
    for (step, before, before_size, block, size), times in edges.items():
        instructions[step] += times * n_in[block, size]
        cycles[step] += times * own[block, size]
        # the branch was taken
        if before_size and before + len(code[before, before_size]) != block:
            cycles[step] += times * taken[before, before_size]
    return Counts(instructions, cycles)


def _code(image: Image, model: CycleModel, address: int, size: int, in_instructions: bool) -> bytes:
    """The code of a block."""
    if not in_instructions:
        return image.read(address, size)
    ahead = image.read_up_to(address, 4 * size)
    return ahead[: sum(model.sizes(ahead)[:size])]
