# SPDX-License-Identifier: Apache-2.0
"""Mutated model files, and what reading and checking one may cost.

Bytes are flipped, words are set to numbers that break programs, pieces are cut, repeated, zeroed
and taken from another file. Whatever comes out, reading and checking it ends in a graph or in an
IseulError, within a bounded time and memory.
"""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from iseul.compile import check_model
from iseul.core.errors import IseulError
from iseul.graph.files import load_graph
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

SECONDS = 2.0
BYTES_PER_FILE_BYTE = 4
# Python's own objects: modules that are imported late, tables of names, the graph
FREE_BYTES = 6 << 20
_WORDS = (0, 1, 2, 3, 4, 7, 8, 16, 255, 256, 4096, 65535, 1 << 20, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """One to eight random changes of `data`; some take bytes from `other`."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        at = int(rng.integers(len(out) + 1))
        n = int(min(rng.geometric(0.1), 64))
        kind = rng.integers(9)
        if kind <= 2 and at < len(out):
            out[at] ^= 1 << int(rng.integers(8))
        elif kind == 3 and at < len(out):
            out[at] = int(rng.integers(256))
        elif kind <= 5:
            at &= ~3
            word = int(rng.choice(_WORDS)).to_bytes(4, "little")
            out[at : at + 4] = word[: max(0, len(out) - at)]
        elif kind == 6:
            out[at : at + n] = bytes(len(out[at : at + n]))
        elif kind == 7:
            start = int(rng.integers(len(other)))
            piece = other[start : start + n]
            end = at + len(piece) if rng.random() < 0.7 else at
            out[at:end] = piece
        elif rng.random() < 0.3:
            del out[at:]
        else:
            del out[at : at + n]
        if not out:
            return b"\0"
    return bytes(out)


@dataclass
class Tally:
    """How often reading ended how, and the worst costs."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    most_bytes: int = 0  # beyond what a file of its size may take

    def __str__(self) -> str:
        ends = ", ".join(f"{name} {n:,}" for name, n in sorted(self.ends.items()))
        return f"{ends}; slowest {self.slowest_s:.2f} s, most memory {self.most_bytes:,} bytes"


def read_and_check(path: Path) -> str:
    """ "graph", or the class of the IseulError that reading or checking ended in."""
    board = load_target("nucleo-l4r5zi")
    try:
        graph = run_passes(load_graph(path), board)
        check_model(graph, board)
    except IseulError as error:
        assert str(error)
        return type(error).__name__
    return "graph"


def declared_bytes(path: Path) -> int:
    """Bytes of all tensors of a graph that can be read; 0 for others."""
    try:
        return sum(value.n_bytes for value in load_graph(path).values.values())
    except IseulError:
        return 0


def files(seeds: Sequence[bytes], n: int, seed: int) -> Iterator[bytes]:
    """n mutations of the seeds in turn."""
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        yield mutated(seeds[i % len(seeds)], seeds[int(rng.integers(len(seeds)))], rng)


def fuzz(
    path: Path,
    seeds: Sequence[bytes],
    n: int,
    seed: int = 0,
    read: Callable[[Path], str] = read_and_check,
    declared: Callable[[Path], int] = declared_bytes,
) -> Tally:
    """Read n mutated files at `path`; any other exception leaves, with the file in place.

    read:     says what reading a file ended in
    declared: bytes that a file may take beyond its own size
    Raises AssertionError for a file that takes too long or too much memory.
    """
    tally = Tally()
    for data in seeds:  # what is imported late is not a file's cost
        path.write_bytes(data)
        read(path)
    for data in files(seeds, n, seed):
        path.write_bytes(data)
        tracemalloc.start()
        start = time.process_time()
        end = read(path)
        spent = time.process_time() - start
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tally.ends[end] += 1
        tally.slowest_s = max(tally.slowest_s, spent)
        tally.most_bytes = max(tally.most_bytes, peak)
        assert spent < SECONDS, f"{spent:.1f} s for {path}: {end}"
        allowed = BYTES_PER_FILE_BYTE * len(data) + FREE_BYTES
        if peak > allowed:
            allowed += declared(path)
        assert peak <= allowed, f"{peak:,} bytes for {path} of {len(data):,}: {end}"
    return tally
