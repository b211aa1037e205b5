# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of one invoke on the emulated core, step by step.

The emulator reports each basic block that runs; the instructions in it are those that its bytes
hold. Instructions that an IT block skips issue too, so they count, as QEMU's plugins count them.
A block belongs to the step whose function `<name>_invoke` called last, until invoke itself runs
again; what runs in invoke is OUTSIDE. Unicorn reports only blocks that are translated after the
hook was added, so it is added before the first call.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import IseulError, ToolError
from iseul.device._build import Source, build_shared
from iseul.device._cycles import TIMINGS, block_cycles, decode, instruction_sizes, refill_cycles
from iseul.device._loaded import Loaded
from iseul.device._toolchain import find_host_compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.compile import Package
    from iseul.device._elf import Image
    from iseul.numerics import Array

    Ints = NDArray[np.int64]

OUTSIDE = -1
CHUNK = 1 << 20  # blocks that are kept before they are counted
UNMARKED = -2


@dataclass(frozen=True)
class Counts:
    """Instructions and modelled cycles of one invoke: {index of the step, or OUTSIDE: n}."""

    instructions: dict[int, int]
    cycles: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.instructions.values())


def count_invoke(
    package: Package, image: Image, sample: Sequence[Array], native: bool = True
) -> Counts:
    """Count one invoke on one sample.

    native: let compiled C write the blocks down, if this machine has a compiler

    Raises ToolError if a step was not entered exactly once and in its order.
    """
    loaded = Loaded(package, image)
    recorder = _Recorder(loaded, _native_hook() if native else None)
    loaded.start()
    loaded.reset()
    loaded.write_inputs(sample)
    recorder.begin()
    loaded.invoke()
    return recorder.counts()


def _native_hook() -> Any:
    """The function in harness/blocks.c; None without a host compiler."""
    try:
        path = build_shared(Source("none", {}, ("blocks.c",)), find_host_compiler())
    except ToolError:
        return None
    return ctypes.CDLL(str(path)).iseul_record_block


class _Blocks(ctypes.Structure):
    """`iseul_blocks_t` of harness/blocks.c."""

    _fields_ = (
        ("addresses", ctypes.c_void_p),
        ("sizes", ctypes.c_void_p),
        ("n", ctypes.c_int64),
        ("capacity", ctypes.c_int64),
        ("full", ctypes.CFUNCTYPE(None)),
    )


