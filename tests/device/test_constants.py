# SPDX-License-Identifier: Apache-2.0
"""A constant of a kernel that is wrong is noticed: the cases tell.

First tables, then the fields of parameter structs.

The image of a case lies in an emulated chip; bits of its tables are flipped there, one constant
at a time, and the case must come out otherwise than the oracle says. Constants are drawn from a
seed. One is missed if none of four of its bits makes a difference. That is right for what
`is_filling` and `QUIET` name; of the others nearly all must be noticed.

Two cores run: one for kernels of the DSP extension, one for those of plain C and shared words.
By default every fourth case of the ops with weights, with `--all` every case on the first core.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cases import Case, cases_of
from iseul.compile import compile_graph
from iseul.compile.emit._c_text import C_TYPE
from iseul.compile.lower import lower
from iseul.core.errors import IseulError
from iseul.device import _chip
from iseul.device._loaded import Loaded, link
from iseul.device.runners import cortex_m
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from iseul.compile import Package

BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re")
PER_TABLE = 6  # constants that are drawn
MOST_INPUTS = 8
SHARE = 0.95  # of the constants tried, at least, that must be noticed
WEIGHTED = ("conv2d", "depthwise_conv2d", "fully_connected")
QUIET = {  # words in names of cases in which constants can not matter, and why
    "multiplier 0": "everything is the zero point",
    "far below 1": "all sums are scaled to a few values around the zero point",
    "saturates": "results are at the ends of the range, wherever the sums are",
    "relu6": "many results are at one of both clamps",
    "multiplier above 1": "sums of few values, most results at the ends of the range",
    "ties": "weights are powers of two, chosen so that sums lie on halves",
    "sums beyond 2^24": "sums are so large that results are at the ends of the range",
    "sums of 64 bits": "one weight of many thousands moves no result by a step",
    "by zero points": "samples of equal values are all at their zero point",
}
BYTES = {"int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "float32": 4}
C_BYTES = {C_TYPE[name]: n for name, n in BYTES.items()}


@dataclass(frozen=True)
class Missed:
    """A constant whose upper bits made no difference."""

    case: str
    kernel: str
    table: str
    index: int
    value: int


class Bench:
    """A case in an emulated chip, ready to be run again and again."""

    def __init__(self, case: Case, package: Package) -> None:
        self.case, self.package = case, package
        inputs = case.inputs(package.graph)
        n = min([MOST_INPUTS, *map(len, inputs)])
        self.inputs = [x[:n] for x in inputs]
        self.n = n
        self.wanted = interpret_samples(package.graph, self.inputs, stateful=True).outputs
        self.loaded = Loaded(package, link(package))
        self.loaded.start()

    def is_right(self) -> bool:
        """Whether all samples come out as the oracle says."""
        self.loaded.reset()
        for s in range(self.n):
            self.loaded.write_inputs([x[s] for x in self.inputs])
            try:
                self.loaded.invoke()
            except IseulError:
                return False
            for got, want in zip(self.loaded.read_outputs(), self.wanted, strict=True):
                if want.dtype.kind == "f":
                    near = np.allclose(got, want[s], rtol=0, atol=self.case.tolerance)
                else:
                    near = np.array_equal(got, want[s])
                if not near:
                    return False
        return True

    def tables(self) -> Iterator[tuple[str, str, int, int]]:
        """(name, C type, address, bytes) of the model's tables."""
        text = self.package.files[f"{self.package.name}_weights.c"]
        for line in text.splitlines():
            if not line.startswith("ISEUL_CONSTANT"):
                continue
            declared = line.partition("[")[0].split()
            name, c_type = declared[-1], declared[-2]
            if name in self.loaded.image.symbols and c_type in C_BYTES:
                image = self.loaded.image
                yield name, c_type, image.symbols[name], image.sizes[name]

    def is_noticed(self, address: int, n_bytes: int, bits: Sequence[int]) -> bool:
        """Whether any of these bits of a constant makes a difference."""
        chip = self.loaded.chip
        old = chip.read(address, n_bytes)
        try:
            for bit in bits:
                changed = bytearray(old)
                changed[bit // 8] ^= 1 << bit % 8
                chip.write(address, bytes(changed))
                if not self.is_right():
                    return True
            return False
        finally:
            chip.write(address, old)


# tables that hold words of several kinds: a constant is a word, each of its bytes is tried
PACKED = ("_channels", "_blocks")
FILLED = ("_dsp", "_mve", "_mul32")  # kernels whose weights come in blocks


def is_filling(kernel: str, value: int) -> bool:
    """Zeros that fill blocks of weights, biases and scales up to their size."""
    return value == 0 and kernel.endswith(FILLED)


def drawn(bench: Bench, seed: int) -> Iterator[tuple[str, int, int, int, tuple[int, ...]]]:
    """(table, index, address, bytes, bits to flip) of the constants that are tried."""
    rng = np.random.default_rng(seed)
    for name, c_type, start, size in bench.tables():
        is_packed = name.endswith(PACKED)
        n = 4 if is_packed else C_BYTES[c_type]
        bits = (31, 23, 15, 7) if is_packed else tuple(8 * n - k for k in (1, 2, 3, 5))
        for i in rng.permutation(size // n)[:PER_TABLE]:
            yield name, int(i), start + int(i) * n, n, bits


def missed_in(case: Case, board: str) -> tuple[str, int, list[Missed]]:
    """(kernel, constants tried, those missed) of a case; nothing where the board lacks a kernel."""
    graph = case.graph()
    try:
        package = compile_graph(graph, load_target(board))
    except IseulError:
        return "", 0, []
    bench = Bench(case, package)
    with bench.loaded:
        assert bench.is_right(), case.name
        n, missed = 0, []
        kernel = package.steps[0].kernel if package.steps else ""
        for table, i, address, n_bytes, bits in drawn(bench, 1):
            value = int.from_bytes(bench.loaded.chip.read(address, n_bytes), "little")
            if is_filling(kernel, value):
                continue
            n += 1
            if not bench.is_noticed(address, n_bytes, bits):
                missed.append(Missed(case.name, kernel, table, i, value))
    return kernel, n, missed


def chosen() -> list[object]:
    """(op, board, every how many cases); what is not of the default tier is marked."""
    found = [pytest.param(op, board, 4, id=f"{op}-{board}") for op in WEIGHTED for board in BOARDS]
    for op in WEIGHTED:
        name = f"{op}-{BOARDS[0]}-all"
        found.append(pytest.param(op, BOARDS[0], 1, id=name, marks=pytest.mark.slow))
    return found


@pytest.mark.skipif(cortex_m.available() is not None, reason="no compiler for Cortex-M")
@pytest.mark.parametrize(("op", "board", "every"), chosen())
def test_wrong_constants_are_noticed(op: str, board: str, every: int) -> None:
    tried: Counter[str] = Counter()
    missed: list[Missed] = []
    for case in cases_of(op)[::every]:
        if "cortex_m" in case.skips or any(word in case.name for word in QUIET):
            continue
        kernel, n, found = missed_in(case, board)
        tried[kernel] += n
        missed += found
    total = sum(tried.values())
    assert total - len(missed) >= SHARE * total, missed
    lost = Counter(one.kernel for one in missed)
    assert all(lost[kernel] < n for kernel, n in tried.items() if n >= PER_TABLE), missed


# --- fields of parameter structs

STRUCT = "p."  # what a compiler calls `static const ... p` in a function
HANGS = 0.2  # seconds after which a call is given up; right ones take milliseconds
# small cases with padding, strides, batches and clamps, so that each field matters in one
FIELD_CASES = {
    ("conv2d", BOARDS[1]): (
        *("3x3 stride 2, pads top left", "relu6", "rectified 3x3 same, odd everything"),
    ),
    ("depthwise_conv2d", BOARDS[1]): (
        *("3x3 stride 2, pads bottom right", "batch of 3", "3x1 of a series, pads"),
        "rectified 3x3 same, 7 channels, odd width",
    ),
    ("conv2d", BOARDS[0]): (
        *("10x4 kernel", "float factors, 3x3 same", "int4 weights 3x3 same, odd channels"),
        *("weights of -128, pads", "rectified int4 weights 3x3 stride 2", "int4 weights 1x1"),
        *("rectified 3x3 dilation 2", "kernel as large as the input", "one position, 1x2, clamped"),
        *("one position, 1x2, int4 weights", "one position, far below 1, batch of 2"),
        *("rectified int4 weights 1x1, batch of 2", "rectified one position, int4 weights"),
    ),
    ("fully_connected", BOARDS[0]): (
        *("264 to 9", "int4 weights, few, rectified", "int4 weights, rectified", "odd sizes"),
        *("weights of -128", "float factors, one scale"),
    ),
    ("depthwise_conv2d", BOARDS[0]): (
        *("10x4 kernel, one channel in", "int4 weights 3x3 same", "3x3 many channels, stride 2"),
        *("float factors, dilated", "rectified 3x3 large planes", "float factors, 3x3 same"),
        *("rectified int4 weights 3x3 large planes", "rectified 3x3 high and narrow"),
        *("rectified 3x3 large planes, batch of 2", "rectified int4 weights 3x3 high and narrow"),
        *("rectified int4 weights 3x3 odd width", "1x4 of a series, batch"),
        *("int4 weights of a series", "one position, 3x1 dilated, batch of 2"),
        *(
            "int4 weights, one position, 1x3, clamped, batch of 2",
            "int4 weights, one position, 5x1",
        ),
    ),
}
# beginnings of kernels and of their fields whose changes need not show
_KERNEL = ("window.out_c", "window.kernel_", "window.dilation_")  # 3x3, an output per input
_ALL_INT8 = ("output.low", "output.high")  # which says that no clamp is needed
UNFELT = {
    "iseul_depthwise_conv2d_s8_mul32": ("across.",),  # a series has one line
    "iseul_conv2d_rectified_": ("zero_point", "low", "high"),  # -128, -128, 127
    "iseul_depthwise_conv2d_s8_dsp": ("window.out_c",),
    "iseul_depthwise_factor_s8_dsp": ("window.out_c",),
    "iseul_depthwise_series_": _ALL_INT8,
    "iseul_depthwise_rows_": (*_KERNEL, *_ALL_INT8),
    "iseul_depthwise_planes_": (*_KERNEL, *_ALL_INT8, "window.stride_", "rows"),  # one band
    "iseul_depthwise_turned_": (*_KERNEL, *_ALL_INT8, "window.stride_", "rows"),
    "iseul_planes_factor_s8_dsp": (*_KERNEL, "window.stride_"),
}


def fields_of(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of a struct's words, nested structs taken apart."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from fields_of(value, f"{prefix}{name}.")
        elif isinstance(value, tuple):
            yield from ((f"{prefix}{name}[{i}]", one) for i, one in enumerate(value))
        else:
            yield prefix + name, value


def felt_in(case: Case, board: str) -> tuple[str, dict[str, bool]]:
    """(kernel, whether a change of each number in its struct makes a difference)."""
    graph, target = case.graph(), load_target(board)
    lowered = lower(graph, target, "speed")
    if len(lowered.graph.nodes) != 1:
        return "", {}
    node = lowered.graph.nodes[0]
    fields = lowered.cards[node.name].emit(node.attrs, lowered.graph.io(node))
    bench = Bench(case, compile_graph(graph, target))
    image, felt = bench.loaded.image, {}
    with bench.loaded:
        start = next(at for name, at in image.symbols.items() if name.startswith(STRUCT))
        n_ram = image.ram_end - target.ram_start
        ram = bench.loaded.chip.read(target.ram_start, n_ram)
        for i, (name, value) in enumerate(fields_of(fields)):
            at, chip = start + 4 * i, bench.loaded.chip
            if not isinstance(value, int):
                continue  # a table: `test_wrong_constants_are_noticed`
            old = chip.read(at, 4)
            assert int.from_bytes(old, "little", signed=True) == value, (case.name, name)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(_chip, "CALL_SECONDS", HANGS)
                for changed in (value + 1, value - 1):
                    chip.write(at, changed.to_bytes(4, "little", signed=True))
                    felt[name] = not is_right_from(bench, ram, target.ram_start)
                    if felt[name]:
                        break
            chip.write(at, old)
        assert is_right_from(bench, ram, target.ram_start), case.name
    return bench.package.steps[0].kernel, felt


def is_right_from(bench: Bench, ram: bytes, start: int) -> bool:
    """Whether it comes out right, and nothing behind the arena changes; RAM is as it was first,
    but for the arena, in which no older result lies.
    """
    loaded = bench.loaded
    loaded.chip.write(start, ram)
    loaded.chip.fill(loaded.arena, loaded.arena_bytes + loaded.guard_bytes, 0xA5)
    right = bench.is_right()
    behind = loaded.arena + loaded.arena_bytes
    return right and loaded.chip.changed(behind, loaded.guard_bytes, 0xA5) is None


@pytest.mark.skipif(cortex_m.available() is not None, reason="no compiler for Cortex-M")
@pytest.mark.parametrize(("op", "board"), FIELD_CASES, ids="-".join)
def test_wrong_fields_are_noticed(op: str, board: str) -> None:
    """Of kernels that only cores like the board's have: portable ones share their structs, and
    leave some fields alone.
    """
    felt: dict[tuple[str, str], bool] = {}
    named = {case.name.partition("/")[2]: case for case in cases_of(op)}
    for name in FIELD_CASES[op, board]:
        kernel, found = felt_in(named[name], board)
        if kernel.endswith(FILLED):
            for field, is_felt in found.items():
                felt[kernel, field] = felt.get((kernel, field), False) or is_felt
    assert len({kernel for kernel, _ in felt}) >= 2
    unfelt = {(kernel, field) for (kernel, field), is_felt in felt.items() if not is_felt}
    expected = {
        (kernel, field)
        for kernel, field in unfelt
        for start, fields in UNFELT.items()
        if kernel.startswith(start) and field.startswith(fields)
    }
    assert unfelt == expected
