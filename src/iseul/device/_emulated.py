# SPDX-License-Identifier: Apache-2.0
"""Runs the image that is linked for a board on its emulated chip: what all such runners share.

The instructions are those that the board would run. Traced values are read from the same image:
when the next step begins, what the step before made stands in the arena.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ToolError
from iseul.device._loaded import Loaded, link
from iseul.device._run import Run, rooms_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.compile import Package
    from iseul.device._chip import Family
    from iseul.device._run import Place
    from iseul.device._toolchain import Compiler
    from iseul.numerics import Array


def unavailable(family: Family) -> str | None:
    """None, or why the family's cores can not be built for or emulated here."""
    try:
        family.find(None)
    except ToolError as error:
        return str(error)
    return family.missing()


def run(
    package: Package,
    inputs: Sequence[Array],
    *,
    trace: Sequence[str] = (),
    stateful: bool = False,
    compiler: Compiler | None = None,
) -> Run:
    """Run samples on the package's target. inputs: one (n, *shape) array per graph input.

    trace:    values to return besides the outputs
    stateful: samples are consecutive steps; else state starts fresh for each

    Raises ToolError if the image does not build, faults, or returns a code.
    """
    rooms = rooms_of(package, inputs, trace)
    with Loaded(package, link(package, compiler)) as loaded:
        tracer = _Tracer(loaded, rooms.where) if rooms.where else None
        loaded.start()
        for s in range(rooms.n):
            if not stateful:
                loaded.reset()
            loaded.write_inputs([x[s] for x in rooms.inputs])
            loaded.invoke()
            for room, array in zip(rooms.outputs, loaded.read_outputs(), strict=True):
                room[s] = array
            for name, data in tracer.take().items() if tracer else ():
                room = rooms.traced[name]
                room[s] = np.frombuffer(data, room.dtype).reshape(room.shape[1:])
    return rooms.run()


def selftest(package: Package, compiler: Compiler | None = None) -> int:
    """The package's own self-test: 0, or 1 + index of the first differing node."""
    with Loaded(package, link(package, compiler, selftest=True)) as loaded:
        loaded.start()
        return loaded.call("selftest", loaded.model)


class _Tracer:
    """Copies values out of the arena at the end of the step that makes them."""

    def __init__(self, loaded: Loaded, where: Mapping[str, Place]) -> None:
        self.loaded = loaded
        self.n_steps = len(loaded.package.steps)
        self.found: dict[str, bytes] = {}
        self.made: dict[int, list[tuple[str, Place]]] = {}
        for name, place in where.items():
            self.made.setdefault(place.step, []).append((name, place))
        entries = [loaded.image.address(step.symbol) for step in loaded.package.steps]
        loaded.chip.watch(entries, lambda step: self._copy(step - 1))

    def _copy(self, step: int) -> None:
        for name, place in self.made.get(step, ()):
            address = (
                self.loaded.states if step == self.n_steps else self.loaded.arena
            ) + place.offset
            self.found[name] = self.loaded.chip.read(address, place.n_bytes)

    def take(self) -> dict[str, bytes]:
        """The values of the sample that was just invoked. Raises ToolError."""
        chip = self.loaded.chip
        if chip.reached != self.n_steps:
            raise ToolError(
                f"{self.loaded.package.name}: {chip.reached} of {self.n_steps} steps were "
                "entered; the compiler must not inline or merge step functions"
            )
        self._copy(self.n_steps - 1)
        self._copy(self.n_steps)  # the states
        chip.rewind()
        found, self.found = self.found, {}
        return found
