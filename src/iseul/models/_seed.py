# SPDX-License-Identifier: Apache-2.0
"""First weights from a seed, without touching torch's global generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def seeded(build: Callable[[], T], seed: int) -> T:
    """What `build()` returns when torch's generator starts from `seed`; it is put back after.

    torch's layers draw their first weights from the global generator and take no other, so
    this scope is the one way to make a model depend on its seed alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()
