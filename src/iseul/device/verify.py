# SPDX-License-Identifier: Apache-2.0
"""Do all judges compute the same? And if not, which node differs first?

    numpy   the oracle (`graph/interpret.py`)
    host    the generated C, built for this machine
    runner  the generated C, linked for the target, on its emulated chip (`runners/`)

Every value that a step makes is compared for every input, and what the states have become after
it: integers to the bit, floats within a tolerance, because sums of floats may run in another
order. The first difference is the earliest step in execution order in which any judge leaves the
oracle, then the earliest input; in a stream the earliest input, then the earliest step.

The passes are judged too where the graph before them is given: its outputs are the package's.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.proofs import read_shown
from iseul.core import registry
from iseul.core.errors import ShapeError, UsageError, VerifyError, did_you_mean
from iseul.device._chip import HOST, RUNNERS, runner_of
from iseul.device._inputs import random_inputs
from iseul.device._run import Run, checked_inputs
from iseul.graph.interpret import interpret_samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from iseul.compile import Package
    from iseul.graph.ir import Graph
    from iseul.numerics import Array
    from iseul.targets import Target

ORACLE = "numpy"
PASSES = "passes"  # who differs when the graph after the passes is not that before them
FLOAT_TOLERANCE = 1e-4  # absolute, and relative to the oracle's value
CHUNK = 64  # samples that are traced at once, fewer where their values are many bytes
CHUNK_BYTES = 1 << 27


@dataclass(frozen=True)
class Difference:
    """Where a judge leaves the oracle. `order` is the step's place in execution order."""

    order: int
    sample: int
    judge: str
    value: str
    index: tuple[int, ...]
    expected: float
    got: float


def judges_of(target: Target) -> tuple[str, ...]:
    """Who judges a package of a target: the oracle, the C on this machine, the C on its chip."""
    return tuple(dict.fromkeys((ORACLE, HOST, runner_of(target))))


def verify_package(
    package: Package,
    inputs: Sequence[Array],
    judges: Sequence[str] | None = None,
    *,
    stateful: bool = False,
    trace_limit: int | None = None,
    tolerance: float = FLOAT_TOLERANCE,
    origin: Graph | None = None,
) -> dict[str, Any]:
    """The `verify --json` of a package.

    inputs:      (n, *shape) per graph input
    origin:      the graph that the package was made of, before any pass: its outputs, by the
                 oracle, must be the package's, so that a pass that changes a result is found
    judges:      the oracle "numpy" and runners; the oracle is always run. By default all that
                 the target has
    stateful:    samples are consecutive steps of one stream
    trace_limit: samples whose intermediate values are compared; outputs of all samples are.
                 None compares everything
    tolerance:   for floats only

    The proofs of the package's shortcuts are checked again; one that does not hold raises
    VerifyError. `outputs_sha256` is over the raw output bytes of all inputs in order, of the last
    judge: what the device computed. `selftests` has each runner's code: 0 passed, 1 + index of a
    step.

    Raises UsageError for an unknown judge, ShapeError without samples, ToolError if a judge can
    not run.
    """
    arrays = checked_inputs(package, inputs)
    n = len(arrays[0]) if arrays else 1
    if n == 0:
        raise ShapeError("there is no sample to compare judges on; give at least one")
    runners = [judge for judge in judges or judges_of(package.target) if judge != ORACLE]
    _check_judges(runners)
    traced = n if trace_limit is None else min(n, trace_limit)
    hashes = {judge: hashlib.sha256() for judge in (ORACLE, *runners)}
    found: list[Difference] = []
    # a stream can not be cut, and its state is small
    chunk = n if stateful else _chunk(package)
    for start in range(0, n, chunk):
        stop = min(n, start + chunk)
        piece = [x[start:stop] for x in arrays]
        names = _compared(package, start < traced)
        want = _run_oracle(package.graph, piece, names, stateful)
        _update(hashes[ORACLE], want, stop - start)
        if origin is not None:
            before = _run_oracle(origin, piece, (), stateful)
            found += _differences(package, PASSES, before, Run(want.outputs, {}), start, tolerance)
        for judge in runners:
            runner = registry.load(RUNNERS, judge)
            got = runner.run(package, piece, trace=names, stateful=stateful)
            _update(hashes[judge], got, stop - start)
            found += _differences(package, judge, want, got, start, tolerance)
    ranked = (PASSES, *runners)
    first = min(found, key=partial(_rank, ranked, stateful), default=None)
    last = (ORACLE, *runners)[-1]
    return {
        "model": package.graph.name,
        "target": package.target.name,
        "n_inputs": n,
        "n_traced": traced,
        "judges": [ORACLE, *runners],
        "equal": first is None,
        "first_difference": _as_json(package, first),
        "outputs_sha256": hashes[last].hexdigest(),
        "sha256_by_judge": {judge: digest.hexdigest() for judge, digest in hashes.items()},
        "selftests": {judge: registry.load(RUNNERS, judge).selftest(package) for judge in runners},
        "proofs": checked_proofs(package),
    }


def checked_proofs(package: Package) -> dict[str, Any]:
    """Check all proofs of a package again, from what its JSON says of them.

    Raises VerifyError with the node of the first one that does not hold.
    """
    shown = read_shown(json.loads(json.dumps(package.proofs())), package.name)
    for one in shown:
        if not one.proof.holds():
            raise VerifyError(f'"{one.node}": the proof of {one.by}, {one.proof.kind}, is wrong')
    return {"n": len(shown), "kinds": dict(Counter(one.proof.kind for one in shown))}


