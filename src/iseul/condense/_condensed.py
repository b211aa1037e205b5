# SPDX-License-Identifier: Apache-2.0
"""Condensed sets: what a method returns, and what a `.dew` file holds.

Samples are raw integers like the data set's own, so a condensed set trains, calibrates and
ships exactly like a real one. A method returns a `Condensed`; `seal` orders it so that any
leading part is balanced, makes it as small as `bits` says, and adds what a reader must know.
How the bytes lie is in `_container.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.condense import _container
from iseul.condense._decode import cells, decode_raw
from iseul.condense._upsampler import check_fit
from iseul.core.artifact import write_bytes
from iseul.core.errors import DataError
from iseul.data._batch import ranks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from iseul.condense._container import Coding, Layout
    from iseul.condense._upsampler import Upsampler

Palette = Literal["auto", "levels", "colours"]


@dataclass(frozen=True)
class Condensed:
    """What a method makes, classes in order.

    x:       (n, H, W, C) uint8, raw integers
    y:       (n,) int64
    subset:  (n,) int64, which subset of its class a sample stands for; 0 where there are none
    losses:  match loss of each step; empty for methods that pick real samples
    factor:  parts along each axis that share one stored sample (`_formation.py`); 1: none
    upsampler: how parts become samples; None: bilinear
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    subset: NDArray[np.int64]
    losses: list[float] = field(default_factory=list)
    factor: int = 1
    upsampler: Upsampler | None = None


