# SPDX-License-Identifier: Apache-2.0
"""Predicted instructions: the sum of what the chosen kernels' cards predict.

They are a Cortex-M4's but where a card has a model of the target's core.

A model for comparing graphs before anything is built (search, selection); counts come from the
emulator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.lower import lower

if TYPE_CHECKING:
    from iseul.compile.select import Goal
    from iseul.graph.ir import Graph
    from iseul.targets import Target


def predict_instructions(graph: Graph, target: Target, goal: Goal = "speed") -> dict[str, int]:
    """{node name: predicted instructions} of the steps; a group that runs by bands of rows has
    the name of its last node.

    Raises UnsupportedError with all blockers at once.
    """
    lowered = lower(graph, target, goal)
    return {step.name: lowered.predicted(step) for step in lowered.steps}
