# SPDX-License-Identifier: Apache-2.0
"""Structured pruning: whole channels go, so that any kernel runs the smaller network faster.

Channels that hang together (`_coupling.py`) are removed together, in bundles of `round_to`.
Greedy: the next bundle is the one with the least score per multiply-accumulate that it saves,
until the asked share of MACs is gone. One shot; fine-tune afterwards.

Scores: taylor, the squared first-order change of the loss when a channel's filter and bias
become 0 (Molchanov et al.: Importance Estimation for Neural Network Pruning, CVPR 2019, there
on batch norm gates; here batch norm is folded, so we take the sum of gradient times weight,
which is the gradient of such a gate); magnitude, the filter's L2 norm (Li et al.: Pruning
Filters for Efficient ConvNets, ICLR 2017, there L1); geometric_median, the distance to all
other filters of the layer (He et al.: Filter Pruning via Geometric Median, CVPR 2019). The
last two know nothing of the loss and are divided by the layer's mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from iseul.compress._coupling import Coupling, count_macs, cut_channels, find_coupling
from iseul.compress._result import Calibration, Result
from iseul.core.config import Config as Base
from iseul.core.errors import BudgetError, DataError, UnsupportedError
from iseul.core.progress import say
from iseul.core.units import show_count, show_percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph

    Scores = NDArray[np.float64]  # one per class; more is more important
    Keep = NDArray[np.bool_]


class Config(Base):
    """How much to remove, and by which judgement."""

    sparsity: float = Field(
        default=0.5, ge=0, lt=1, description="share of the MACs to remove, 0-1; the main dial"
    )
    score: Literal["taylor", "magnitude", "geometric_median"] = Field(
        default="taylor", description="what makes a channel important"
    )
    round_to: int = Field(
        default=4, ge=1, description="channels left per cut layer are a multiple of this"
    )
    layer_sparsity: float = Field(
        default=0.75, gt=0, lt=1, description="largest share of a layer's channels to remove, 0-1"
    )
    n_samples: int = Field(
        default=1024, ge=1, description="taylor: the first n calibration samples are used"
    )
    batch: int = Field(default=16, ge=1, description="taylor: samples per squared gradient")


def apply(graph: Graph, data: Calibration, config: Config) -> Result:
    """A smaller float graph with at least the asked share of MACs removed.

    Raises UnsupportedError for a graph that is not float, BudgetError if so much can not be
    removed.
    """
    if graph.level != "float":
        raise UnsupportedError(
            f'graph "{graph.name}" is at level {graph.level}, channels are pruned at level float',
            "prune before quantizing",
        )
    coupling = find_coupling(graph)
    scores = _SCORES[config.score](graph, coupling, data, config)
    keep = _choose(graph, coupling, scores, config)
    smaller = cut_channels(graph, coupling, keep)
    before, after = count_macs(graph), count_macs(smaller)
    total, left = sum(before.values()), sum(after.values())
    removed = show_percent(1 - left / max(total, 1), 1)
    say(f"pruned {show_count(total)} to {show_count(left)} MACs ({removed} less)", 1)
    return Result(smaller, (), _table(graph, smaller))


def _table(graph: Graph, smaller: Graph) -> list[dict[str, object]]:
    before, after = count_macs(graph), count_macs(smaller)
    return [
        {
            "name": node.name,
            "op": node.op,
            "channels_before": graph.values[node.outputs[0]].shape[-1],
            "channels_after": smaller.values[node.outputs[0]].shape[-1],
            "macs_before": before[node.name],
            "macs_after": after[node.name],
        }
        for node in graph.nodes
        if node.name in before
    ]


# --- scores


def _taylor(graph: Graph, coupling: Coupling, data: Calibration, config: Config) -> Scores:
    import torch
    from torch.nn import functional

    from iseul.compress._logits import LogitsModule
    from iseul.data._batch import to_tensor

    model = LogitsModule(graph).eval()
    learned = model.body.learned()
    makers = [cut for cut in coupling.cuts if cut.makes and cut.constant in learned]
    n = min(config.n_samples, len(data.x))
    if n == 0:
        raise DataError("prune: there are no calibration samples", 'score = "magnitude"')
    total = np.zeros(coupling.n_classes)
    for start in range(0, n, config.batch):
        picks = slice(start, min(start + config.batch, n))
        loss = functional.cross_entropy(
            model(to_tensor(data.x[picks], data.scale)), torch.from_numpy(data.y[picks])
        )
        gradients = torch.autograd.grad(loss, [learned[cut.constant] for cut in makers])
        change = np.zeros(coupling.n_classes)
        for cut, gradient in zip(makers, gradients, strict=True):
            product = (gradient * learned[cut.constant]).detach().numpy().astype(np.float64)
            np.add.at(change, cut.classes, _along(product, cut.axis).sum(axis=1))
        total += change**2
    return total


def _magnitude(graph: Graph, coupling: Coupling, data: Calibration, config: Config) -> Scores:
    return _per_family(graph, coupling, lambda rows: np.linalg.norm(rows, axis=1))


def _geometric_median(
    graph: Graph, coupling: Coupling, data: Calibration, config: Config
) -> Scores:
    def distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        squares = (rows**2).sum(axis=1)
        squared = squares[:, None] + squares[None] - 2 * rows @ rows.T
        return np.sqrt(np.maximum(squared, 0.0)).sum(axis=1)

    return _per_family(graph, coupling, distances)


def _per_family(
    graph: Graph,
    coupling: Coupling,
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Scores:
    """Scores of filters among those of their layer, each layer's mean 1, summed over layers."""
    total = np.zeros(coupling.n_classes)
    for cut in coupling.cuts:
        data = graph.values[cut.constant].data
        if not cut.makes or data is None or data.ndim < 2:
            continue
        found = score(_along(data.astype(np.float64), cut.axis))
        np.add.at(total, cut.classes, found / (found.mean() or 1.0))
    return total


