# SPDX-License-Identifier: Apache-2.0
"""Kernels for vectors of 128 bits beside plain C, on models of MLPerf Tiny, in one run.

    python bench/simd128.py MODEL.tflite ... [--inputs 200]

Per model: `verify` of the host's and of WebAssembly's package on random inputs; time per
inference on this machine, best of five turns by turns; operators per inference in WebAssembly,
exact (wasmtime's fuel). Times are of a shared machine: read the ratio, not the number.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iseul.compile import compile_graph
from iseul.device import _wasm
from iseul.device.runners import host
from iseul.device.verify import random_inputs, verify_package
from iseul.graph.files import load_graph
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Graph
    from iseul.targets import Target

TURNS = 5


def plain(board: str) -> Target:
    """A board without vectors."""
    return load_target(board).model_copy(update={"isas": ("c",)})


def package_of(graph: Graph, board: Target) -> Any:
    return compile_graph(run_passes(graph, board), board)


def times(packages: Sequence[Any], inputs: Any) -> list[float]:
    """Seconds of all inputs, best of TURNS, of each package."""
    best = [float("inf")] * len(packages)
    for _ in range(TURNS + 1):  # the first one builds
        for i, packed in enumerate(packages):
            start = time.perf_counter()
            host.run(packed, inputs)
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def operators(packed: Any, inputs: Any) -> int:
    """Of one inference in WebAssembly."""
    path = _wasm.link(packed, None, traced=True)
    return sum(_wasm.count_steps(packed, path, [x[0] for x in inputs]))


def examine(path: Path, n_inputs: int) -> str:
    """A line of what was found. Raises SystemExit if a judge differs."""
    graph = load_graph(path)
    inputs = random_inputs(graph, n_inputs)
    for board in ("host", "wasm"):
        packed = package_of(graph, load_target(board))
        verdict = verify_package(packed, inputs, trace_limit=8, origin=graph)
        if not verdict["equal"] or any(verdict["selftests"].values()):
            raise SystemExit(f"{path.stem} on {board}: {verdict['first_difference']}")
    vectors, scalars = times(
        [package_of(graph, b) for b in (load_target("host"), plain("host"))], inputs
    )
    fast, slow = (
        operators(package_of(graph, b), inputs) for b in (load_target("wasm"), plain("wasm"))
    )
    return (
        f"{path.stem}: equal on {n_inputs} inputs; host {1e6 * vectors / n_inputs:.0f} us, plain "
        f"{1e6 * scalars / n_inputs:.0f} us, {scalars / vectors:.2f} times; wasm {fast:,} "
        f"operators, plain {slow:,}, {slow / fast:.2f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--inputs", type=int, default=200)
    given = parser.parse_args()
    for path in given.models:
        print(examine(path, given.inputs), flush=True)


if __name__ == "__main__":
    main()
