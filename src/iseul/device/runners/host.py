# SPDX-License-Identifier: Apache-2.0
"""Runs the generated C on this machine: a shared library, called through ctypes.

The loop over samples is C, so ten thousand images take about as long as their arithmetic.
Traced values come from a second build, in which each step calls the harness.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ToolError
from iseul.device._build import Source, build_shared
from iseul.device._run import Run, rooms_of
from iseul.device._toolchain import Compiler, find_host_compiler

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.compile import Package
    from iseul.device._run import Place
    from iseul.numerics import Array


CORES = ("host",)
HARNESS = ("host.c", "host_model.c")
find = find_host_compiler


def versions() -> dict[str, str]:
    """What a measurement depends on besides the compiler."""
    return {}


class _Copy(ctypes.Structure):
    """`iseul_harness_copy_t` of harness/host.c."""

    _fields_ = (
        ("step", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_bytes", ctypes.c_int64),
        ("at", ctypes.c_int64),
    )


def available() -> str | None:
    """None, or why this machine can not build and run C."""
    try:
        find_host_compiler()
    except ToolError as error:
        return str(error)
    return None


def run(
    package: Package,
    inputs: Sequence[Array],
    *,
    trace: Sequence[str] = (),
    stateful: bool = False,
    compiler: Compiler | None = None,
) -> Run:
    """Run samples. inputs: one (n, *shape) array per graph input.

    trace:    values to return besides the outputs
    stateful: samples are consecutive steps; else state starts fresh for each

    Raises ToolError if the C does not build or `init` or `invoke` return a code.
    """
    rooms = rooms_of(package, inputs, trace)
    library = _load(package, compiler, traced=bool(rooms.where))
    copies, record_bytes = _copies(rooms.where)
    records = np.zeros((rooms.n, record_bytes), np.uint8)
    code = library.iseul_harness_run(
        ctypes.c_int64(rooms.n),
        ctypes.c_int(stateful),
        *_arrays(rooms.inputs),
        *_arrays(rooms.outputs),
        copies,
        ctypes.c_int64(len(copies)),
        ctypes.c_int64(record_bytes),
        ctypes.c_void_p(records.ctypes.data),
    )
    _check(code, package)
    for copy, room in zip(copies, rooms.traced.values(), strict=True):
        bytes_ = np.ascontiguousarray(records[:, copy.at : copy.at + copy.n_bytes])
        room[...] = bytes_.view(room.dtype).reshape(room.shape)
    return rooms.run()


def selftest(package: Package, compiler: Compiler | None = None) -> int:
    """The package's own self-test: 0, or 1 + index of the first differing node."""
    code: int = _load(package, compiler, selftest=True).iseul_harness_selftest()
    if code < 0 or code > 1000:
        _check(code, package)
    return code


def _load(
    package: Package, compiler: Compiler | None, *, traced: bool = False, selftest: bool = False
) -> ctypes.CDLL:
    source = Source(
        package.name,
        package.files if selftest else package.inference_files,
        HARNESS,
        ("ISEUL_HARNESS_SELFTEST",) if selftest else (),
        ("trace.h",) if traced else (),
    )
    path: Path = build_shared(source, compiler or find_host_compiler())
    library = ctypes.CDLL(str(path))
    library.iseul_harness_run.restype = ctypes.c_int
    library.iseul_harness_selftest.restype = ctypes.c_int
    return library


def _arrays(arrays: Sequence[Array]) -> tuple[object, object, object]:
    """How many arrays, where they begin, and how many bytes one sample of each has."""
    count = len(arrays)
    starts = (ctypes.c_void_p * count)(*(x.ctypes.data for x in arrays))
    sizes = (ctypes.c_int64 * count)(*(x[:1].nbytes for x in arrays))
    return ctypes.c_int(count), starts, sizes


def _copies(where: dict[str, Place]) -> tuple[ctypes.Array[_Copy], int]:
    """What to copy after which step, behind each other in a sample's record."""
    copies, at = [], 0
    for place in where.values():
        copies.append(_Copy(place.step, place.offset, place.n_bytes, at))
        at += place.n_bytes
    return (_Copy * len(copies))(*copies), at


def _check(code: int, package: Package) -> None:
    if code == 0:
        return
    name = package.name
    what = {-1: "the host has no memory for its arena"}
    stage, number = divmod(code, 1000)
    said = what.get(code) or f"{name}_{'init' if stage == 1 else 'invoke'} returned {number}"
    raise ToolError(f"{name} on the host: {said}")
