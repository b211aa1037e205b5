# SPDX-License-Identifier: Apache-2.0
"""The memory plan: nothing alive at the same time overlaps, and lifetimes are what they must be."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import cases_of
from cases._case import Net, quant
from iseul.compile import lower
from iseul.compile.emit._c_constants import collect
from iseul.compile.kernels._overlap import by_position, by_positions, by_rows, value_by_value
from iseul.compile.order import better_order
from iseul.compile.plan import (
    IN_PLACE,
    Buffer,
    Overlap,
    arena_bytes,
    draft_plan,
    find_homes,
    lower_bound,
    place,
    plan_of,
)
from iseul.core import registry
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import DType, Graph, Io, Value
from iseul.graph.verify import check_graph
from iseul.numerics.affine import per_tensor
from iseul.targets import load_target

Q = per_tensor(0.05, -3)
GOALS = ("speed", "ram", "flash")


@st.composite
def buffer_lists(draw: st.DrawFn) -> list[Buffer]:
    found = []
    for i in range(draw(st.integers(0, 24))):
        first = draw(st.integers(0, 12))
        last = draw(st.integers(first, 12))
        n_bytes = draw(st.integers(0, 400))
        found.append(
            Buffer(f"b{i}", -1, n_bytes, first, last, "value", draw(st.sampled_from([4, 8])))
        )
    return found


def assert_sound(placed: tuple[Buffer, ...]) -> None:
    for a, b in combinations(placed, 2):
        if a.meets(b) and a.n_bytes and b.n_bytes:
            assert a.end <= b.offset or b.end <= a.offset, (a, b)
    for buffer in placed:
        assert buffer.offset >= 0 and buffer.offset % buffer.alignment == 0


@settings(max_examples=60, deadline=None)
@given(buffer_lists())
def test_no_two_live_buffers_overlap(buffers: list[Buffer]) -> None:
    placed = place(buffers)
    assert [b.name for b in placed] == [b.name for b in buffers]
    assert_sound(placed)
    assert lower_bound(placed) <= arena_bytes(placed)
    assert arena_bytes(placed) <= sum(-(-b.n_bytes // 8) * 8 for b in buffers)
    assert place(buffers) == placed


@settings(max_examples=100, deadline=None)
@given(buffer_lists())
def test_lower_bound_is_the_fullest_step(buffers: list[Buffer]) -> None:
    steps = [
        sum(b.n_bytes for b in buffers if b.first_step <= step <= b.last_step) for step in range(13)
    ]
    assert lower_bound(buffers) == max(steps)


@pytest.mark.parametrize("sizes", [[100] * 9, [640, 128, 128, 8, 128, 128, 640], [4, 400, 4, 400]])
def test_a_chain_reaches_the_lower_bound(sizes: list[int]) -> None:
    buffers = [Buffer(f"v{i}", -1, n, i, i + 1, "value") for i, n in enumerate(sizes)]
    assert arena_bytes(place(buffers)) == lower_bound(buffers)


def net() -> Graph:
    """image -> pool a -> (pad b), add c = a' + image'; reshape d of c; two outputs."""
    b = Builder("net")
    image = b.input("image", (1, 4, 4, 2), "int8", Q)
    a = b.node("max_pool2d", [image], name="a", kernel_size=(1, 1), stride=(1, 1))
    c = b.node("add", [a, image], name="c", quant=Q)
    d = b.node("reshape", [c], name="d", shape=(1, 32))
    e = b.node("relu", [d], name="e")
    b.node("relu", [e], name="unread")
    return b.graph([d, e], "quantized")


def planned(graph: Graph, scratch: dict[str, int] | None = None):  # type: ignore[no-untyped-def]
    steps = [node for node in graph.nodes if node.op != "reshape"]
    return steps, plan_of(draft_plan(graph, steps, scratch or {}))


def test_lifetimes_of_a_graph() -> None:
    steps, plan = planned(net(), {"c": 100})
    assert [node.name for node in steps] == ["a", "c", "e", "unread"]
    life = {b.name: (b.first_step, b.last_step, b.kind) for b in plan.buffers}
    assert life == {
        "image": (0, 1, "input"),
        "a": (0, 1, "value"),
        "c": (1, 3, "value"),  # its reshaped self is an output
        "e": (2, 3, "value"),
        "unread": (3, 3, "value"),
        "c scratch": (1, 1, "scratch"),
    }
    assert_sound(plan.buffers)
    assert plan.lower_bound_bytes == 32 + 32 + 32 + 100
    assert plan.offset_of("d") == plan.offset_of("c")
    assert plan.arena_bytes == max(b.end for b in plan.buffers)
    with pytest.raises(KeyError):
        plan.offset_of("c scratch")


def test_constants_and_states_are_not_in_the_arena() -> None:
    b = Builder("net")
    x = b.input("x", (1, 4), "int8", Q)
    k = b.constant("k", np.zeros((1, 4), np.int8), quant=Q)
    s = b.state("s", np.zeros((1, 4), np.int8), Q)
    y = b.node("add", [x, k], name="y", quant=Q)
    z = b.node("add", [y, s], name="z", quant=Q)
    b.next_state(s, z)
    steps, plan = planned(b.graph([y], "quantized"))
    assert {buffer.name for buffer in plan.buffers} == {"x", "y", "z"}
    assert set(plan.homes) == {"x", "y", "z"}
    assert plan.buffers[2].last_step == len(steps) - 1  # the next state, copied behind this step
    assert plan.commits == {"s": 1}


def test_values_of_eight_bytes_get_offsets_of_eight() -> None:
    b = Builder("net")
    x = b.input("x", (1, 3), "int64")
    y = b.node("reshape", [x], name="y", shape=(3,))
    graph = b.graph([y])
    _, plan = planned(graph)
    assert plan.alignment == 8
    assert find_homes(graph, ["y"])["y"] == "x"


# --- outputs over inputs that are not read any more


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Buffer], list[Overlap]]:
    """Values one after the other, some read for longer, with distances between neighbours."""
    n = draw(st.integers(2, 10))
    buffers, overlaps = [], []
    for i in range(n):
        last = i + 1 if draw(st.integers(0, 3)) else draw(st.integers(i + 1, n))
        buffers.append(Buffer(f"v{i}", -1, draw(st.integers(1, 300)), i, last, "value"))
    for i in range(n - 1):
        if buffers[i].last_step == i + 1 and draw(st.booleans()):
            distance = draw(st.integers(0, buffers[i + 1].n_bytes))
            overlaps.append(Overlap(f"v{i}", f"v{i + 1}", distance))
    return buffers, overlaps


@settings(max_examples=60, deadline=None)
@given(chains())
def test_overlapping_buffers_keep_their_distance(
    given_: tuple[list[Buffer], list[Overlap]],
) -> None:
    buffers, overlaps = given_
    placed = place(buffers, overlaps)
    distance = {(o.reads, o.writes): o.distance for o in overlaps}
    for a, b in combinations(placed, 2):
        if not a.meets(b) or a.end <= b.offset or b.end <= a.offset:
            continue
        first, second = (a, b) if a.first_step < b.first_step else (b, a)
        assert (first.name, second.name) in distance, (a, b)
        assert first.offset - second.offset >= distance[first.name, second.name]
    assert lower_bound(buffers, overlaps) <= arena_bytes(placed)
    assert arena_bytes(placed) <= arena_bytes(place(buffers))


def test_a_chain_in_place_needs_its_largest_value_and_a_little() -> None:
    buffers = [Buffer(f"v{i}", -1, 8000, i, i + 1, "value") for i in range(9)]
    overlaps = [Overlap(f"v{i}", f"v{i + 1}", 64) for i in range(8)]
    assert lower_bound(buffers, overlaps) == 8064
    assert arena_bytes(place(buffers, overlaps)) == 8000 + 8 * 64


def _writes_before_reads(x: Value, out: Value, reads: list[list[int]], distance: int) -> bool:
    """Whether a kernel that reads and writes place by place finds what it reads unchanged.

    reads: for each place, the input bytes that it reads; each place writes an equal share of out
    """
    touched: set[int] = set()
    share = out.n_bytes // len(reads)
    for i, wanted in enumerate(reads):
        # all channels of a place: what the first writes, the last must not read
        touched.update(range(i * share, (i + 1) * share))
        if any(at + distance in touched for at in wanted):
            return False
    return True


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_distances_of_windows_are_safe(data: st.DataObject) -> None:
    h, w, c, channels, n = (data.draw(st.integers(1, 5)) for _ in range(5))
    kernel = data.draw(st.integers(1, min(3, h))), data.draw(st.integers(1, min(3, w)))
    stride = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    pads = tuple(data.draw(st.integers(0, 1)) for _ in range(4))
    attrs = (
        registry.load("iseul.graph.ops", "max_pool2d")
        .Attrs(kernel_size=kernel, stride=stride, pads=(0, 0, 0, 0))
        .model_copy(update={"pads": pads})
    )
    rows = (h + pads[0] + pads[1] - kernel[0]) // stride[0] + 1
    columns = (w + pads[2] + pads[3] - kernel[1]) // stride[1] + 1
    x, out = Value("x", (n, h, w, c), "int8"), Value("y", (n, rows, columns, channels), "int8")
    reads = []
    for s, y, z in np.ndindex(n, rows, columns):
        places = []
        for i, j, k in np.ndindex(*kernel, c):
            row, column = y * stride[0] - pads[0] + i, z * stride[1] - pads[2] + j
            if 0 <= row < h and 0 <= column < w:
                places.append(((s * h + row) * w + column) * c + k)
        reads.append(places)
    distance = by_position(attrs, Io((x,), (out,)))[0]
    assert _writes_before_reads(x, out, reads, distance)
    together = data.draw(st.integers(1, 4))
    io, positions = Io((x,), (out,)), n * rows * columns
    # positions are read together, then written together
    gap = by_positions(attrs, io, together)[0]
    for first in range(0, positions, together):
        touched = range(min(first + together, positions) * channels)
        later = (at for places in reads[first + together :] for at in places)
        assert not any(at + gap in touched for at in later)
    # rows are written, and one position more, while all of them are still read
    gap = by_rows(attrs, io, together)[0]
    for sample in range(n):
        for first in range(0, rows, together):
            done = sample * rows + min(first + together, rows)
            touched = range((done * columns + 1) * channels)
            later = (at for places in reads[(sample * rows + first) * columns :] for at in places)
            assert not any(at + gap in touched for at in later)


@pytest.mark.parametrize("kinds", [("int8", "int8"), ("float32", "int8"), ("int8", "float32")])
def test_distances_of_single_values_are_safe_and_tight(kinds: tuple[DType, DType]) -> None:
    x, out = (Value(name, (1, 9), kind) for name, kind in zip("xy", kinds, strict=True))
    distance = value_by_value(None, Io((x,), (out,)))[0]
    size = x.n_bytes // 9
    ahead = [list(range(i * size, 9 * size)) for i in range(1, 9)] + [[]]  # after each write
    assert _writes_before_reads(x, out, ahead, distance)
    assert distance == 0 or not _writes_before_reads(x, out, ahead, distance - 1)


def test_other_types_share_no_memory() -> None:
    x, out = Value("x", (1, 4), "float32"), Value("y", (1, 4), "int16")
    assert value_by_value(None, Io((x,), (out,))) == {}


@pytest.mark.parametrize("kept", ["output", "next state"])
def test_what_is_read_after_the_invoke_is_not_written_over(kept: str) -> None:
    """By the last step neither, which reads it last."""
    b = Builder("net")
    x = b.input("x", (1, 4), "int8", Q)
    state = b.state("s", np.zeros((1, 4), np.int8), Q)
    y = b.node("add", [x, state], quant=Q)
    z = b.node("relu", [y], quant=Q)
    b.next_state(state, y if kept == "next state" else z)
    graph = b.graph([z, y] if kept == "output" else [z], "quantized")
    plan = plan_of(draft_plan(graph, graph.nodes, {}, {"add": {0: 0}, "relu": {0: 0}}))
    places = {buffer.name: buffer for buffer in plan.buffers}
    assert places[y].end <= places[z].offset or places[z].end <= places[y].offset
    assert places[x].offset in (places[y].offset, places[z].offset)  # x is written over


def test_an_output_in_its_input_s_place_lies_nowhere_else_over_it() -> None:
    sizes = (40, 64, 64, 100)
    buffers = [Buffer(f"v{i}", -1, size, i, i + 1, "value") for i, size in enumerate(sizes)]
    overlaps = [Overlap("v0", "v1", 0), Overlap("v1", "v2", IN_PLACE), Overlap("v2", "v3", 36)]
    placed = {buffer.name: buffer for buffer in place(buffers, overlaps)}
    assert placed["v1"].offset == placed["v2"].offset
    assert arena_bytes(placed.values()) == lower_bound(buffers, overlaps) == 100
    apart = [Buffer("a", -1, 64, 0, 1, "value"), Buffer("b", -1, 60, 1, 1, "value")]
    apart.append(Buffer("c", -1, 8, 0, 1, "value"))
    a, b, _ = place(apart, [Overlap("a", "b", IN_PLACE)])
    assert a.offset == b.offset or a.end <= b.offset or b.end <= a.offset


# --- the order of the steps


def branches(widths: list[int]) -> Graph:
    """Branches of a wide value that ends narrow each, in the worst order: all wide ones first."""
    b = Builder("branches")
    x = b.input("x", (1, 4, 4, 4), "int8", Q)
    wide = [
        b.node("pad", [x], name=f"wide_{i}", quant=Q, pads=((0, 0), (0, n), (0, n), (0, 0)))
        for i, n in enumerate(widths)
    ]
    narrow = [
        b.node(
            "average_pool2d",
            [w],
            name=f"narrow_{i}",
            quant=Q,
            kernel_size=(4 + n, 4 + n),
            stride=(4 + n, 4 + n),
            pads=(0, 0, 0, 0),
        )
        for i, (w, n) in enumerate(zip(wide, widths, strict=True))
    ]
    total = narrow[0]
    for i, y in enumerate(narrow[1:]):
        total = b.node("add", [total, y], name=f"sum_{i}", quant=Q)
    return b.graph([total], level="quantized")


def test_a_better_order_is_found_where_a_graph_branches() -> None:
    graph = branches([12, 12, 12])
    board = load_target("nucleo-l4r5zi")
    given = lower._chosen(graph, board, "speed")
    found = lower.try_lower(graph, board, "speed")
    assert found.plan().arena_bytes == found.plan().lower_bound_bytes
    assert found.plan().arena_bytes < 0.5 * given.plan().arena_bytes
    assert sorted(n.name for n in found.graph.nodes) == sorted(n.name for n in graph.nodes)
    check_graph(found.graph)
    x = [np.random.default_rng(0).integers(-128, 128, (3, 1, 4, 4, 4)).astype(np.int8)]
    before = interpret_samples(graph, x).outputs[0]
    np.testing.assert_array_equal(interpret_samples(found.graph, x).outputs[0], before)


def test_the_order_stays_where_no_other_is_better() -> None:
    board = load_target("nucleo-l4r5zi")
    for graph in (branches([3]), net()):
        lowered = lower.try_lower(graph, board, "speed")
        assert [n.name for n in lowered.graph.nodes] == [n.name for n in graph.nodes]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_search_is_exact_on_small_graphs(data: st.DataObject) -> None:
    """Beside all orders: none has fewer bytes, and the bytes of the one found are the plan's."""
    n = data.draw(st.integers(3, 5))
    b = Builder("random")
    names, used = [b.input("x", (1, 8), "int8", Q)], set()
    for i in range(n):
        source = data.draw(st.sampled_from(names))
        used.add(source)
        width = data.draw(st.integers(0, 60))
        name = f"n{i}"
        names.append(b.node("pad", [source], name=name, quant=Q, pads=((0, 0), (0, width))))
    outputs = [name for name in names[1:] if name not in used]
    graph = b.graph(outputs, level="quantized")
    bounds = {}
    for order in permutations(graph.nodes):
        made = set(graph.inputs)
        if all(not (set(node.inputs) - made) and not made.add(node.outputs[0]) for node in order):
            plan = plan_of(draft_plan(graph, order, {}))
            bounds[tuple(node.name for node in order)] = plan.apart_bound_bytes
    given = bounds[tuple(node.name for node in graph.nodes)]
    found = better_order(graph, graph.nodes, {}, {})
    if found is None:
        assert min(bounds.values()) == given
    else:
        assert bounds[tuple(node.name for node in found)] == min(bounds.values()) < given


