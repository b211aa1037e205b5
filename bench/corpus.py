# SPDX-License-Identifier: Apache-2.0
"""Third-party models on all judges, against their golden outputs: docs/generated/corpus.md.

    python bench/corpus.py                 every file, writes the page
    python bench/corpus.py kws sww         files whose name has one of these words; prints only

Files, golden outputs and whose they are: $ISEUL_DATA/models (default ../shared/data/models).
Integers whose golden outputs are TensorFlow Lite Micro's must be equal; those of LiteRT's
reference kernels may be two steps off; floats 1e-4, absolute and relative.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.bench import corpus
from iseul.bench.corpus import Entry, difference
from iseul.compile import compile_graph
from iseul.core import registry
from iseul.core.errors import IseulError, UnsupportedError
from iseul.device.measure import profile_package
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

if TYPE_CHECKING:
    from iseul.graph.ir import Graph

Array = np.ndarray

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ISEUL_DATA", ROOT.parent / "shared" / "data"))
PAGE = ROOT / "docs" / "generated" / "corpus.md"
BOARD, LARGE_BOARD = "nucleo-l4r5zi", "cortex-m4-bigram"
MACS_PER_FILE = 600_000_000  # on the emulator: samples are left out beyond that


@dataclass
class Row:
    """What was found out about a file. verdicts: judge -> "exact", "2e-07", "1 step", ..."""

    entry: Entry
    ops: str = ""
    board: str = ""
    verdicts: dict[str, str] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    wrong: bool = False


def entries() -> tuple[Entry, ...]:
    """Every model file of the corpus."""
    return corpus.entries(DATA)


def judge(row: Row, name: str, want: list[Array], got: list[Array]) -> None:
    """Note how outputs compare with the golden ones."""
    texts = []
    for a, b in zip(want, got, strict=True):
        text, right = difference(a, b, row.entry.oracle)
        row.wrong |= not right
        texts.append(text if right else f"WRONG: {text}")
    row.verdicts[name] = max(texts, key=lambda text: (text != "exact", text))


def on_numpy(row: Row, graph: Graph) -> tuple[list[Array], list[Array]]:
    """Judge the oracle; returns the golden samples."""
    inputs, want = row.entry.samples(len(graph.inputs), len(graph.outputs))
    judge(row, "numpy", want, interpret_samples(graph, inputs).outputs)
    return inputs, want


def on_host(row: Row, graph: Graph, inputs: list[Array], want: list[Array]) -> None:
    """Judge the generated C on this computer."""
    host = load_target("host")
    package = compile_graph(run_passes(graph, host), host)
    runner = registry.load("iseul.device.runners", "host")
    judge(row, "host", want, runner.run(package, inputs).outputs)


def on_chip(row: Row, graph: Graph, inputs: list[Array], want: list[Array]) -> None:
    """Judge the generated C on the emulated chip, and measure it there."""
    for name in (BOARD, LARGE_BOARD):
        board = load_target(name)
        package = compile_graph(run_passes(graph, board), board)
        ram = package.plan.arena_bytes + package.state_bytes
        if ram < 0.95 * board.ram_bytes and package.constant_bytes < 0.9 * board.flash_bytes:
            break
    row.board = board.name
    n = max(1, min(len(x) for x in inputs)) if inputs else 1
    macs = max(1, sum(step.macs for step in package.steps))
    n = max(1, min(n, MACS_PER_FILE // macs))
    runner = registry.load("iseul.device.runners", "cortex_m")
    got = runner.run(package, [x[:n] for x in inputs]).outputs
    judge(row, "chip", [y[:n] for y in want], got)
    row.profile = profile_package(package, [x[:1] for x in inputs])
    touched = row.profile["ram"]["arena_touched_bytes"]
    if touched != package.plan.arena_bytes:
        row.wrong = True
        row.verdicts["arena"] = f"painted {touched:,}, planned {package.plan.arena_bytes:,}"


def examine(entry: Entry, judges: tuple[str, ...] = ("numpy", "host", "chip")) -> Row:
    """Everything about a file."""
    row = Row(entry)
    try:
        graph = load_graph(entry.path)
    except UnsupportedError as error:
        row.refused = tuple(dict.fromkeys(f"{b.op}: {b.problem}" for b in error.blockers))
        row.refused = row.refused or (str(error),)
        return row
    row.ops = op_counts(graph)
    if entry.golden is None:
        row.verdicts["numpy"] = "no golden outputs"
        return row
    inputs, want = on_numpy(row, graph)
    if "host" in judges:
        on_host(row, graph, inputs, want)
    if "chip" in judges:
        on_chip(row, graph, inputs, want)
    return row


def op_counts(graph: Graph) -> str:
    """`conv2d 9, add 3`."""
    counts = Counter(node.op for node in graph.nodes)
    return ", ".join(f"{op} {n}" if n > 1 else op for op, n in counts.most_common())


def page(rows: list[Row]) -> str:
    """corpus.md."""
    refused = [row for row in rows if row.refused]
    tools = next((row.profile["compiler"] for row in rows if row.profile), "")
    lines = [
        "<!-- Generated by bench/corpus.py; do not edit. -->\n",
        "# Third-party models\n",
        f"{len(rows)} files: {len(rows) - len(refused)} run, {len(refused)} are refused with what "
        "stands in the way.\n",
        "Verdicts compare all golden samples: `exact` is equal to the byte; a number is the "
        "largest difference of floats relative to the largest value (at least 1). Oracle of "
        "integers: TensorFlow Lite Micro (`tflm`); `litert_ref`: LiteRT's reference kernels, "
        "which may be two steps off; `onnxruntime`: floats. The chip is an emulated Cortex-M4F "
        f"({BOARD}); models marked * need more RAM or flash than any such part has and run on "
        f"`{LARGE_BOARD}`, a description with 64 MB that exists in the emulator only. "
        f"Instructions are counted on the first sample, portable kernels, {tools}. The planned "
        "arena was found again by painting in every row.\n",
        "| file | oracle | ops | numpy | host C | chip | arena B | state B | stack B | "
        "constants B | code B | instructions |",
        "|---|---|---|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        name = f"{row.entry.name}{row.entry.path.suffix}"
        if row.refused:
            lines.append(f"| {name} | {row.entry.oracle} | refused, see below |{' |' * 9}")
            continue
        star = " *" if row.board == LARGE_BOARD else ""
        verdicts = [row.verdicts.get(judge, "") for judge in ("numpy", "host", "chip")]
        numbers = [""] * 6
        if row.profile:
            ram, flash = row.profile["ram"], row.profile["flash"]
            numbers = [
                f"{n:,}"
                for n in (
                    ram["arena_bytes"],
                    ram["state_bytes"],
                    ram["stack_bytes"],
                    flash["constant_bytes"],
                    flash["code_bytes"],
                    row.profile["instructions"],
                )
            ]
        cells = [f"{name}{star}", row.entry.oracle, row.ops, *verdicts, *numbers]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["\n## Refused\n"] if refused else []
    for row in refused:
        lines.append(f"- {row.entry.name}{row.entry.path.suffix}")
        lines += [f"  - {reason}" for reason in row.refused]
    return "\n".join(lines) + "\n"


def digest() -> str:
    """Of all files: a page is of one corpus."""
    whole = hashlib.sha256()
    for entry in entries():
        whole.update(entry.path.read_bytes())
    return whole.hexdigest()


def main(words: list[str]) -> int:
    rows = []
    for entry in entries():
        if words and not any(word in entry.path.name for word in words):
            continue
        start = time.perf_counter()
        try:
            row = examine(entry)
        except IseulError as error:
            row = Row(entry, wrong=True, verdicts={"numpy": f"ERROR: {error}"})
        rows.append(row)
        seconds = time.perf_counter() - start
        state = "refused" if row.refused else "WRONG" if row.wrong else "ok"
        print(f"{state:8} {entry.path.name} {row.verdicts} {seconds:.1f} s", flush=True)
    print(f"{sum(row.wrong for row in rows)} wrong, {sum(bool(r.refused) for r in rows)} refused")
    if not words:
        PAGE.write_text(page(rows), encoding="utf-8")
        print(PAGE)
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