class _Recorder:
    """Counts the edges between basic blocks, per step.

    An edge (step, block before, block) says how often a block ran and how it was reached, which
    decides whether a branch was taken.
    """

    def __init__(self, loaded: Loaded, native: Any) -> None:
        self.loaded = loaded
        self.invoke = f"{loaded.package.name}_invoke"
        self.entries = [loaded.image.address(step.symbol) for step in loaded.package.steps]
        self.addresses = np.zeros(CHUNK, np.uint32)
        self.sizes = np.zeros(CHUNK, np.uint32)
        self.blocks = _Blocks(
            self.addresses.ctypes.data,
            self.sizes.ctypes.data,
            0,
            CHUNK,
            _Blocks._fields_[4][1](self._full),
        )
        if native is not None:
            loaded.machine.on_block_native(native, self.blocks)
        else:
            loaded.machine.on_block(self._record)
        self.begin()

    def _record(self, uc: Any, address: int, size: int, data: Any) -> None:
        i = self.blocks.n
        self.addresses[i], self.sizes[i] = address, size
        self.blocks.n = i + 1
        if i + 1 == CHUNK:
            self._full()

    def begin(self) -> None:
        """Forget what ran so far."""
        self.blocks.n = 0
        self.size_of: dict[int, int] = {}
        self.edges: dict[tuple[int, int, int], int] = {}
        self.before, self.step, self.entered = 0, OUTSIDE, 0
        self.error: IseulError | None = None

    def _full(self) -> None:
        """`_flush` for C callers, which can not pass an exception on."""
        try:
            self._flush()
        except IseulError as error:
            self.error = error
        self.blocks.n = 0

    def _flush(self) -> None:
        """Turn the blocks that are written down into edge counts."""
        n = self.blocks.n
        if n == 0:
            return
        blocks = self.addresses[:n].astype(np.int64)
        self._note_sizes(blocks, self.sizes[:n])
        before = np.concatenate([[self.before], blocks[:-1]])
        steps = self._steps(blocks, before)
        for key, times in _count_triples(steps, before, blocks):
            self.edges[key] = self.edges.get(key, 0) + times
        self.before, self.step = int(blocks[-1]), int(steps[-1])
        self.blocks.n = 0

    def _note_sizes(self, blocks: Ints, sizes: NDArray[np.uint32]) -> None:
        known, first, inverse = np.unique(blocks, return_index=True, return_inverse=True)
        size = sizes[first]
        same = bool((size[inverse] == sizes).all())
        for address, n_bytes in zip(known.tolist(), size.tolist(), strict=True):
            same = same and self.size_of.setdefault(address, n_bytes) == n_bytes
        if not same:
            raise ToolError("the emulator cut a basic block differently from one run to the next")

    def _steps(self, blocks: Ints, before: Ints) -> Ints:
        """The step that each block belongs to."""
        start = self.loaded.image.address(self.invoke)
        end = start + self.loaded.image.sizes[self.invoke]
        mark = np.full(len(blocks), UNMARKED, np.int64)
        mark[(blocks >= start) & (blocks < end)] = OUTSIDE
        called = (before >= start) & (before < end)  # else a loop back to a first instruction
        for at in np.flatnonzero(np.isin(blocks, self.entries) & called).tolist():
            if self.entered >= len(self.entries) or self.entries[self.entered] != blocks[at]:
                raise ToolError(f"{self.invoke} does not call its steps in the stated order")
            mark[at] = self.entered
            self.entered += 1
        last = np.maximum.accumulate(np.where(mark == UNMARKED, -1, np.arange(len(blocks))))
        return np.where(last < 0, self.step, mark[last])

    def counts(self) -> Counts:
        """Sums over the edges."""
        if self.error is None:
            self._flush()
        if self.error is not None:
            raise self.error
        if self.entered != len(self.entries):
            raise ToolError(
                f"{self.invoke} entered {self.entered} of {len(self.entries)} steps; the "
                "compiler must not inline or merge step functions"
            )
        timing = TIMINGS[self.loaded.package.target.core]
        steps = range(OUTSIDE, len(self.entries))
        instructions, cycles = dict.fromkeys(steps, 0), dict.fromkeys(steps, 0)
        code = {a: self.loaded.machine.read(a, size) for a, size in self.size_of.items()}
        decoded = {a: decode(text, a) for a, text in code.items()}
        n_in = {a: len(instruction_sizes(text)) for a, text in code.items()}
        own = {a: block_cycles(block, timing) for a, block in decoded.items()}
        for (step, before, block), n in self.edges.items():
            instructions[step] += n * n_in[block]
            cycles[step] += n * own[block]
            if before and before + self.size_of[before] != block:  # the branch was taken
                cycles[step] += n * refill_cycles(decoded[before][-1], timing)
        return Counts(instructions, cycles)


def _count_triples(a: Ints, b: Ints, c: Ints) -> list[tuple[tuple[int, int, int], int]]:
    """Distinct triples of equal places in three arrays, and how often each occurs."""
    known, codes = np.unique(np.concatenate([b[:1], c]), return_inverse=True)
    n = len(known)
    # b is c moved by one place, so its codes are those of c
    key = ((a - OUTSIDE) * n + codes[:-1]) * n + codes[1:]
    keys, times = np.unique(key, return_counts=True)
    first = (keys // (n * n) + OUTSIDE).tolist()
    middle, last = known[keys // n % n].tolist(), known[keys % n].tolist()
    triples = zip(first, middle, last, strict=True)
    return list(zip(triples, times.tolist(), strict=True))