@dataclass(frozen=True)
class About:
    """What a reader must know of a set, and where it comes from.

    scale, zero_point, raw_max: real value = scale * (raw - zero_point), 0 <= raw <= raw_max
    axes:     image axes, of "hw", along which `factor` cuts a stored sample
    classes:  names, as many as the task has
    recipe:   hash of everything the set depends on, hex; the file keeps 16 bytes of it
    ordered:  whether leading parts were chosen to be good sets, not only balanced ones
    accuracy: {column: (mean, deviation, number of networks)} of its evaluation
    """

    scale: float
    zero_point: int
    raw_max: int
    classes: tuple[str, ...]
    task: str = "classification"
    axes: str = "hw"
    method: str = ""
    version: str = ""
    recipe: str = ""
    seed: int = 0
    ordered: bool = False
    accuracy: Mapping[str, tuple[float, float, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class CondensedSet:
    """A condensed set as a file holds it: the first k of each class come before the k+1st.

    x:      (n, H, W, C) uint8, the stored raw values: index into `table` by `codes`
    y:      (n,) int64
    subset: (n,) int64
    codes:  (n, values) uint8, what is packed: raw values, indices of levels or of colours
    table:  (2^bits, 1 or C) uint8 raw values of the codes; empty at 8 bits
    coded:  arithmetic coding in its file, where that is smaller
    upsampler: how parts of a stored sample become samples; None: bilinear
    """

    about: About
    shape: tuple[int, int, int]
    bits: int
    factor: int
    y: NDArray[np.int64]
    subset: NDArray[np.int64]
    codes: NDArray[np.uint8]
    table: NDArray[np.uint8]
    coded: bool = False
    upsampler: Upsampler | None = None

    @property
    def planes(self) -> tuple[int, int, int]:
        """(H, W, codes of a pixel): how the codes of a sample lie."""
        per_pixel = self.table.shape[1] if len(self.table) else 1
        return (*self.shape[:2], self.shape[2] // per_pixel)

    @property
    def x(self) -> NDArray[np.uint8]:
        """(n, H, W, C) uint8: the samples as they are stored."""
        raw = self.table[self.codes] if len(self.table) else self.codes
        return raw.reshape(-1, *self.shape)

    @cached_property
    def coding(self) -> Coding | None:
        """The samples in arithmetic coding; None if they lie plain, as asked for or as that is
        smaller."""
        if not self.coded:
            return None
        found = _container.coded(self)
        plain = len(self) * _container.row_bytes(self.codes.shape[1], self.bits)
        return found if len(found.head) + len(found.data) < plain else None

    @cached_property
    def layout(self) -> Layout:
        """How many bytes of the file hold what."""
        return _container.layout_of(self)

    def __len__(self) -> int:
        return len(self.y)

    def condensed(self) -> Condensed:
        """The stored samples as a method would return them, losses apart."""
        return Condensed(self.x, self.y, self.subset, factor=self.factor, upsampler=self.upsampler)

    def leading(self, per_class: int) -> CondensedSet:
        """The first `per_class` samples of each class; all, if there are fewer."""
        return self.first(int((ranks(self.y) < per_class).sum()))

    def first(self, n: int) -> CondensedSet:
        """The first n samples: of all classes as many, or one more of some."""
        return replace(self, y=self.y[:n], subset=self.subset[:n], codes=self.codes[:n])

    def judged(self, accuracy: Mapping[str, Mapping[str, float]]) -> CondensedSet:
        """The same set with {column: {mean, std, n}} of its evaluation."""
        kept = {
            column: (cell["mean"], cell["std"], int(cell["n"])) for column, cell in accuracy.items()
        }
        return replace(self, about=replace(self.about, accuracy=kept))

    def samples(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Raw samples to train on and their classes; stored ones that hold several are cut.

        x (N, H, W, C) uint8, y (N,) int64, N = n * factor^axes
        """
        x = decode_raw(self.x, self.factor, self.about.axes, self.upsampler)
        return x, self.y.repeat(len(x) // max(1, len(self.y)))

    def numpy(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Real samples (N, H, W, C) float32 and classes (N,) int64."""
        x, y = self.samples()
        about = self.about
        return (x.astype(np.float32) - about.zero_point) * np.float32(about.scale), y

    def torch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Real samples (N, C, H, W) float32 and classes (N,) int64, as tensors."""
        import torch

        x, y = self.numpy()
        return torch.from_numpy(np.moveaxis(x, -1, 1).copy()), torch.from_numpy(y)

    def save(self, path: Path | str) -> None:
        """Write the `.dew` file whole; the same set gives the same bytes."""
        write_bytes(Path(path), _container.pack(self))


def palette_of(palette: Palette, bits: int, channels: int) -> Literal["raw", "levels", "colours"]:
    """What codes stand for: raw values at 8 bits; "auto" means colours at 6 bits and three
    channels, levels else."""
    if bits == 8:
        return "raw"
    if palette == "auto":
        return "colours" if bits == 6 and channels == 3 else "levels"
    return palette


def seal(
    made: Condensed,
    about: About,
    bits: int = 8,
    palette: Palette = "auto",
    order: NDArray[np.int64] | None = None,
    coded: bool = False,
) -> CondensedSet:
    """A set ready for its file.

    bits:    8 keeps every raw value; 6, 4, 2 and 1 keep 64, 16, 4 or 2 levels or colours
    palette: "levels" of single values or "colours" of all channels of a pixel; "auto": colours
             at 6 bits and three channels, levels else
    order:   positions of the samples, best first, as `_order.prefix_order` gives them; None:
             as they come. Either way the k-th samples of all classes come together
    coded:   arithmetic coding in the file, where that is smaller and samples are not too large
    Raises ShapeError if `factor` does not fit the samples.
    """
    from iseul.condense import _palette

    if order is None:
        order = np.arange(len(made.y))
    order = order[np.lexsort((made.y[order], ranks(made.y[order])))]
    x = made.x[order]
    shape = (int(x.shape[1]), int(x.shape[2]), int(x.shape[3]))
    if made.factor > 1:
        cells(shape[:2], made.factor, about.axes)
    if made.upsampler is not None:
        check_fit(shape, made.factor, about.axes)
    kind = palette_of(palette, bits, shape[2])
    table = np.zeros((0, 1), np.uint8)
    if kind == "raw":
        codes = x
    elif kind == "levels":
        table = _palette.levels(x, 1 << bits)[:, None]
        codes = _palette.nearest_levels(x, table[:, 0])
    else:
        pixels = x.reshape(-1, shape[2])
        table = _palette.colours(pixels, 1 << bits)
        codes = _palette.nearest_rows(pixels.astype(np.float32), table.astype(np.float32))
    codes = codes.reshape(len(x), -1)
    return CondensedSet(
        about,
        shape,
        bits,
        made.factor,
        made.y[order],
        made.subset[order],
        codes,
        table,
        coded and _container.codable(codes.shape[1], bits),
        made.upsampler,
    )


def load_condensed(path: Path | str, per_class: int | None = None) -> CondensedSet:
    """The condensed set in a `.dew` file.

    per_class: read the first samples of each class only; no more of the file than that is
               read, and what lies behind may be missing
    Raises DataError if the file is missing, damaged or holds something else.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _container.unpack(file, per_class)
    except OSError as error:
        raise DataError(f"{path}: can not be read: {error.strerror or error}") from None
    except DataError as error:
        raise DataError(f"{path}: {error.problem}", error.remedy) from None
