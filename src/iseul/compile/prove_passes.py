# SPDX-License-Identifier: Apache-2.0
"""Passes with proofs of what they leave out.

Each node of products whose input lost channels is looked at before and after the pass: what the
channels that went could hold (graph/ranges.py), the weights on them, and the two biases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.proofs import ConstantChannels, DeadChannels, Shown
from iseul.core.progress import warn
from iseul.graph.ops._quantized import output_multipliers, quant_of, zero_point
from iseul.graph.passes import remove_dead_channels as dead
from iseul.graph.passes import settle_channels as settle
from iseul.graph.passes._order import run_passes
from iseul.graph.ranges import accumulator_interval, channel_intervals, padded_taps
from iseul.numerics.affine import activation_range

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph, Io, Node
    from iseul.targets import Target

DEAD, SETTLE = "remove_dead_channels", "settle_channels"


def proven_passes(
    graph: Graph, target: Target | None, without: Collection[str] = ()
) -> tuple[Graph, tuple[Shown, ...]]:
    """The graph after all passes, and the proofs of what they left out.

    A pass of which a proof does not hold is left out, and a warning says so.
    """
    shown: list[Shown] = []

    def watch(name: str, before: Graph, after: Graph) -> None:
        if after is before:
            return
        if name == DEAD:
            shown.extend(of_dead_channels(before, after))
        if name == SETTLE:
            shown.extend(of_constant_channels(before, after))

    made = run_passes(graph, target, without, watch)
    failing = next((one.by for one in shown if not one.proof.holds()), None)
    if failing is None:
        return made, tuple(shown)
    warn(f"{failing} is left out: a proof does not hold")
    return proven_passes(graph, target, (*without, failing))


def of_dead_channels(before: Graph, after: Graph) -> list[Shown]:
    """One proof per node of products whose input lost channels."""
    dropped = dead.removable_channels(before)
    intervals = channel_intervals(before)
    nodes = {node.name: node for node in after.nodes}
    found = []
    for node in before.nodes:
        gone = dropped.get(node.inputs[0]) if node.inputs else None
        if node.op not in ("conv2d", "fully_connected") or gone is None or not gone.any():
            continue
        io, x = before.io(node), intervals[node.inputs[0]]
        rows = ~dropped[node.outputs[0]]
        weights = _data(io, 1)[rows].astype(np.int64).reshape(int(rows.sum()), -1, len(gone))
        is_padded = node.op == "conv2d" and bool(padded_taps(node.attrs, io).any())
        proof = DeadChannels(
            weights[:, :, gone],
            x.low[gone],
            x.high[gone],
            zero_point(io.inputs[0]),
            is_padded,
            _bias(before, node, len(rows))[rows],
            _bias(after, nodes[node.name], len(weights)),
        )
        found.append(Shown(node.name, DEAD, proof))
    return found


def of_constant_channels(before: Graph, after: Graph) -> list[Shown]:
    """One proof per node of which channels were settled."""
    intervals = channel_intervals(before)
    nodes = {node.name: node for node in after.nodes}
    found = []
    for name, mask in settle.settled_channels(before, intervals).items():
        node = next(node for node in before.nodes if node.name == name)
        io, new = before.io(node), after.io(nodes[name])
        sums = accumulator_interval(node, io, intervals[node.inputs[0]])
        assert sums is not None, "a channel of unknown sums is not known to be constant"
        old_bias, n = _bias(before, node, len(mask))[mask], len(mask)
        clamp = activation_range(node.attrs.activation, quant_of(io.outputs[0]), io.dtype)  # type: ignore[attr-defined]
        multiplier, shift = output_multipliers(io, n)
        factor, new_shift = output_multipliers(new, n)
        proof = ConstantChannels(
            sums.low[mask] + old_bias,
            sums.high[mask] + old_bias,
            multiplier[mask],
            shift[mask],
            _bias(after, nodes[name], n)[mask],
            factor[mask],
            new_shift[mask],
            zero_point(io.outputs[0]),
            *clamp,
        )
        found.append(Shown(name, SETTLE, proof))
    return found


def _data(io: Io, i: int) -> NDArray[np.int8]:
    data = io.inputs[i].data
    assert data is not None, "the pass takes constants only"
    return data


def _bias(graph: Graph, node: Node, n: int) -> NDArray[np.int64]:
    io = graph.io(node)
    if len(io.inputs) < 3 or io.inputs[2].data is None:
        return np.zeros(n, np.int64)
    return io.inputs[2].data.astype(np.int64)
