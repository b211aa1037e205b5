# SPDX-License-Identifier: Apache-2.0
"""Groups of nodes by bands of rows: the same results, no row twice, and what goals choose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cases._case import Net, balanced, quant
from cases._chains import random_chain
from iseul.compile import compile_graph
from iseul.compile.bands import is_closed, make_bands, walk_of
from iseul.compile.fuse import SPEED_GAIN_PERCENT, SPEED_PERCENT, Search, with_groups
from iseul.compile.lower import lower
from iseul.compile.plan import lower_bound
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.interpret import interpret
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.bands import Bands
    from iseul.graph.ir import Graph
    from iseul.numerics import Array

M4 = load_target("nucleo-l4r5zi")


def groups_of(graph: Graph, heights: tuple[int, ...]) -> list[Bands]:
    """All groups of a graph whose nodes have code each."""
    walks = [walk_of(graph, node) for node in graph.nodes]
    found = []
    for first in range(len(graph.nodes)):
        for last in range(first + 1, len(graph.nodes)):
            nodes, windows = graph.nodes[first : last + 1], walks[first : last + 1]
            known = [window for window in windows if window is not None]
            if len(known) < len(nodes) or not is_closed(graph, nodes):
                continue
            made = [make_bands(graph, nodes, known, height) for height in heights]
            found += [bands for bands in made if bands is not None]
    return found


def run_bands(bands: Bands, values: dict[str, Array]) -> Array:
    """What the bands of a group make, by the ops' own meaning, in buffers of the held rows."""
    graph, made = bands.graph, np.zeros_like(values[bands.output])
    held = {}
    for name, n in bands.held.items():
        whole = values[name]
        held[name] = np.zeros((1, n, *whole.shape[2:]), whole.dtype)
    rows = dict.fromkeys((*bands.held, bands.output), 0)
    for band in bands.bands:
        for number, node in enumerate(bands.nodes):
            keep = band.keeps.get(number)
            if keep is not None:
                buffer = held[keep.value]
                buffer[:, : keep.n] = buffer[:, keep.shift : keep.shift + keep.n].copy()
            for call in band.calls:
                if call.node != number:
                    continue
                attrs, io = bands.of_call(call)
                arrays = []
                for k, value in enumerate(io.inputs):
                    if value.data is not None:
                        arrays.append(value.data)
                        continue
                    first, end = call.reads[k]
                    at = band.starts.get(value.name, 0)
                    source = held.get(value.name, values[value.name])
                    arrays.append(source[:, first - at : end - at])
                    assert arrays[-1].shape == value.shape
                [out] = registry.load(OPS, node.op).run(attrs, arrays, io)
                assert out.shape == io.outputs[0].shape
                name = node.outputs[0]
                assert call.first >= rows[name], "a row is made twice"
                rows[name] = call.end
                at = band.starts.get(name, 0)
                held.get(name, made)[:, call.first - at : call.end - at] = out
    assert rows[bands.output] == graph.values[bands.output].shape[1]
    return made


@pytest.mark.parametrize("seed", range(12))
def test_bands_make_what_nodes_make(seed: int) -> None:
    graph = random_chain(seed)
    x = graph.values[graph.inputs[0]]
    data = np.random.default_rng(seed).integers(-128, 128, x.shape).astype(np.int8)
    values = {**interpret(graph, [data]).values, x.name: data}
    groups = groups_of(graph, (1, 2, 3, 5))
    assert groups
    for bands in groups:
        assert np.array_equal(run_bands(bands, values), values[bands.output])
        for name, n in bands.held.items():
            assert 0 < n <= graph.values[name].shape[1]


def early_net(height: int = 48) -> Graph:
    """What many networks for images begin with: the second value is the largest."""
    net = Net("early")
    x = net.input("x", (1, height, 48, 3), "int8", quant(0.05, -1))
    for i, (n, kernel, stride) in enumerate(((8, 3, 2), (32, 1, 1), (8, 3, 2))):
        c = net.values[x].shape[3]
        pad = kernel // 2
        x = net.node(
            "conv2d",
            [x, net.weights((n, kernel, kernel, c), 0), net.bias(n)],
            quant=quant(balanced(kernel * kernel * c), -128),
            stride=(stride, stride),
            pads=(pad, pad, pad, pad),
            activation="relu",
            name=f"conv{i}",
        )
    return net.graph([x], "quantized")


@pytest.mark.parametrize("goal", ["speed", "ram"])
def test_the_largest_value_never_exists_whole(goal: str) -> None:
    graph = early_net()
    package = compile_graph(graph, M4, goal=goal)  # type: ignore[arg-type]
    alone = compile_graph(graph, M4, goal="flash")
    most = max(value.n_bytes for value in graph.values.values())
    assert len(alone.steps) == 3 and alone.plan.arena_bytes > most
    assert package.plan.arena_bytes < most * 6 // 10
    [step] = [step for step in package.steps if len(step.parts) > 1]
    held = {part.node: part.held for part in step.parts}
    assert 0 < held["conv1"] < 24 and held[step.node] == 0
    fused = next(row["fused"] for row in package.summary()["steps"] if "fused" in row)
    assert [row["node"] for row in fused] == list(step.nodes)
    text = package.files["early.c"]
    assert "by bands" in text and "for (int32_t i = 0; i < " in text


@pytest.mark.parametrize("make", [early_net, partial(early_net, 12), partial(random_chain, 3)])
def test_speed_has_a_price_that_it_does_not_pay(
    make: Callable[[], Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within its limits, or not at all; ram goes on where speed stops."""
    graph = make()
    found, ram = lower(graph, M4, "speed"), lower(graph, M4, "ram")
    monkeypatch.setattr("iseul.compile.lower.fuse", lambda lowered, goal: lowered)
    alone = lower(graph, M4, "speed")
    assert not alone.fused
    before, after = alone.plan().arena_bytes, found.plan().arena_bytes
    assert ram.plan().arena_bytes <= after
    if not found.fused:
        assert after == before and found.cost == alone.cost
        return
    assert 100 * after <= (100 - SPEED_GAIN_PERCENT) * before
    assert 100 * found.cost <= (100 + SPEED_PERCENT) * alone.cost


def test_a_board_that_is_too_small_gets_bands_and_a_note() -> None:
    graph = early_net()
    need = lower(graph, M4, "flash").plan().arena_bytes
    package = compile_graph(graph, M4.model_copy(update={"ram_bytes": need - 1}), goal="flash")
    assert package.plan.arena_bytes < need and any("bands" in note for note in package.notes)


@pytest.mark.parametrize("seed", range(6))
def test_plans_of_groups_are_sound(seed: int) -> None:
    """Buffers inside a step share bytes only if they are not alive at the same time."""
    search = Search(lower(random_chain(seed), M4, "flash"))
    n = len(search.nodes)
    for first in range(n):
        for last in range(first + 1, n):
            if any(walk is None for walk in search.walks[first : last + 1]):
                continue
            if not is_closed(search.lowered.graph, search.nodes[first : last + 1]):
                continue
            fused = search.group(first, last, 1)
            if fused is None:
                continue
            for a in fused.workspace:
                for b in fused.workspace:
                    if a is not b and a.meets(b):
                        assert a.end <= b.offset or b.end <= a.offset
            found = with_groups(search.lowered, [fused])
            assert lower_bound(found.plan().buffers) >= fused.workspace_bytes
            assert [p.name for step in found.steps for p in found.parts(step)] == [
                node.name for node in found.executed
            ]
