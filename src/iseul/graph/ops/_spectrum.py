# SPDX-License-Identifier: Apache-2.0
"""What rfft and irfft share: attributes, and the lengths that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from iseul.core.config import Config
from iseul.numerics import fft

if TYPE_CHECKING:
    from iseul.graph.ir import Io

BITS: dict[str, fft.Bits] = {"int16": 16, "int32": 32}
_LONGEST = 1 << 15


class Attrs(Config):
    length: int = Field(
        default=512, ge=4, le=_LONGEST, description="values of the signal; even, zeros are added"
    )


def length_has_stages(attrs: Attrs, io: Io) -> str | None:
    """the length is even, and half of it has no prime factor above 5"""
    if attrs.length % 2 == 0 and max(fft.factors(attrs.length // 2)) <= 5:
        return None
    return f"length {attrs.length}"


def one_kind(attrs: Any, io: Io) -> str | None:
    """input and output are both int16, both int32 or both float32"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    if first == last and (first in BITS or first == "float32"):
        return None
    return f"input is {first}, output is {last}"


constraints = (one_kind, length_has_stages)
