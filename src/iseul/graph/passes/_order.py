# SPDX-License-Identifier: Apache-2.0
"""The order of the passes, and the function that runs them.

All of them keep what the graph computes: integers to the bit, floats up to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core import registry
from iseul.core.errors import UsageError, did_you_mean
from iseul.core.progress import say
from iseul.graph.verify import check_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from iseul.graph.ir import Graph
    from iseul.targets import Target

PASSES = "iseul.graph.passes"

ORDER = (
    "fold_constants",  # what depends on constants only becomes a constant
    "remove_identity",  # so that the patterns below stand next to each other
    "fold_pad",  # pad + convolution
    "fold_batch_norm",  # convolution + batch_norm
    "fuse_activation",  # anything with a fused clamp + relu; after batch_norm is gone
    "remove_dead_channels",  # when all that is fused and folded shows what is needed
    "settle_channels",  # constant channels that stay, because something needs them
    "merge_tables",  # int8 ops on one value; nothing behind looks at what they compute
)


def run_passes(
    graph: Graph,
    target: Target | None,
    without: Collection[str] = (),
    watch: Callable[[str, Graph, Graph], None] | None = None,
) -> Graph:
    """The graph after all passes, each verified.

    target:  what the passes may use; None before a target is known
    without: names of passes that are left out, to see what they are worth
    watch:   is told each pass, the graph before it, and after it

    Raises UsageError for a pass that does not exist.
    """
    for name in without:
        if name not in ORDER:
            raise UsageError(
                f'there is no pass "{name}".{did_you_mean(name, ORDER)}',
                f"one of: {', '.join(ORDER)}",
            )
    for name in ORDER:
        if name in without:
            say(f"  {name}: left out", 2)
            continue
        before = graph
        graph = registry.load(PASSES, name).rewrite(graph, target)
        check_graph(graph)
        say(f"  {name}: {len(before.nodes)} -> {len(graph.nodes)} nodes", 2)
        if watch is not None:
            watch(name, before, graph)
    return graph
