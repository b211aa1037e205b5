# SPDX-License-Identifier: Apache-2.0
"""Cases of batch_norm."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net

_ROOT = "square root and division are ordered differently"


def _case(what: str, shape: tuple[int, ...], **attrs: float) -> Case:
    def build(net: Net) -> str:
        n = (shape[-1],)
        variance = net.random.uniform(0.1, 3.0, n).astype(np.float32)
        values = [net.input("x", shape), *(net.reals(name, n) for name in ("g", "b", "m"))]
        return net.node("batch_norm", [*values, net.constant("v", variance)], **attrs)

    return Case(f"batch_norm/{what}", build, tolerance=2e-5, reason=_ROOT)


CASES = (
    _case("image", (1, 4, 5, 6)),
    _case("vector", (1, 7)),
    _case("large epsilon", (1, 3, 3, 2), epsilon=0.1),
)
