# SPDX-License-Identifier: Apache-2.0
"""A package linked for its target and loaded into an emulated chip, ready for calls."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ToolError
from iseul.device._build import Source, build_image
from iseul.device._chip import family_of
from iseul.device._elf import Image, read_image
from iseul.device._run import empty, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile import Package
    from iseul.device._count import Counter
    from iseul.device._paint import Paint
    from iseul.device._toolchain import Compiler
    from iseul.numerics import Array


def link(package: Package, compiler: Compiler | None = None, selftest: bool = False) -> Image:
    """Build the package for its target.

    selftest: link the self-test and its golden vectors too

    Raises UnsupportedError for a target that is no chip, ToolError, BudgetError.
    """
    family = family_of(package.target)
    defines = ("ISEUL_HARNESS_SELFTEST",) if selftest else ()
    files = package.files if selftest else package.inference_files
    source = Source(package.name, files, family.harness, defines)
    return read_image(build_image(source, package.target, compiler or family.find(None)))


class Loaded:
    """One package on one emulated chip. `start` before the first `invoke`; close it, or use `with`.

    counter: counts what runs on the chip
    """

    def __init__(self, package: Package, image: Image, counter: Counter | None = None) -> None:
        self.package = package
        self.image = image
        self.chip = family_of(package.target).make(image, package.target, counter)
        self.model = image.address("iseul_harness_model")
        self.arena = image.address("iseul_harness_arena")
        sizes = struct.unpack("<4I", image.read(image.address("iseul_harness_sizes"), 16))
        self.model_bytes, self.arena_bytes, self.state_bytes, self.guard_bytes = sizes
        self.states = self.model + self.model_bytes - self.state_bytes  # the last field of <name>_t
        graph = package.graph
        self._inputs = values_of(package, graph.inputs)
        self._outputs = values_of(package, graph.outputs)
        self._input_at: list[int] = []
        self._output_at: list[int] = []

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *error: object) -> None:
        self.chip.close()

    def call(self, function: str, *arguments: int) -> int:
        """Call `<name>_<function>`."""
        return self.chip.call(f"{self.package.name}_{function}", *arguments)

    def start(self) -> None:
        """`init`, then ask for the addresses of inputs and outputs. Raises ToolError."""
        code = self.call("init", self.model, self.arena, self.arena_bytes)
        self._check(code, "init")
        inputs, outputs = range(len(self._inputs)), range(len(self._outputs))
        self._input_at = [self.call("input", self.model, i) & 0xFFFF_FFFF for i in inputs]
        self._output_at = [self.call("output", self.model, i) & 0xFFFF_FFFF for i in outputs]

    def reset(self) -> None:
        self.call("reset", self.model)

    def write_inputs(self, sample: Sequence[Array]) -> None:
        """sample: one array per graph input, without the sample axis."""
        for address, x in zip(self._input_at, sample, strict=True):
            self.chip.write(address, x.tobytes())

    def invoke(self) -> None:
        self._check(self.call("invoke", self.model), "invoke")

    def run_once(
        self, sample: Sequence[Array], paint: Paint | None = None, counter: Counter | None = None
    ) -> None:
        """`init`, `reset`, one invoke on one sample; painted and counted if wanted."""
        if paint is not None:
            paint.arena(self)
        self.start()
        self.reset()
        if paint is not None:
            paint.stack(self)
        self.write_inputs(sample)
        if counter is not None:
            counter.begin()
        self.invoke()
        if counter is not None:
            counter.stop()
        if paint is not None:
            paint.look(self)

    def read_outputs(self) -> list[Array]:
        """One array per graph output."""
        found = []
        for address, value in zip(self._output_at, self._outputs, strict=True):
            one = empty(value, 1)[0]
            data = self.chip.read(address, one.nbytes)
            found.append(np.frombuffer(data, one.dtype).reshape(one.shape))
        return found

    def _check(self, code: int, function: str) -> None:
        if code != 0:
            name = self.package.name
            raise ToolError(f"{name} on the emulated chip: {name}_{function} returned {code}")
