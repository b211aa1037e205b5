# SPDX-License-Identifier: Apache-2.0
"""What runners share: the result of a run, and where traced values stand in the arena."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.emit._c_model import state_layout
from iseul.core.errors import UnsupportedError, UsageError
from iseul.graph.interpret import check_inputs
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.compile import Package
    from iseul.graph.ir import Value
    from iseul.numerics import Array


@dataclass(frozen=True)
class Run:
    """outputs in the graph's order and traced values, each (n, *shape)."""

    outputs: list[Array]
    values: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a value stands: in the arena after a step.

    A state's place has the number of all steps as its step: after the invoke, `offset` bytes into
    the model's states.
    """

    step: int
    offset: int
    n_bytes: int


@dataclass(frozen=True)
class Rooms:
    """What a run of a package is given and fills.

    inputs:  checked, one (n, *shape) array per graph input
    n:       samples
    outputs: room for them, in the graph's order
    where:   traced values that stand in the arena or among the states
    traced:  room for these
    known:   traced values that need no run
    """

    inputs: list[Array]
    n: int
    outputs: list[Array]
    where: dict[str, Place]
    traced: Mapping[str, Array]
    known: Mapping[str, Array]

    def run(self) -> Run:
        """The result, when all rooms are filled."""
        return Run(self.outputs, {**self.known, **self.traced})


def rooms_of(package: Package, inputs: Sequence[Array], trace: Sequence[str]) -> Rooms:
    """Raises ShapeError for inputs that do not fit, UsageError and UnsupportedError for values
    that can not be traced.
    """
    arrays = checked_inputs(package, inputs)
    n = len(arrays[0]) if arrays else 1
    outputs = [empty(value, n) for value in values_of(package, package.graph.outputs)]
    where = places(package, trace)
    traced = {value.name: empty(value, n) for value in values_of(package, tuple(where))}
    known = values_without_place(package, trace, arrays)
    return Rooms(arrays, n, outputs, where, traced, known)


def checked_inputs(package: Package, inputs: Sequence[Array]) -> list[Array]:
    """C-contiguous inputs of one common length. Raises ShapeError if they do not fit."""
    arrays = [np.ascontiguousarray(x) for x in inputs]
    check_inputs(package.graph, arrays)
    return arrays


def values_of(package: Package, names: Sequence[str]) -> list[Value]:
    """Values by name. Raises UnsupportedError for a number kind packed below a byte."""
    values = [package.graph.values[name] for name in names]
    packed = [v.name for v in values if v.dtype == "int4"]
    if packed:
        raise UnsupportedError(f"runners can not read packed int4 values yet: {packed}")
    return values


def empty(value: Value, n: int) -> Array:
    """Room for n samples of a value."""
    return np.zeros((n, *value.shape), storage(value.dtype))


def places(package: Package, names: Sequence[str]) -> dict[str, Place]:
    """Where each traced value stands; inputs and constants have no place.

    A state is what it has become after the invoke.

    A value without a step of its own (a reshape that only renames) stands where the value
    stands that it renames. Raises UsageError for a name that the graph does not have.
    """
    made = {
        name: Place(i, offset, n_bytes)
        for i, step in enumerate(package.steps)
        for name, offset, n_bytes in step.outputs
    }
    states = _state_places(package)
    made |= {name: states[state] for name, state in package.plan.kept.items()}
    found = {}
    for name in names:
        if name not in package.graph.values:
            raise UsageError(f'graph "{package.graph.name}" has no value "{name}"')
        origin = origin_of(package, name)
        if name in states:
            found[name] = states[name]
        elif origin in made:
            found[name] = made[origin]
    return found


def _state_places(package: Package) -> dict[str, Place]:
    graph, last = package.graph, len(package.steps)
    offsets, _ = state_layout(graph)
    return {name: Place(last, at, graph.values[name].n_bytes) for name, at in offsets.items()}


def origin_of(package: Package, name: str) -> str:
    """The value whose bytes a value shares: itself, unless its node has no step."""
    stepped = {name for step in package.steps for name in step.nodes}
    node = package.graph.producer(name)
    while node is not None and node.name not in stepped:
        name = node.inputs[0]
        node = package.graph.producer(name)
    return name


def values_without_place(
    package: Package, names: Sequence[str], inputs: Sequence[Array]
) -> dict[str, Array]:
    """Traced values that are inputs, constants, or new shapes of them."""
    graph, n = package.graph, len(inputs[0]) if inputs else 1
    given = dict(zip(graph.inputs, inputs, strict=True))
    found = {}
    for name in names:
        origin = graph.values[origin_of(package, name)]
        shape = (n, *graph.values[name].shape)
        if origin.name in given:
            found[name] = given[origin.name].reshape(shape)
        elif origin.data is not None:
            found[name] = np.broadcast_to(origin.data.reshape(shape[1:]), shape)
    return found