def _along(array: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """(size of axis, everything else)."""
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


_SCORES: dict[str, Callable[[Graph, Coupling, Calibration, Config], Scores]] = {
    "taylor": _taylor,
    "magnitude": _magnitude,
    "geometric_median": _geometric_median,
}


# --- choice


@dataclass(frozen=True)
class _Load:
    """MACs of a node as a function of the channels kept: full * share * share ..."""

    macs: int
    axes: tuple[NDArray[np.int64], ...]

    def at(self, keep: Keep) -> float:
        return self.macs * float(np.prod([keep[classes].mean() for classes in self.axes]))


def _loads(graph: Graph, coupling: Coupling) -> list[_Load]:
    """MACs scale with every axis of the weights that is cut, else with the output's channels."""
    counts = count_macs(graph)
    loads = []
    for node in graph.nodes:
        if not counts.get(node.name):
            continue
        weights = node.inputs[1] if len(node.inputs) > 1 else ""
        axes = [cut.classes for cut in coupling.cuts if cut.constant == weights]
        out = coupling.channels[node.outputs[0]]
        loads.append(_Load(counts[node.name], tuple(axes) or (out,)))
    return loads


def _choose(graph: Graph, coupling: Coupling, scores: Scores, config: Config) -> Keep:
    keep = np.ones(coupling.n_classes, bool)
    loads = _loads(graph, coupling)
    target = (1.0 - config.sparsity) * sum(load.macs for load in loads) + 0.5
    touched = [
        [load for load in loads if any(np.isin(axis, family).any() for axis in load.axes)]
        for family in coupling.families
    ]
    orders = [family[np.argsort(scores[family], kind="stable")] for family in coupling.families]
    removed: list[NDArray[np.int64]] = []
    while (excess := sum(load.at(keep) for load in loads) - target) > 0:
        best: tuple[float, NDArray[np.int64]] | None = None
        for order, own in zip(orders, touched, strict=True):
            bundle = _next_bundle(order, keep, config)
            if bundle is None:
                continue
            price = _price(bundle, own, keep, scores, excess)
            if best is None or price < best[0]:
                best = (price, bundle)
        if best is None:
            raise _too_much(loads, keep, config)
        keep[best[1]] = False
        removed.append(best[1])
    _give_back(removed, loads, target, keep, scores)
    return keep


def _give_back(
    removed: list[NDArray[np.int64]],
    loads: list[_Load],
    target: float,
    keep: Keep,
    scores: Scores,
) -> None:
    """Put bundles back that later ones made unnecessary, the most important ones first."""
    for bundle in sorted(removed, key=lambda bundle: float(scores[bundle].sum()), reverse=True):
        keep[bundle] = True
        if sum(load.at(keep) for load in loads) > target:
            keep[bundle] = False


def _next_bundle(order: NDArray[np.int64], keep: Keep, config: Config) -> NDArray[np.int64] | None:
    """The least important channels of a layer whose removal leaves a multiple of `round_to`.

    Layers of less than 4 * round_to channels are cut in quarters, or they could not be cut.
    """
    left = order[keep[order]]
    step = min(config.round_to, max(1, len(order) // 4))
    n = len(left) % step or step
    least = max(1, int(np.ceil((1.0 - config.layer_sparsity) * len(order))))
    return left[:n] if len(left) - n >= least else None


def _price(
    bundle: NDArray[np.int64], own: list[_Load], keep: Keep, scores: Scores, excess: float
) -> float:
    """Score lost per MAC saved; what is saved beyond `excess` counts for nothing."""
    without = keep.copy()
    without[bundle] = False
    saved = sum(load.at(keep) - load.at(without) for load in own)
    return float(scores[bundle].sum()) / max(min(saved, excess), 1e-9)


def _too_much(loads: list[_Load], keep: Keep, config: Config) -> BudgetError:
    least = sum(load.at(keep) for load in loads) / max(1, sum(load.macs for load in loads))
    return BudgetError(
        f"[compress] sparsity = {config.sparsity}: with layer_sparsity = {config.layer_sparsity} "
        f"and round_to = {config.round_to} at most {1 - least:.3f} of the MACs can be removed",
        "a lower sparsity, or a higher layer_sparsity",
    )