def verify_model(
    model: str | Path | Graph,
    target: str | Target,
    inputs: Sequence[Array] | None = None,
    n_random: int = 16,
    seed: int = 0,
    judges: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Compile a model for a target and compare all judges on it.

    model:    a graph, or the path of a `.iseul`, `.pt2` or other readable file
    inputs:   (n, *shape) per graph input; by default `n_random` random samples from `seed`
    judges:   by default all that the target has

    returns the dict of `verify_package`. Raises what reading, compiling and running raise.
    """
    from iseul.compile import compile_graph, proven_passes
    from iseul.graph.files import load_graph
    from iseul.graph.ir import Graph
    from iseul.targets import load_target

    graph = model if isinstance(model, Graph) else load_graph(model)
    board = load_target(target) if isinstance(target, str) else target
    passed, shown = proven_passes(graph, board)
    package = compile_graph(passed, board, shown=shown)
    arrays = inputs if inputs is not None else random_inputs(graph, n_random, seed)
    verdict = verify_package(package, arrays, judges, origin=graph)
    return verdict if isinstance(model, Graph) else {**verdict, "model": str(model)}


def _rank(runners: Sequence[str], stateful: bool, d: Difference) -> tuple[int, int, int]:
    """The first difference has the lowest; in a stream, where samples follow from each other, the
    earliest sample is nearest to the cause.
    """
    at = (d.sample, d.order) if stateful else (d.order, d.sample)
    return *at, runners.index(d.judge)


def _check_judges(runners: Sequence[str]) -> None:
    known = registry.names(RUNNERS)
    for judge in runners:
        if judge not in known:
            raise UsageError(
                f'there is no judge "{judge}".{did_you_mean(judge, (ORACLE, *known))}',
                f"one of: {', '.join((ORACLE, *known))}",
            )


def _chunk(package: Package) -> int:
    """Samples at once, so that the intermediate values of all of them take bounded memory."""
    made = (name for step in package.steps for name in step.made)
    one = sum(package.graph.values[name].n_bytes for name in made)
    return max(1, min(CHUNK, CHUNK_BYTES // max(1, one)))


def _compared(package: Package, intermediate: bool) -> tuple[str, ...]:
    """Names of the values that the steps make, in execution order, then of the states."""
    if not intermediate:
        return ()
    made = tuple(name for step in package.steps for name in step.made)
    return made + tuple(state.value for state in package.graph.states)


def _run_oracle(graph: Graph, inputs: Sequence[Array], names: Sequence[str], stateful: bool) -> Run:
    result = interpret_samples(graph, inputs, keep=names, stateful=stateful)
    return Run(result.outputs, result.values)


def _update(digest: Any, run: Run, n: int) -> None:
    for s in range(n):
        for output in run.outputs:
            digest.update(np.ascontiguousarray(output[s]).tobytes())


def _differences(
    package: Package, judge: str, want: Run, got: Run, start: int, tolerance: float
) -> list[Difference]:
    """The first difference of each value that differs."""
    found = []
    pairs: list[tuple[int, str, Array, Array]] = [
        (i, name, want.values[name], got.values[name])
        for i, step in enumerate(package.steps)
        for name in step.made
        if name in got.values
    ]
    # what the states have become is compared behind the steps
    pairs += [
        (len(package.steps), state.value, want.values[state.value], got.values[state.value])
        for state in package.graph.states
        if state.value in got.values
    ]
    # an output that no step makes (an input handed through) comes last
    for name, a, b in zip(package.graph.outputs, want.outputs, got.outputs, strict=True):
        pairs.append((_order_of(package, name), name, a, b))
    for order, name, a, b in pairs:
        index = first_difference(a, b, tolerance)
        if index is not None:
            at = (start + index[0], judge, name, index[1:])
            found.append(Difference(order, *at, a[index].item(), b[index].item()))
    return found


def _order_of(package: Package, value: str) -> int:
    from iseul.device._run import origin_of

    node = package.graph.producer(origin_of(package, value))
    order = {name: i for i, step in enumerate(package.steps) for name in step.nodes}
    return order[node.name] if node is not None else len(order)


def first_difference(want: Array, got: Array, tolerance: float) -> tuple[int, ...] | None:
    """Index of the first element that differs; None if none does. NaN equals NaN."""
    if want.dtype.kind == "f":
        equal = np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        equal = want == got
    if equal.all():
        return None
    return tuple(int(i) for i in np.argwhere(~equal)[0])


def _as_json(package: Package, difference: Difference | None) -> Mapping[str, Any] | None:
    if difference is None:
        return None
    node = package.graph.producer(difference.value)
    steps = [step.nodes for step in package.steps if node is not None and node.name in step.nodes]
    is_state = any(state.value == difference.value for state in package.graph.states)
    return {
        "input": difference.sample,
        "node": node.name if node is not None else difference.value,
        "op": node.op if node is not None else "state" if is_state else "input",
        "index": list(difference.index),
        "expected": difference.expected,
        "got": difference.got,
        "judge": difference.judge,
        "value": difference.value,
        # the nodes of the step: of those that run by bands only the last one's output is compared
        "among": [name for names in steps for name in names],
    }


__all__ = [
    "Difference",
    "first_difference",
    "judges_of",
    "random_inputs",
    "verify_model",
    "verify_package",
]