def test_goals_differ_where_there_is_a_choice() -> None:
    """RAM: never more arena than for speed, and fewer where scratch decides; flash: constants."""
    board = load_target("nucleo-l4r5zi")
    differing = dict.fromkeys(("ram", "flash"), 0)
    for op in ("conv2d", "depthwise_conv2d", "fully_connected"):
        for case in cases_of(op):
            graph = case.graph()
            speed, ram, flash = (lower.try_lower(graph, board, goal) for goal in GOALS)
            if speed.blockers:
                continue
            assert ram.plan().arena_bytes <= speed.plan().arena_bytes
            assert collect(flash).n_bytes <= collect(speed).n_bytes
            assert speed.cost <= ram.cost and speed.cost <= flash.cost
            differing["ram"] += ram.plan().arena_bytes < speed.plan().arena_bytes
            differing["flash"] += collect(flash).n_bytes < collect(speed).n_bytes
    assert min(differing.values()) >= 5, differing


def test_for_ram_only_full_steps_are_slow() -> None:
    """A large first layer decides the arena: the small one behind it keeps its fast kernel."""
    net_ = Net("two")
    x = net_.int8((1, 16, 16, 4), 0.05, -128)
    first = net_.node(
        "conv2d",
        [x, net_.weights((8, 3, 3, 4), 0), net_.bias(8)],
        quant=quant(0.3, -128),
        pads=(1, 1, 1, 1),
        stride=(2, 2),
        activation="relu",
        name="large",
    )
    last = net_.node(
        "conv2d",
        [first, net_.weights((4, 1, 1, 8), 0), net_.bias(4)],
        quant=quant(0.6, -128),
        stride=(4, 4),
        activation="relu",
        name="small",
    )
    graph = net_.graph([last], "quantized")
    board = load_target("nucleo-l4r5zi")
    speed, ram = (lower.try_lower(graph, board, goal) for goal in ("speed", "ram"))
    assert ram.plan().arena_bytes < speed.plan().arena_bytes
    assert ram.cards["large"].symbol != speed.cards["large"].symbol
    assert ram.cards["small"].symbol == speed.cards["small"].symbol


def test_why_names_the_next_best_kernel() -> None:
    graph = next(case for case in cases_of("conv2d") if case.name == "conv2d/3x3 same").graph()
    board = load_target("nucleo-l4r5zi")
    why = {goal: lower.try_lower(graph, board, goal).choices for goal in GOALS}
    texts = {goal: next(iter(choices.values())).why for goal, choices in why.items()}
    assert texts["speed"].startswith("cheapest of "), texts
    assert "predicted; iseul_conv2d" in texts["speed"]
    assert texts["flash"].startswith("fewest constants of ")
