# SPDX-License-Identifier: Apache-2.0
"""What compression methods take and give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from iseul.graph.ir import Graph
    from iseul.numerics import Array


@dataclass(frozen=True)
class Calibration:
    """Labelled samples that a method looks at.

    x: (N, H, W, C) raw uint8; y: (N,) int64 classes; real value = scale * raw
    """

    x: Array
    y: Array
    scale: float


@dataclass(frozen=True)
class Result:
    """A compressed graph and what is worth knowing of it.

    notes: what was done another way than asked for; one line each
    table: one row per layer or value, JSON-able, for the report
    """

    graph: Graph
    notes: tuple[str, ...]
    table: list[dict[str, Any]]


def only_input(graph: Graph) -> str:
    """The name of the graph's input. Raises ShapeError if it has several."""
    if len(graph.inputs) != 1:
        raise ShapeError(
            f'graph "{graph.name}" has {len(graph.inputs)} inputs '
            f"({', '.join(graph.inputs)}), must have 1 to be calibrated on one array of samples"
        )
    return graph.inputs[0]
