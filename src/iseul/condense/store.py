# SPDX-License-Identifier: Apache-2.0
"""How a condensed set is kept: bits, palette and order of its `.dew` file.

Accuracies are always those of what is stored: the evaluation sees the decoded samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from iseul.condense._condensed import seal
from iseul.core.config import Config as BaseConfig

if TYPE_CHECKING:
    from iseul.condense._condensed import About, Condensed, CondensedSet
    from iseul.condense._problem import Problem


class Config(BaseConfig):
    """`bits` is the dial."""

    bits: Literal[4, 6, 8] = Field(
        default=8, description="of a code: 8 keeps raw values, 6 and 4 index 64 or 16 of them"
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
