# SPDX-License-Identifier: Apache-2.0
"""What the compiler gives: a package of C files with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iseul.core.artifact import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iseul.compile.plan import Plan
    from iseul.compile.proofs import Shown
    from iseul.graph.ir import Graph, Shape
    from iseul.targets import Target


@dataclass(frozen=True)
class Part:
    """A node that a step runs. held: of a value between nodes, rows that exist at once."""

    node: str
    op: str
    kernel: str
    macs: int
    shape: Shape
    held: int = 0


@dataclass(frozen=True)
class Step:
    """An executed node, or several that run by bands of rows. A reshape that only renames its
    input is none.

    node, op: of the graph; of several nodes the last one's name, and the ops of all
    symbol:   C function of this step; it has external linkage, so that profilers see it
    kernel:   C function of the runtime that it calls; of several nodes all that are called
    macs:     multiply-accumulates
    shape:    of the first output
    outputs:  (value name, arena offset, n_bytes) of each output in the arena
    kept:     (value name, offset in the states, n_bytes) of those that are written over a state
    why:      why this kernel, in words
    parts:    the nodes that it runs, in order
    """

    node: str
    op: str
    symbol: str
    kernel: str
    macs: int
    shape: Shape
    outputs: tuple[tuple[str, int, int], ...]
    kept: tuple[tuple[str, int, int], ...]
    why: str
    parts: tuple[Part, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes that it runs."""
        return tuple(part.node for part in self.parts)

    @property
    def kernels(self) -> tuple[str, ...]:
        """C functions of the runtime that it calls, each once."""
        return tuple(dict.fromkeys(part.kernel for part in self.parts))

    @property
    def made(self) -> tuple[str, ...]:
        """Names of all outputs."""
        return tuple(name for name, _, _ in (*self.outputs, *self.kept))


@dataclass(frozen=True, eq=False)
class Package:
    """A compiled model.

    name:           prefix of all its C names
    graph:          lowered: every node names its kernel
    files:          file name -> text; all that a build needs, `cc -c *.c`
    steps:          one per executed node, in order; their index is what the self-test reports
    constant_bytes: tables and parameter structs on a 32-bit target, without golden vectors;
                    what the linker makes of them, but for up to 3 bytes behind the last table
    state_bytes:    of the states inside <name>_t
    notes:          what was done another way than asked for; one line each
    shown:          proofs of all shortcuts that were taken, of passes first
    """

    name: str
    graph: Graph
    target: Target
    plan: Plan
    files: Mapping[str, str]
    steps: tuple[Step, ...]
    constant_bytes: int
    state_bytes: int
    notes: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()

    @property
    def inference_files(self) -> dict[str, str]:
        """What a build needs that does not call the self-test: `files` but for that one."""
        own = f"{self.name}_golden.c"
        return {file: text for file, text in self.files.items() if file != own}

    def summary(self) -> dict[str, Any]:
        """Plan and steps as `package.json` holds them."""
        return {
            "name": self.name,
            "target": self.target.name,
            "plan": {
                "arena_bytes": self.plan.arena_bytes,
                "lower_bound_bytes": self.plan.lower_bound_bytes,
                "apart_bound_bytes": self.plan.apart_bound_bytes,
                "gap_percent": self.plan.gap_percent,
                "unfused_bytes": self.plan.unfused_bytes or self.plan.arena_bytes,
                "buffers": [
                    {
                        "name": buffer.name,
                        "offset": buffer.offset,
                        "n_bytes": buffer.n_bytes,
                        "first_step": buffer.first_step,
                        "last_step": buffer.last_step,
                        "kind": buffer.kind,
                    }
                    for buffer in self.plan.buffers
                ],
            },
            "constant_bytes": self.constant_bytes,
            "state_bytes": self.state_bytes,
            "steps": [
                {
                    "node": step.node,
                    "op": step.op,
                    "kernel": step.kernel,
                    "macs": step.macs,
                    "symbol": step.symbol,
                    "shape": list(step.shape),
                    "why": step.why,
                    **({"fused": fused_of(step)} if len(step.parts) > 1 else {}),
                }
                for step in self.steps
            ],
        }

    def proofs(self) -> dict[str, Any]:
        """The proofs as `proofs.json` holds them, each with all that it takes to check it."""
        return {
            "name": self.name,
            "target": self.target.name,
            "proofs": [one.as_json() for one in self.shown],
        }


def fused_of(step: Step) -> list[dict[str, Any]]:
    """The nodes of a step that runs several, for JSON; `held_rows` of the value that each makes
    are in memory at once.
    """
    return [
        {
            "node": part.node,
            "op": part.op,
            "kernel": part.kernel,
            "macs": part.macs,
            "shape": list(part.shape),
            "held_rows": part.held or part.shape[1],
        }
        for part in step.parts
    ]


def write_package(package: Package, folder: Path) -> None:
    """Write all files of a package into a folder, which is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in package.files.items():
        write_text(folder / name, text)
