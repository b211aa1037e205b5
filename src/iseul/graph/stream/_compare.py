# SPDX-License-Identifier: Apache-2.0
"""Does a stream compute what the network over windows does? Outputs beside outputs, by the oracle.

Window i ends with the frames of invoke i. Windows that begin before the stream begin with frames
of real zero. Where recurrent nodes make a network depend on where its window begins, only first
windows after a reset are compared: the stream is cut into pieces of that length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.interpret import interpret_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Graph
    from iseul.graph.stream._rewrite import Streamed
    from iseul.numerics import Array

FLOAT_TOLERANCE = 1e-4  # absolute, and relative to the windowed value


def windows_of(streamed: Streamed, hops: Array) -> Array:
    """The window that ends with each hop: (n, *input) of hops (n, *input of the stream)."""
    plan, source = streamed.plan, streamed.windowed.values[streamed.windowed.inputs[0]]
    zero = source.quant.zero_point[0] if source.quant is not None else 0
    axis = plan.axis
    before = np.full(source.shape, zero, hops.dtype)
    stream = np.concatenate([before, *hops], axis)
    ends = [plan.window + (i + 1) * plan.hop for i in range(len(hops))]
    picked = [np.take(stream, np.arange(end - plan.window, end), axis) for end in ends]
    return np.stack(picked) if picked else np.zeros((0, *source.shape), hops.dtype)


def compare_windows(streamed: Streamed, hops: Array, origin: Graph | None = None) -> dict[str, Any]:
    """Compare outputs on a stream.

    hops:   (n, *input of the stream), consecutive
    origin: the graph over windows before any pass; by default that which was streamed

    returns n_windows, equal, and first_difference: the invoke, the output, the place in the part
    of the output that the stream gives, what the windowed network has there and what the stream.
    """
    windowed = origin if origin is not None else streamed.windowed
    chosen, windows, got = _compared(streamed, hops)
    first = None
    if chosen:
        want = interpret_samples(windowed, [windows]).outputs
        first = _first_difference(streamed, want, got, chosen)
    return {"n_windows": len(chosen), "equal": first is None, "first_difference": first}


def _compared(streamed: Streamed, hops: Array) -> tuple[list[int], Array, list[Array]]:
    """Invokes that are compared, the windows that end with them, and what the stream gives."""
    run, n = streamed.graph, streamed.plan.filled
    if not streamed.plan.since_reset:
        outputs = interpret_samples(run, [hops], stateful=True).outputs
        return list(range(len(hops))), windows_of(streamed, hops), outputs
    chosen = list(range(n - 1, len(hops), n))
    pieces = [hops[last - n + 1 : last + 1] for last in chosen]
    each = [interpret_samples(run, [piece], stateful=True).outputs for piece in pieces]
    windows = [windows_of(streamed, piece)[-1] for piece in pieces]
    got = [np.stack([outputs[k][-1] for outputs in each]) for k in range(len(run.outputs))]
    return chosen, np.stack(windows), got


def _first_difference(
    streamed: Streamed, want: Sequence[Array], got: Sequence[Array], chosen: Sequence[int]
) -> dict[str, Any] | None:
    found: list[tuple[Any, ...]] = []
    for name, whole, stream in zip(streamed.windowed.outputs, want, got, strict=True):
        window = _shown(streamed, name, whole)
        if window.dtype.kind == "f":
            near = {"rtol": FLOAT_TOLERANCE, "atol": FLOAT_TOLERANCE}
            same = np.isclose(stream, window, equal_nan=True, **near)
        else:
            same = window == stream
        if not same.all():
            at = tuple(int(i) for i in np.argwhere(~same)[0])
            numbers = window[at].item(), stream[at].item()
            found.append((chosen[at[0]], name, list(at[1:]), *numbers))
    if not found:
        return None
    invoke, name, index, expected, got_there = min(found, key=lambda row: int(row[0]))
    return {
        "invoke": invoke,
        "output": name,
        "index": index,
        "expected": expected,
        "got": got_there,
    }


def _shown(streamed: Streamed, name: str, outputs: Array) -> Array:
    """The part of the windowed outputs (n, *shape) that the stream gives."""
    frames = streamed.plan.frames(name)
    if frames is None:
        return outputs
    n = streamed.plan.made(name)
    return np.take(outputs, np.arange(frames.end - n, frames.end), frames.axis + 1)
