# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of values that are windows of a stream.

Window n of a stream covers the frames [n hop, n hop + T). A value of the network is *frames* if
there is one endless sequence V with value[j] = V[n h + j] in every window n, where h = hop / step
and step is the number of input frames from one frame of the value to the next. What then is new
in a window are its last h frames; all others were there in the window before.

Padding along time breaks this at the edges of the window: only [clean, end) are the same frames
of V in every window. A stream knows nothing of edges, so what it computes equals the windowed
network where nothing reads beyond them.

Invoke n makes the frames [end - h, end) of a value, in the numbers of window n; of values with
fewer than h frames, all. A node that reads further back finds that in a ring of the last frames.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frames:
    """A value that is frames.

    axis:        of the value that is time
    length:      frames in a window
    step:        input frames from one frame to the next
    clean, end:  the frames that are the same ones of the stream in every window
    edges:       nodes whose padding makes the others differ
    since_reset: a recurrent node is behind it: V depends on where the window begins, so all this
                 holds for the first window after a reset only
    """

    axis: int
    length: int
    step: int
    clean: int
    end: int
    edges: tuple[str, ...] = ()
    since_reset: bool = False

    @property
    def whole(self) -> bool:
        """Whether a stream has all frames of a window."""
        return self.clean == 0 and self.end == self.length


@dataclass(frozen=True)
class Window:
    """What frame j of an output reads: frames first + stride j + dilation i, for i < taps."""

    first: int = 0
    taps: int = 1
    dilation: int = 1
    stride: int = 1

    @property
    def span(self) -> int:
        """Frames from the first that is read to the last."""
        return (self.taps - 1) * self.dilation + 1

    def over(self, x: Frames, axis: int, length: int, node: str) -> Frames:
        """The frames that come out of `x`: `length` of them, along `axis`."""
        # the only frame of a window is read again one step later, whatever the stride says
        stride = self.stride if length > 1 else 1
        clean = max(0, -(-(x.clean - self.first) // stride))
        end = min(length, (x.end - self.first - self.span) // stride + 1)
        pads = self.first < 0 or self.first + (length - 1) * stride + self.span > x.length
        edges = (*x.edges, node) if pads and node not in x.edges else x.edges
        return Frames(axis, length, x.step * stride, clean, end, edges, x.since_reset)


@dataclass(frozen=True)
class Read:
    """Frames of a value that a node reads in an invoke: `count`, from `back` before its end."""

    back: int
    count: int


def new_frames(value: Frames, hop: int) -> int:
    """Frames that an invoke makes."""
    return min(hop // value.step, value.length)


def read_of(x: Frames, window: Window, out: Frames, hop: int) -> Read:
    """What the new frames of `out` read of `x`."""
    stride = out.step // x.step
    made = new_frames(out, hop)
    begin = window.first + (out.end - made) * stride
    return Read(x.end - begin, (made - 1) * stride + window.span)


def joined(values: list[Frames], axis: int) -> Frames:
    """The frames of a node that reads several values frame by frame.

    values: of one length and step
    """
    edges = tuple(dict.fromkeys(name for value in values for name in value.edges))
    return Frames(
        axis,
        values[0].length,
        values[0].step,
        max(value.clean for value in values),
        min(value.end for value in values),
        edges,
        any(value.since_reset for value in values),
    )
