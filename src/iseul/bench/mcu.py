# SPDX-License-Identifier: Apache-2.0
"""`iseul bench mcu`: models on emulated chips, beside what the peer needs for them.

A row can not be had without a proof: it is made of a `Proven` package, and that is made of a
verdict in which oracle, host C and emulated chip agree on at least `LEAST_INPUTS` inputs. Where
golden outputs of another runtime are at hand, their inputs come first, and the oracle must give
those outputs. Instructions are counted on one input, the first that is not golden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.bench import corpus
from iseul.compile import compile_graph, predict_instructions, proven_passes
from iseul.core.errors import IseulError, ToolError, UsageError, VerifyError
from iseul.core.progress import progress, say
from iseul.core.units import show_count, show_seconds
from iseul.device.measure import profile_package
from iseul.device.verify import judges_of, verify_package
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from iseul.bench._baseline import Baseline
    from iseul.bench.corpus import Entry
    from iseul.compile import Package
    from iseul.graph.ir import Graph
    from iseul.numerics import Array
    from iseul.targets import Target

LEAST_INPUTS = 200
TARGETS = ("nucleo-l4r5zi", "mps3-an547", "nucleo-g0b1re", "esp32-c3")
LARGE = {"nucleo-l4r5zi": "cortex-m4-bigram"}  # where a model needs more memory than a part has
DEAD = "remove_dead_channels"
WITHOUT_DEAD = ("mlperf_vww_mbv1_025_96_int8",)  # also measured with its dead channels
MOST_MACS = 30_000_000  # of a model that is not named; larger ones take minutes each
SINGLE_OPS = ("seanet_int16x8",)  # folders of models of one op: only where they are named
TRACED = 1  # chunks of inputs, at least, of which every value between steps is compared

# for the estimate only: emulated instructions per second, seconds per package to build and load
_SPEED, _START = 1.1e8, 5.0


@dataclass(frozen=True)
class Proven:
    """A package, and the verdict in which all its judges agree.

    Raises VerifyError for any other verdict.
    """

    package: Package
    verdict: Mapping[str, Any]

    def __post_init__(self) -> None:
        verdict, package = self.verdict, self.package
        where = f"{package.graph.name} on {package.target.name}"
        if (verdict["model"], verdict["target"]) != (package.graph.name, package.target.name):
            raise VerifyError(f"{where}: the verdict is of another package")
        if verdict["equal"] is not True:
            raise VerifyError(f"{where}: {verdict['first_difference']}")
        if verdict["n_inputs"] < LEAST_INPUTS:
            raise VerifyError(f"{where}: {verdict['n_inputs']} inputs, at least {LEAST_INPUTS}")
        if set(verdict["judges"]) != set(judges_of(package.target)):
            raise VerifyError(f"{where}: judged by {', '.join(verdict['judges'])} only")
        failed = [judge for judge, code in verdict["selftests"].items() if code != 0]
        if failed:
            raise VerifyError(f"{where}: the self-test fails on {', '.join(failed)}")


@dataclass(frozen=True)
class Row:
    """What a model costs on a chip.

    entry:   the model's file
    inputs:  in words, what it was proven on
    without: passes that were left out
    profile: of `proven.package`, as `iseul profile --json` has it
    peer:    the peer's figures, if they are known
    """

    entry: Entry
    proven: Proven
    inputs: str
    without: tuple[str, ...]
    profile: Mapping[str, Any]
    peer: Mapping[str, int] | None

    @property
    def target(self) -> Target:
        return self.proven.package.target

    @property
    def ours(self) -> dict[str, int]:
        """The figures under the peer's names; the arena with the states, which the peer's has."""
        ram, flash = self.profile["ram"], self.profile["flash"]
        return {
            "instructions": self.profile["instructions"],
            "cycles_model": self.profile["cycles_model"],
            "arena_bytes": ram["arena_bytes"] + ram["state_bytes"],
            "stack_bytes": ram["stack_bytes"],
            "flash_bytes": flash["code_bytes"] + flash["constant_bytes"],
        }

    @property
    def ratios(self) -> dict[str, float]:
        """Figure -> how many times ours the peer needs."""
        ours = self.ours
        return {key: value / max(1, ours[key]) for key, value in (self.peer or {}).items()}

    def instructions_per_mac(self, *ops: str) -> float | None:
        """Of the nodes of these ops (all, without any), or None where there is no product."""
        nodes = [n for n in self.profile["nodes"] if not ops or n["op"] in ops]
        macs = sum(node["macs"] for node in nodes)
        return sum(node["instructions"] for node in nodes) / macs if macs else None

    def as_json(self) -> dict[str, Any]:
        verdict = self.proven.verdict
        return {
            "model": self.entry.path.name,
            "target": self.target.name,
            "core": self.target.core,
            "without": list(self.without),
            "macs": self.profile["macs"],
            "ours": self.ours,
            "peer": dict(self.peer) if self.peer else None,
            "ratio": {key: round(value, 3) for key, value in self.ratios.items()},
            "instructions_per_mac": {
                "all": self.instructions_per_mac(),
                "conv2d": self.instructions_per_mac("conv2d"),
                "depthwise_conv2d": self.instructions_per_mac("depthwise_conv2d"),
            },
            "compiler": self.profile["compiler"],
            "cycles_source": self.profile["cycles_source"],
            "verified": {
                "n_inputs": verdict["n_inputs"],
                "inputs": self.inputs,
                "judges": list(verdict["judges"]),
                "outputs_sha256": verdict["outputs_sha256"],
                "proofs": verdict["proofs"],
            },
        }


@dataclass(frozen=True)
class Job:
    """A row to be made."""

    entry: Entry
    board: str
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " without ".join((f"{self.entry.path.name} on {self.board}", *self.without))


@dataclass(frozen=True)
class Left:
    """A row that there is not, and why. is_wrong: a judge says no, or a tool failed."""

    job: Job
    reason: str
    is_wrong: bool


def jobs_of(
    found: Sequence[Entry], baseline: Baseline, models: Sequence[str], boards: Sequence[str]
) -> tuple[list[Job], list[Left]]:
    """What to measure, in order: models that the peer was measured on, then the others.

    models: words, a model whose file's name or short name has one of them is taken; none: all
    boards: names; none: `TARGETS`, and for models without a peer its first alone

    Raises UsageError for a word or a board that is in no name.
    """
    names = {entry: f"{entry.path.name} {baseline.short_of(entry.name) or ''}" for entry in found}
    for word in models:
        if not any(word in name for name in names.values()):
            raise UsageError(f'--models: no model has "{word}" in its name')
    for board in boards:
        load_target(board)
    if models:
        chosen = [e for e in found if any(word in names[e] for word in models)]
    else:
        chosen = [e for e in found if e.path.parent.name not in SINGLE_OPS]
    shorts = list(baseline.models)
    ours = sorted(
        (e for e in chosen if baseline.short_of(e.name)),
        key=lambda e: shorts.index(baseline.short_of(e.name) or ""),
    )
    jobs = []
    for board in boards or TARGETS:
        for entry in ours:
            jobs.append(Job(entry, board))
            if entry.name in WITHOUT_DEAD:
                jobs.append(Job(entry, board, (DEAD,)))
    for board in boards or TARGETS[:1]:
        jobs += [Job(entry, board) for entry in chosen if entry not in ours]
    left = []
    for job in list(jobs) if not models else ():
        if job.entry not in ours and (reason := _too_much(job.entry)):
            jobs.remove(job)
            left.append(Left(job, reason, False))
    return jobs, left


def _too_much(entry: Entry) -> str | None:
    """Why a model that nobody named is left out."""
    try:
        macs = _macs(load_graph(entry.path))
    except IseulError as error:
        lines = error.problem.replace(str(entry.path), entry.path.name).splitlines()
        return f"is refused: {(lines[1:] or lines)[0].strip()}"  # the first blocker
    if macs <= MOST_MACS:
        return None
    return f"{show_count(macs)} MACs per input; takes minutes: --models {entry.name}"


def _macs(graph: Graph) -> int:
    from iseul.core import registry
    from iseul.graph.build import OPS

    ops = ((registry.load(OPS, node.op), node) for node in graph.nodes)
    return sum(int(op.macs(n.attrs, graph.io(n))) for op, n in ops if hasattr(op, "macs"))


def seconds_of(jobs: Iterable[Job], n_inputs: int) -> float:
    """About how long the jobs take, from predicted instructions: for people who wait."""
    total = 0.0
    predicted: dict[Job, int] = {}
    for job in jobs:
        target = load_target(job.board)
        try:
            graph = run_passes(load_graph(job.entry.path), target, job.without)
            predicted[job] = sum(predict_instructions(graph, target).values())
        except IseulError:
            continue  # the job itself will say so
        total += _START + n_inputs * predicted[job] / _SPEED
    return total


def measure(job: Job, baseline: Baseline, data: Path, n_inputs: int) -> Row:
    """A job's row. Raises VerifyError if any judge disagrees, and what building raises."""
    origin = load_graph(job.entry.path)
    package = _package(job, origin)
    found, words = corpus.stimuli(job.entry, origin, data, n_inputs)
    golden, n_golden = _golden(job.entry, origin)
    inputs = [np.concatenate(pair) for pair in zip(golden, found, strict=True)] if golden else found
    if n_golden:
        words = f"{n_golden} golden ({job.entry.oracle}), {words}"
    proven = Proven(package, verify_package(package, inputs, trace_limit=TRACED, origin=origin))
    profile = profile_package(package, [x[:1] for x in found])
    peer = baseline.figures(package.target.core, job.entry.name)
    return Row(job.entry, proven, words, job.without, profile, peer)


