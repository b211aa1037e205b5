# SPDX-License-Identifier: Apache-2.0
"""Distances between real and synthetic gradients, one number per subset.

All take lists over layers of (G, rows, columns) float32: G subsets, one row per output
channel. `real` carries no graph, `syn` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor


def squared_sum(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """Squared error, summed over all weights: (G,)."""
    parts = [(r - s).square().sum((1, 2)) for r, s in zip(real, syn, strict=True)]
    return torch.stack(parts).sum(0)


def absolute_sum(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """Absolute error, summed over all weights: (G,)."""
    parts = [(r - s).abs().sum((1, 2)) for r, s in zip(real, syn, strict=True)]
    return torch.stack(parts).sum(0)


def squared(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """Squared error over all layers, in units of the real gradient's squared length: (G,).

    Keeps lengths: a network that was trained on real data says by the length of its gradient
    how much a subset still has to teach. The unit is the mean over the G subsets, so that
    early networks with long gradients do not drown late ones.
    Paper: Kim et al.: Dataset Condensation via Efficient Synthetic-Data Parameterization,
    ICML 2022 (squared error instead of cosine); the unit is ours.
    """
    length = torch.stack([r.square().sum((1, 2)) for r in real]).sum(0).mean()
    return squared_sum(real, syn) / length.clamp_min(torch.finfo(torch.float32).tiny)


def absolute(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """Absolute error over all layers, in units of the real gradient's: (G,).

    Small entries count as much as large ones. Paper: Kim et al., ICML 2022, who use it for
    gray images and speech; the unit is ours.
    """
    length = torch.stack([r.abs().sum((1, 2)) for r in real]).sum(0).mean()
    return absolute_sum(real, syn) / length.clamp_min(torch.finfo(torch.float32).tiny)


def cosine_rows(real: Sequence[Tensor], syn: Sequence[Tensor]) -> Tensor:
    """1 - cosine per output row, summed over rows and layers: (G,), 0 when all rows agree.

    Forgets length: a synthetic batch is small, so its gradient is longer or shorter than the
    real one without being wrong.
    Paper: Zhao, Mopuri, Bilen: Dataset Condensation with Gradient Matching, ICLR 2021. We use
    it inside one subset instead of one class.
    """
    parts = [
        (1 - torch.cosine_similarity(r, s, dim=2)).sum(1) for r, s in zip(real, syn, strict=True)
    ]
    return torch.stack(parts).sum(0)


BY_NAME: dict[str, Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]] = {
    "squared": squared,
    "l1": absolute,
    "cosine": cosine_rows,
}
