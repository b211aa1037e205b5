# SPDX-License-Identifier: Apache-2.0
"""A target is a frozen value: core, instruction sets, clock, memories, energy, with sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from iseul.core.config import Config, build, read_toml
from iseul.core.errors import UsageError, did_you_mean

Core = Literal[
    "cortex-m0plus",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
    "riscv32imc",
    "wasm32",
    "host",
]
Isa = Literal["c", "mul32", "armv7em-dsp", "armv8m-dsp", "armv81m-mve", "simd128"]


class Energy(Config):
    """Energy of the core per cycle, as an interval, in nJ at the board's rated clock."""

    low_nj_per_cycle: float = Field(gt=0, description="lowest published, nJ per cycle")
    mid_nj_per_cycle: float = Field(gt=0, description="most comparable set-up, nJ per cycle")
    high_nj_per_cycle: float = Field(gt=0, description="highest published, nJ per cycle")
    source: str = Field(description="where the three numbers come from")


class Target(Config):
    """What the compiler and the runners must know of a board.

    Sizes in bytes, clock in MHz. `isas` lists what kernels may use, most capable first; every
    target ends with plain "c". `sources` names where clock and memories come from.
    """

    name: str
    title: str = Field(description="the board's name as its maker writes it")
    core: Core
    isas: tuple[Isa, ...] = ("c",)
    has_fpu: bool = Field(default=False, description="single precision in hardware")
    clock_mhz: float = Field(gt=0)
    flash_bytes: int = Field(gt=0)
    ram_bytes: int = Field(gt=0)
    flash_start: int = Field(ge=0, description="address of the flash in the memory map")
    ram_start: int = Field(ge=0, description="address of the largest RAM in the memory map")
    energy: Energy | None = Field(
        default=None, description="none where nothing comparable is published; sources say why"
    )
    sources: tuple[str, ...] = Field(description="where the numbers above come from")


@cache
def target_names() -> tuple[str, ...]:
    """Names of all boards, sorted."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def load_target(name: str) -> Target:
    """The board of that name. Raises UsageError with the closest known name."""
    if name not in target_names():
        raise UsageError(
            f'there is no board "{name}".{did_you_mean(name, target_names())}',
            f"one of: {', '.join(target_names())}",
        )
    path = Path(__file__).parent / f"{name}.toml"
    return build(Target, {"name": name, **read_toml(path)}, f"targets/{name}.toml")