def _package(job: Job, origin: Graph) -> Package:
    """For the job's board, or for its larger relation where the model does not fit."""
    board = load_target(job.board)
    passed, shown = proven_passes(origin, board, job.without)
    package = compile_graph(passed, board, shown=shown)
    ram = package.plan.arena_bytes + package.state_bytes
    fits = ram < 0.95 * board.ram_bytes and package.constant_bytes < 0.9 * board.flash_bytes
    if fits or job.board not in LARGE:
        return package
    return compile_graph(passed, load_target(LARGE[job.board]), shown=shown)


def _golden(entry: Entry, graph: Graph) -> tuple[list[Array], int]:
    """Golden inputs and how many, after the oracle gave their outputs. Raises VerifyError."""
    if entry.golden is None:
        return [], 0
    inputs, wanted = entry.samples(len(graph.inputs), len(graph.outputs))
    got = interpret_samples(graph, inputs).outputs
    for want, have in zip(wanted, got, strict=True):
        text, is_right = corpus.difference(want, have, entry.oracle)
        if not is_right:
            raise VerifyError(f"{entry.path.name}: {text} beside {entry.oracle}")
    return inputs, len(inputs[0]) if inputs else 0


def run(
    jobs: Sequence[Job], baseline: Baseline, data: Path, n_inputs: int
) -> tuple[list[Row], list[Left]]:
    """All rows, and what there is no row of. Says before what it takes.

    Raises UsageError for fewer inputs than a row needs.
    """
    if n_inputs < LEAST_INPUTS:
        raise UsageError(f"--inputs {n_inputs}", f"{LEAST_INPUTS} or more: a row needs them")
    about = show_seconds(seconds_of(jobs, n_inputs))
    say(f"{len(jobs)} rows, each verified on {n_inputs} inputs: about {about} on one core")
    rows, left = [], []
    with progress("bench mcu", len(jobs)) as advance:
        for job in jobs:
            advance(0, str(job))
            try:
                rows.append(measure(job, baseline, data, n_inputs))
            except IseulError as error:
                is_wrong = isinstance(error, VerifyError | ToolError)
                left.append(Left(job, error.problem.splitlines()[0], is_wrong))
            advance(1, str(job))
    return rows, left
