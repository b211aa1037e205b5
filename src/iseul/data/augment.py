# SPDX-License-Identifier: Apache-2.0
"""Augmentation of whole batches: shift, flip, cutout, CutMix.

Every function takes NCHW (any dtype; on raw uint8 it costs a quarter) and a torch.Generator,
draws one set of numbers per sample, and works by indexing and masking on the whole batch.
On float tensors all of them let gradients through.

CutMix: Yun, Han, Oh, Chun, Choe, Yoo: CutMix: Regularization Strategy to Train Strong
        Classifiers with Localizable Features, ICCV 2019. One box per batch, as there.
Cutout: DeVries, Taylor: Improved Regularization of Convolutional Neural Networks with
        Cutout, arXiv 1708.04552, 2017. One box per sample; it may hang over the border.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def shift(x: Tensor, n_pixels: int, generator: torch.Generator) -> Tensor:
    """Move each sample by -n..n pixels on both axes; what comes in is 0."""
    if n_pixels == 0:
        return x
    b, _, h, w = x.shape
    padded = functional.pad(x, (n_pixels,) * 4)
    dy, dx = torch.randint(0, 2 * n_pixels + 1, (2, b), generator=generator)
    windows = padded.unfold(2, h, 1).unfold(3, w, 1)  # (B, C, 2n+1, 2n+1, H, W), a view
    return windows[torch.arange(b), :, dy, dx]


def flip(x: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror each sample left to right with probability 1/2."""
    chosen = torch.rand(len(x), generator=generator) < 0.5
    return torch.where(chosen[:, None, None, None], x.flip(3), x)


def cutout(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Set a box of size x size pixels to 0, its centre anywhere in the sample."""
    if size == 0:
        return x
    b, _, h, w = x.shape
    top = torch.randint(0, h, (b, 1), generator=generator) - size // 2
    left = torch.randint(0, w, (b, 1), generator=generator) - size // 2
    rows, columns = torch.arange(h), torch.arange(w)
    in_rows = (rows >= top) & (rows < top + size)  # (B, H)
    in_columns = (columns >= left) & (columns < left + size)  # (B, W)
    hole = in_rows[:, None, :, None] & in_columns[:, None, None, :]
    return torch.where(hole, torch.zeros((), dtype=x.dtype), x)


def cutmix(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Paste one box of other samples of the batch into all of them.

    The kept share of the area is uniform in 0-1 (Beta(1, 1) of the paper), then counted again
    after the box was cut at the border.

    returns: the mixed batch; for each sample the position of the one pasted into it; the
             share of the area that is its own: target = share * own + (1 - share) * other's
    """
    h, w = x.shape[2:]
    side = (1.0 - float(torch.rand((), generator=generator))) ** 0.5
    centre_y, centre_x = (float(v) for v in torch.rand(2, generator=generator))
    top, bottom = _span(centre_y, side, h)
    left, right = _span(centre_x, side, w)
    other = torch.randperm(len(x), generator=generator)
    mixed = x.clone()
    mixed[:, :, top:bottom, left:right] = x[other, :, top:bottom, left:right]
    return mixed, other, 1.0 - (bottom - top) * (right - left) / (h * w)


def _span(centre: float, side: float, size: int) -> tuple[int, int]:
    """First and past-the-last pixel of a box, cut at the border; centre and side in 0-1."""
    start = round((centre - side / 2) * size)
    return max(start, 0), min(start + round(side * size), size)
