# SPDX-License-Identifier: Apache-2.0
"""How a condensed set is kept: bits, palette, coding and order of its `.dew` file.

Accuracies are always those of what is stored: the evaluation sees the decoded samples.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from iseul.condense._condensed import About, Condensed, palette_of, seal
from iseul.condense._container import codable, coded, row_bytes
from iseul.core.config import Config as BaseConfig
from iseul.core.progress import say

if TYPE_CHECKING:
    from iseul.condense._condensed import CondensedSet
    from iseul.condense._problem import Problem

_N_PROBED = 400  # stored samples that are coded to see how many have room
MOVED = 1.25  # bytes of a matched sample over those of a real one: 1.11 to 1.29 were measured


class Config(BaseConfig):
    """`bits` is the dial."""

    bits: Literal[1, 2, 4, 6, 8] = Field(
        default=8, description="of a code: 8 keeps raw values, fewer index 64, 16, 4 or 2 of them"
    )
    fill: bool = Field(
        default=False,
        description="the room that fewer bits and coding leave holds more samples: [condense] ipc "
        "then counts samples of 8 bits",
    )
    coding: Literal["none", "arithmetic"] = Field(
        default="none",
        description="of the codes, without loss: arithmetic takes a quarter to four fifths of "
        "the bytes, and a chip decodes a sample at a time",
    )
    palette: Literal["auto", "levels", "colours"] = Field(
        default="auto",
        description="what a code stands for below 8 bits: a level of one value, or a colour of "
        "all channels; auto: colours at 6 bits with three channels, else levels",
    )
    order: Literal["prefix", "none"] = Field(
        default="prefix",
        description="inside a class: prefix keeps the mean of every leading part near the real "
        "samples' mean; none keeps the method's order",
    )


def per_class(
    ipc: int,
    config: Config,
    problem: Problem,
    factor: int = 1,
    beside: int = 0,
    moved: bool = False,
) -> int:
    """Samples stored per class where `ipc` are asked for: with `fill`, as many as have room in
    the bytes of `ipc` raw ones.

    factor: parts along each axis that share a stored sample
    beside: bytes that the set needs for other things
    moved:  whether the method changes samples, which makes them harder to code
    With arithmetic coding it is an estimate from real samples; `store` leaves out what has no
    room in the end.
    Fewer levels and more samples is multi-formation along a value's depth: full resolution stays,
    which `factor` gives up. A set that gives up depth for size: Yuan et al.: Color-Oriented
    Redundancy Reduction in Dataset Distillation (AutoPalette), NeurIPS 2024.
    """
    if not config.fill:
        return ipc
    room = _raw_bytes(ipc, problem) - beside
    if room_of(ipc, config, problem) is None:
        return max(1, _plain(room, config, problem))
    return in_room(room, config, problem, factor, MOVED if moved else 1.0)


def _plain(room: int, config: Config, problem: Problem) -> int:
    """Samples per class that so many bytes hold without coding."""
    row = row_bytes(_n_codes(problem, config), config.bits)
    return room // (row * problem.n_classes)


def _raw_bytes(ipc: int, problem: Problem) -> int:
    """Of `ipc` raw samples per class."""
    return ipc * problem.n_classes * _n_values(problem)


def _n_values(problem: Problem) -> int:
    return math.prod(problem.real.x.shape[1:])


def _n_codes(problem: Problem, config: Config) -> int:
    """Codes of a stored sample: one of a pixel's colour, or one of each of its values."""
    channels = problem.real.x.shape[3]
    colours = palette_of(config.palette, config.bits, channels) == "colours"
    return _n_values(problem) // (channels if colours else 1)


def room_of(ipc: int, config: Config, problem: Problem) -> int | None:
    """The bytes that a coded set is to fill: those of `ipc` raw samples per class; None where the
    number of samples is what is asked for."""
    can = codable(_n_codes(problem, config), config.bits)
    if not config.fill or config.coding == "none" or not can:
        return None
    return _raw_bytes(ipc, problem)


def in_room(
    room: int, config: Config, problem: Problem, factor: int = 1, harder: float = 1.0
) -> int:
    """Samples per class that so many bytes hold in arithmetic coding, if each takes `harder` times
    what a real one does: at least one and those that lie plain, at most those there are."""
    from iseul.condense._formation import parts

    head, each = _coded_bytes(problem, config, factor)
    have = int(np.bincount(problem.real.y, minlength=problem.n_classes).min())
    held = int((room - head) / (harder * each * problem.n_classes))
    held = max(held, _plain(room, config, problem))
    return max(1, min(held, have // parts(factor, problem.axes)))


def _coded_bytes(problem: Problem, config: Config, factor: int) -> tuple[int, float]:
    """What a set of real samples drawn by lot takes: bytes of its tables, bytes per sample."""
    from iseul.condense._formation import encode, parts

    n_parts = parts(factor, problem.axes)
    n = max(1, min(_N_PROBED, len(problem.real) // n_parts))
    chosen = np.random.default_rng(0).permutation(len(problem.real))[: n * n_parts]
    x = problem.real.x[np.resize(chosen, n * n_parts)]
    if factor > 1:
        x = problem.to_raw(encode(problem.to_tensor(x), factor, problem.axes))
    nothing = np.zeros(n, np.int64)
    about = About(problem.scale, problem.zero_point, problem.raw_max, ("",), axes=problem.axes)
    made = seal(Condensed(x, nothing, nothing, [], factor), about, config.bits, config.palette)
    found = coded(made)
    tables = found.model.chances.size + made.table.size
    return tables, (len(found.sizes) + len(found.data)) / n


def store(
    made: Condensed, problem: Problem, about: About, config: Config, room: int | None = None
) -> CondensedSet:
    """The set as it will be read back.

    room: bytes that the whole payload may have: the last samples are left out if they have no
          room; None: all are kept
    Raises ShapeError if multi-formation does not fit the samples.
    """
    order = None
    if config.order == "prefix":
        from iseul.condense._order import prefix_order

        order = prefix_order(made, problem)
    about = replace(about, ordered=order is not None)
    coding = config.coding == "arithmetic"
    whole = seal(made, about, config.bits, config.palette, order, coding)
    kept = whole if room is None else _fitted(whole, room)
    return kept if kept.coding else replace(kept, coded=False)


def _fitted(whole: CondensedSet, room: int) -> CondensedSet:
    """The most samples whose payload has room; the first of each class stays whatever it takes.

    They go class by class, so classes differ by one at most. A set whose classes are alike needs
    no table of their counts, so one that takes all of a turn may have room where fewer have not.
    """
    if whole.layout.payload_bytes <= room:
        return whole
    least = len(whole.leading(1))

    def taken(n: int) -> int:
        return whole.first(n).layout.payload_bytes

    n = least + bisect_right(range(least + 1, len(whole)), room, key=taken)
    turn = len(whole.leading(n // least + 1))
    n = turn if turn > n and taken(turn) <= room else n
    say(f"          keeps the first {n:,} of {len(whole):,} samples: what {room:,} bytes hold")
    return whole.first(n)
