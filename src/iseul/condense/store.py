# SPDX-License-Identifier: Apache-2.0
"""How a condensed set is kept: bits, palette and order of its `.dew` file.

Accuracies are always those of what is stored: the evaluation sees the decoded samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from iseul.condense._condensed import palette_of, seal
from iseul.condense._container import row_bytes
from iseul.core.config import Config as BaseConfig

if TYPE_CHECKING:
    from iseul.condense._condensed import About, Condensed, CondensedSet
    from iseul.condense._problem import Problem


class Config(BaseConfig):
    """`bits` is the dial."""

    bits: Literal[1, 2, 4, 6, 8] = Field(
        default=8, description="of a code: 8 keeps raw values, fewer index 64, 16, 4 or 2 of them"
    )
    fill: bool = Field(
        default=False,
        description="the room that fewer bits leave holds more samples: [condense] ipc then counts "
        "samples of 8 bits",
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


def per_class(ipc: int, config: Config, shape: tuple[int, int, int]) -> int:
    """Samples of (H, W, C) stored per class where `ipc` are asked for: with `fill`, as many as
    have room in the bytes of `ipc` raw ones.

    Fewer levels and more samples is multi-formation along a value's depth: full resolution stays,
    which `factor` gives up. A set that gives up depth for size: Yuan et al.: Color-Oriented
    Redundancy Reduction in Dataset Distillation (AutoPalette), NeurIPS 2024.
    """
    if not config.fill:
        return ipc
    height, width, channels = shape
    colours = palette_of(config.palette, config.bits, channels) == "colours"
    codes = height * width * (1 if colours else channels)
    return ipc * height * width * channels // row_bytes(codes, config.bits)


def store(made: Condensed, problem: Problem, about: About, config: Config) -> CondensedSet:
    """The set as it will be read back.

    Raises ShapeError if multi-formation does not fit the samples.
    """
    order = None
    if config.order == "prefix":
        from iseul.condense._order import prefix_order

        order = prefix_order(made, problem)
    about = replace(about, ordered=order is not None)
    return seal(made, about, config.bits, config.palette, order)
