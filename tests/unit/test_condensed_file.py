# SPDX-License-Identifier: Apache-2.0
"""Condensed sets on disk: bytes, bits, palettes, order, hostile files, numpy, torch and C."""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import iseul
from iseul.condense import _container, _export, _order, _palette, store
from iseul.condense._condensed import (
    About,
    Condensed,
    CondensedSet,
    Palette,
    load_condensed,
    seal,
)
from iseul.condense._decode import cells, decode_raw
from iseul.condense._formation import decode, encode
from iseul.condense._problem import Problem
from iseul.condense._upsampler import Upsampler
from iseul.core.errors import DataError, IseulError, ShapeError, UsageError
from iseul.data._batch import Samples, ranks
from iseul.data.sets import digits
from iseul.models import convnet
from iseul.models._seed import seeded
from unit._fuzz import fuzz

ABOUT = About(
    1 / 255,
    3,
    255,
    ("left", "right??/", "up\nand \\down\\"),
    method="kmeans",
    version="1.2.3",
    recipe="0123456789abcdef" * 4,
    seed=7,
    accuracy={"none": (0.9125, 0.0123, 15), "dsa_cutmix": (0.5, 0.0, 1)},
)


BITS = (1, 2, 4, 6, 8)


def a_set(
    bits: int = 8,
    shape: tuple[int, int, int] = (5, 7, 1),
    counts: tuple[int, ...] = (4, 4, 4),
    factor: int = 1,
    axes: str = "hw",
    seed: int = 0,
    palette: store.Config | None = None,
    coded: bool = False,
) -> CondensedSet:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    x = rng.integers(0, 256, (len(y), *shape), np.uint8)
    if coded:  # smooth, so that there is something to gain, and enough for a model
        x = np.cumsum(x.astype(int) % 9 - 4, 1).cumsum(2).clip(0, 255).astype(np.uint8)
    subset = rng.integers(0, 5, len(y))
    about = replace(ABOUT, axes=axes, classes=ABOUT.classes[: len(counts)])
    kind = palette.palette if palette is not None else "auto"
    return seal(Condensed(x, y, subset, [1.0], factor), about, bits, kind, None, coded)


def an_upsampler(
    channels: int = 3, n_values: int = 1, parts: int = 4, most: int = 127, raw_max: int = 255
) -> Upsampler:
    """Weights by lot, -most to most steps."""
    rng = np.random.default_rng(channels)
    first, second = (channels, n_values, 3, 3), (n_values * parts, channels, 3, 3)
    return Upsampler(
        rng.integers(-most, most + 1, first, np.int8),
        rng.integers(-200 * most, 200 * most, first[0], np.int16),
        rng.integers(-most, most + 1, second, np.int8),
        rng.integers(-200 * most, 200 * most, second[0], np.int16),
        raw_max,
    )


def same(a: CondensedSet, b: CondensedSet) -> None:
    for name in ("x", "y", "subset", "codes", "table"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
        assert getattr(a, name).dtype == getattr(b, name).dtype, name
    assert (a.shape, a.bits, a.factor, a.coded) == (b.shape, b.bits, b.factor, b.coded)


# bytes


@given(st.integers(1, 8), st.integers(1, 40), st.integers(1, 4), st.data())
def test_packed_codes_come_back(bits: int, values: int, n: int, data: st.DataObject) -> None:
    codes = data.draw(arrays.arrays(np.uint8, (n, values), elements=st.integers(0, 2**bits - 1)))
    rows = _container.packed(codes, bits)
    assert rows.shape == (n, -(-values * bits // 8))
    number = int.from_bytes(rows[0].tobytes(), "little")  # the definition: low bits first
    assert [(number >> i * bits) % (1 << bits) for i in range(values)] == codes[0].tolist()
    assert np.array_equal(_container.unpacked(rows, values, bits), codes)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("shape", [(5, 7, 1), (4, 6, 3), (1, 1, 2), (9, 1, 1)], ids=str)
@pytest.mark.parametrize("counts", [(4, 4, 4), (1, 3, 2), (0, 2, 5), (1,)], ids=str)
def test_a_file_gives_the_set_back(
    tmp_path: Path, bits: int, shape: tuple[int, int, int], counts: tuple[int, ...]
) -> None:
    made = a_set(bits, shape, counts)
    made.save(tmp_path / "a.dew")
    made.save(tmp_path / "b.dew")
    data = (tmp_path / "a.dew").read_bytes()
    assert data == (tmp_path / "b.dew").read_bytes()
    assert len(data) == made.layout.n_bytes
    read = load_condensed(tmp_path / "a.dew")
    same(read, made)
    names = tuple(name.replace("\n", " ") for name in made.about.classes)
    assert read.about == replace(made.about, classes=names, recipe=ABOUT.recipe[:32])
    assert np.bincount(read.y, minlength=len(counts)).tolist() == list(counts)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (16, 20, 3), (200, 1, 2), (1, 300, 1)], ids=str)
def test_a_coded_file_is_smaller_and_gives_the_set_back(
    tmp_path: Path, bits: int, shape: tuple[int, int, int]
) -> None:
    made = a_set(bits, shape, (16, 30, 24), coded=True)
    plain = replace(made, coded=False)
    assert made.layout.payload_bytes < plain.layout.payload_bytes
    made.save(tmp_path / "a.dew")
    assert len((tmp_path / "a.dew").read_bytes()) == made.layout.n_bytes
    read = load_condensed(tmp_path / "a.dew")
    same(read, made)
    read.save(tmp_path / "b.dew")
    again = replace(read, about=made.about)
    assert np.array_equal(again.x, plain.x)
    again.save(tmp_path / "c.dew")
    assert (tmp_path / "a.dew").read_bytes() == (tmp_path / "c.dew").read_bytes()


def test_noise_lies_plain(tmp_path: Path) -> None:
    """Where coding gains nothing the file is as without it."""
    made = a_set(2, (9, 9, 1))
    made.save(tmp_path / "plain.dew")
    replace(made, coded=True).save(tmp_path / "coded.dew")
    assert (tmp_path / "plain.dew").read_bytes() == (tmp_path / "coded.dew").read_bytes()
    large = seal(
        Condensed(np.zeros((1, 1200, 300, 1), np.uint8), np.zeros(1, int), np.zeros(1, int)),
        replace(ABOUT, classes=("a",)),
        coded=True,
    )
    assert not large.coded, "more than MOST_DECISIONS"


def test_samples_lie_by_rank_and_then_by_class() -> None:
    made = a_set(counts=(3, 1, 2))
    assert made.y.tolist() == [0, 1, 2, 0, 2, 0]
    assert ranks(made.y).tolist() == [0, 0, 0, 1, 1, 2]
    assert np.array_equal(_container.labels(np.array([3, 1, 2])), made.y)


@pytest.mark.parametrize("bits", BITS)
def test_a_cut_file_holds_a_smaller_set(tmp_path: Path, bits: int) -> None:
    made = a_set(bits)
    made.save(tmp_path / "whole.dew")
    data = (tmp_path / "whole.dew").read_bytes()
    row = len(made.codes[0]) if bits == 8 else -(-35 * bits // 8)
    (tmp_path / "cut.dew").write_bytes(data[: len(data) - 6 * row])  # ranks 2 and 3 are gone
    for name in ("whole", "cut"):
        part = load_condensed(tmp_path / f"{name}.dew", per_class=2)
        same(part, made.leading(2))
        assert part.y.tolist() == [0, 1, 2, 0, 1, 2]
    with pytest.raises(DataError, match=r"cut\.dew: .*bytes of samples"):
        load_condensed(tmp_path / "cut.dew")
    with pytest.raises(DataError, match="bytes of samples"):
        load_condensed(tmp_path / "cut.dew", per_class=3)
    assert len(load_condensed(tmp_path / "whole.dew", per_class=99)) == 12


@pytest.mark.parametrize("bits", BITS)
def test_a_cut_coded_file_holds_a_smaller_set(tmp_path: Path, bits: int) -> None:
    made = a_set(bits, (30, 20, 1), (20, 20), coded=True)
    made.save(tmp_path / "whole.dew")
    data, last = (tmp_path / "whole.dew").read_bytes(), _container.coded(made).lengths[-4:].sum()
    (tmp_path / "cut.dew").write_bytes(data[: len(data) - last])  # ranks 18 and 19 are gone
    for name in ("whole", "cut"):
        same(load_condensed(tmp_path / f"{name}.dew", per_class=18), made.leading(18))
    with pytest.raises(DataError, match="bytes of samples"):
        load_condensed(tmp_path / "cut.dew")
    with pytest.raises(DataError, match="bytes of samples"):
        load_condensed(tmp_path / "cut.dew", per_class=19)


@pytest.mark.parametrize(("bits", "per_class"), [(4, 10), (6, 10), (8, 10), (2, 40), (1, 80)])
def test_the_header_is_small(bits: int, per_class: int) -> None:
    """Fashion-MNIST's shape, some 10 per class and what has their bytes: what is not samples is
    under 2 %."""
    n = 10 * per_class
    names = tuple(f"name of class {i}" for i in range(10))
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (n, 28, 28, 1), np.uint8)
    y = np.arange(10).repeat(per_class)
    about = replace(ABOUT, classes=names)
    layout = seal(Condensed(x, y, np.arange(n) % 10), about, bits).layout
    assert layout.payload_bytes >= n * 784 * bits / 8
    assert layout.n_bytes <= 1.02 * layout.payload_bytes
    assert layout.n_bytes <= 1.02 * n * 784 * bits / 8


# hostile files


def damaged(data: bytes, at: int, new: bytes, samples: int = 12 * 35) -> bytes:
    """The file with other bytes in its head, and a head checksum that fits again."""
    out = bytearray(data)
    out[at : at + len(new)] = new
    head = out[:-samples]
    head[64:68] = bytes(4)
    out[64:68] = zlib.crc32(head).to_bytes(4, "little")
    return bytes(out)


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (0, b"PK\x03\x04", "does not begin as one"),
        (4, b"\x02", "version 2"),
        (5, b"\x07", "bits is 7"),
        (5, b"\x00", "bits is 0"),
        (5, b"\x04", "palette is 0"),
        (7, b"\x01", "label kind is 1"),
        (8, b"\xff\xff\xff\xff", "bytes of samples"),
        (8, b"\0\0", "none may be 0"),
        (16, b"\xff\xff\xff\xff", "its head alone needs"),
        (16, b"\x0b\0\0\0", "can not be alike"),
        (20, b"\0", "factor is 0"),
        (20, b"\x06", "can not be cut into 6"),
        (21, b"\x04", "axes is 4"),
        (22, b"\x09", "subset bits is 9"),
        (23, b"\xff", "flags is 255"),
        (23, b"\x21", "flags is 33"),
        (23, b"\x19", "a model of 5 neighbours does not fit"),
        (23, b"\x09", "its head alone needs"),
        (24, b"\xff\xff", "its head alone needs"),
        (26, b"\x01\0", "a raw value is 2"),
        (32, b"\0" * 8, "scale is 0"),
        (32, b"\xff" * 8, "scale is nan"),
        (14, b"\x09\0", "names 5 of 9 classes"),
        (72, b"\xff", "text can not be read"),
    ],
)
def test_each_field_is_checked(tmp_path: Path, at: int, new: bytes, said: str) -> None:
    path = tmp_path / "set.dew"
    a_set().save(path)
    path.write_bytes(damaged(path.read_bytes(), at, new))
    with pytest.raises(DataError, match=rf"set\.dew: .*({said})"):
        load_condensed(path)


def test_claims_of_coded_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "set.dew"
    made = a_set(2, (30, 20, 1), (20, 20), coded=True)
    made.save(path)
    data, coding = path.read_bytes(), _container.coded(made)
    start = len(data) - len(coding.data) - len(coding.head)
    sizes = start + coding.model.chances.size
    assert coding.width == 0
    n = len(coding.data)
    for at, new, said in [
        (start, b"\0", "chance of its model is 0"),
        (sizes, b"\xff", "bytes of samples"),
        (8, b"\xff\x0f\xff\x0f", "too much to decode"),  # 4,095 x 4,095
        (8, b"\x80\x01\x80\x01", "can not hold 147,456 codes"),
    ]:
        path.write_bytes(damaged(data, at, new, n))
        with pytest.raises(DataError, match=said):
            load_condensed(path)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DataError, match="samples are damaged"):
        load_condensed(path)


def test_other_damage(tmp_path: Path) -> None:
    path = tmp_path / "set.dew"
    with pytest.raises(DataError, match=r"set\.dew: .*No such file"):
        load_condensed(path)
    a_set().save(path)
    data = path.read_bytes()
    for changed, said in [
        (data[:-1] + b"\x01", "samples are damaged"),
        (data[:80] + b"?" + data[81:], "head is damaged"),
        (data + b"\0", "bytes of samples"),
        (data[:100], "its head alone needs"),
        (b"", "does not begin as one"),
    ]:
        path.write_bytes(changed)
        with pytest.raises(DataError, match=said):
            load_condensed(path)
        with pytest.raises(IseulError):
            iseul.load_condensed(path).samples()


def test_what_does_not_fit_the_format_is_refused(tmp_path: Path) -> None:
    wide = Condensed(np.zeros((1, 1, 70_000, 1), np.uint8), np.zeros(1, np.int64), np.zeros(1, int))
    with pytest.raises(ShapeError, match="up to 65,535"):
        seal(wide, replace(ABOUT, classes=("a",))).save(tmp_path / "a.dew")
    made = a_set()
    with pytest.raises(ShapeError, match="subsets 0 to 255"):
        replace(made, subset=made.subset + 300).save(tmp_path / "a.dew")
    with pytest.raises(ShapeError, match="can not be cut"):
        a_set(factor=6)
    assert not list(tmp_path.iterdir())


def read_condensed(path: Path) -> str:
    try:
        made = load_condensed(path)
        made.numpy()
        load_condensed(path, per_class=1)
    except IseulError as error:
        assert str(error)
        return type(error).__name__
    return "set"


def with_checksums(data: bytes) -> bytes:
    """Mutations shall meet the checks behind the checksums too: both are set right again."""
    if len(data) < 72:
        return data
    text, n_classes, flags = int.from_bytes(data[24:26], "little"), data[14], data[23]
    bits, colours, n = data[5], data[6] == 2, int.from_bytes(data[16:20], "little")
    behind = text
    if flags & 128 and len(data) > 72:  # an upsampler
        hidden, values, parts = data[72], data[12], data[20] ** (0, 1, 1, 2)[data[21] & 3]
        behind += 1 + hidden * (9 * values + 2) + values * parts * (9 * hidden + 2)
    behind += (0 if flags & 1 else 4 * n_classes) + -(-n * data[22] // 8)
    behind += 0 if bits == 8 else (data[12] if colours else 1) << (bits & 7)
    if flags >> 2 & 7:
        bits = min(bits, 8)  # a mutated number
        behind += ((1 << bits) - 1 << bits * ((flags >> 2 & 7) - 1)) + (n << (flags >> 5 & 3))
    out = bytearray(data)
    out[68:72] = zlib.crc32(data[72 + behind :]).to_bytes(4, "little")
    head = bytearray(out[: 72 + behind])
    head[64:68] = bytes(4)
    out[64:68] = zlib.crc32(head).to_bytes(4, "little")
    return bytes(out)


@pytest.mark.parametrize("n", [300, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mended", [False, True])
def test_mutated_files(tmp_path: Path, n: int, mended: bool) -> None:
    path = tmp_path / "set.dew"
    seeds = []
    for i, (bits, shape, counts) in enumerate(
        [
            (8, (5, 7, 1), (4, 4, 4)),
            (6, (6, 6, 3), (1, 2, 2)),
            (4, (8, 4, 2), (2, 2)),
            (2, (5, 5, 1), (2, 3)),
            (1, (4, 4, 1), (2, 2)),
        ]
    ):
        a_set(bits, shape, counts, factor=1 + i % 2, seed=i).save(path)
        seeds.append(path.read_bytes())

    def read(at: Path) -> str:
        if mended:
            at.write_bytes(with_checksums(at.read_bytes()))
        return read_condensed(at)

    for bits, shape in ((2, (12, 10, 1)), (4, (20, 1, 2)), (6, (9, 9, 3))):
        made = a_set(bits, shape, (40, 40), coded=True, seed=9)
        assert made.coding is not None
        made.save(path)
        seeds.append(path.read_bytes())

    learned = replace(a_set(4, (6, 8, 1), (3, 3), factor=2), upsampler=an_upsampler())
    learned.save(path)
    seeds.append(path.read_bytes())
    tally = fuzz(path, seeds, n, read=read, declared=lambda _: 0)
    assert sum(tally.ends.values()) == n and set(tally.ends) <= {"set", "DataError"}
    assert tally.ends["DataError"] > n / 3
    assert (tally.ends["set"] > 0) == mended or tally.ends["set"] < n / 20


# bits and palettes


def error_of(values: np.ndarray, table: np.ndarray) -> int:
    return int(((values.astype(int).ravel()[:, None] - table.astype(int)) ** 2).min(1).sum())


@given(arrays.arrays(np.uint8, (30,), elements=st.integers(0, 40)), st.integers(1, 4))
def test_levels_are_the_best(values: np.ndarray, n: int) -> None:
    """Every split of the sorted values into n runs is tried by brute force."""
    import itertools

    table = _palette.levels(values, n)
    assert len(table) == n and (np.diff(table.astype(int)) >= 0).all()
    used, counts = np.unique(values, return_counts=True)
    if len(used) <= n:
        assert error_of(values, table) == 0
        return
    best = np.inf
    for cuts in itertools.combinations(range(1, len(used)), n - 1):
        runs = np.split(np.arange(len(used)), cuts)
        means = [np.rint(np.average(used[run], weights=counts[run])) for run in runs]
        best = min(best, error_of(values, np.array(means)))
    # whole-numbered levels may lose what rounding loses, 1/4 a value at most
    assert error_of(values, table) <= best + len(values) / 4


def test_few_values_are_kept_without_loss() -> None:
    data = digits.load(digits.Config(n_train=100, n_test=100))
    for bits, most in ((6, 0), (4, 1)):  # 17 values, 16 levels
        made = seal(
            Condensed(data.train.x, data.train.y, np.zeros(100, np.int64)),
            About(data.scale, 0, 16, data.classes),
            bits,
        )
        order = np.lexsort((data.train.y, ranks(data.train.y)))
        off = np.abs(made.x.astype(int) - data.train.x[order])
        assert off.max() <= most


def test_colours_beat_levels_at_equal_bits() -> None:
    """A picture of smooth colour: 64 colours err less than 4 levels of each channel."""
    ramp = np.linspace(0, 255, 16)
    x = np.stack(np.meshgrid(ramp, ramp[::-1]), -1)
    x = np.concatenate([x, x.mean(-1, keepdims=True)], -1).astype(np.uint8)
    table = _palette.colours(x.reshape(-1, 3), 64)
    assert table.shape == (64, 3)
    index = _palette.nearest_rows(x.reshape(-1, 3).astype(np.float32), table.astype(np.float32))
    colours = ((table[index].astype(float) - x.reshape(-1, 3)) ** 2).mean()
    levels = _palette.levels(x, 4)
    coarse = levels[_palette.nearest_levels(x, levels)]
    assert colours < ((coarse.astype(float) - x) ** 2).mean() / 4
    assert np.array_equal(_palette.colours(x.reshape(-1, 3), 64), table)
    few = _palette.colours(x.reshape(-1, 3)[:5], 64)
    assert np.array_equal(np.unique(few, axis=0), np.unique(x.reshape(-1, 3)[:5], axis=0))


def test_palette_of_three_channels() -> None:
    assert a_set(6, (4, 4, 3)).table.shape == (64, 3)
    assert a_set(6, (4, 4, 1)).table.shape == (64, 1)
    assert a_set(4, (4, 4, 3)).table.shape == (16, 1)
    colours = store.Config(bits=4, palette="colours")
    assert a_set(4, (4, 4, 3), palette=colours).table.shape == (16, 3)
    assert a_set(4, (4, 4, 3), palette=colours).codes.shape == (12, 16)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("palette", ["auto", "levels", "colours"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 7, 1), (3, 3, 3), (11, 1, 2)], ids=str)
def test_fill_takes_the_room_there_is_and_no_more(
    bits: int, palette: Palette, shape: tuple[int, int, int]
) -> None:
    config = store.Config(bits=bits, palette=palette, fill=True)
    rng = np.random.default_rng(0)
    real = Samples(np.zeros((1, *shape), np.uint8), np.zeros(1, np.int64))
    given_ = Problem(real, 1, lambda _: torch.nn.Identity())
    n, room = store.per_class(3, config, given_), 3 * int(np.prod(shape))
    x = rng.integers(0, 256, (n, *shape), np.uint8)
    made = seal(Condensed(x, np.zeros(n, np.int64), np.zeros(n, np.int64)), ABOUT, bits, palette)
    sample = _container.packed(made.codes, made.bits).shape[1]
    assert n * sample <= room < (n + 1) * sample
    assert store.per_class(3, store.Config(bits=bits, palette=palette), given_) == 3


@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_fill_with_coding_takes_the_room_there_is_and_no_more(bits: int, factor: int) -> None:
    given_ = digits_problem()
    config = store.Config(bits=bits, coding="arithmetic", fill=True, order="none")
    room = store.room_of(4, config, given_)
    assert room == 4 * 10 * 64
    n = store.per_class(4, config, given_, factor)
    x, y = [], []
    for label in range(10):
        own = given_.real.x[given_.real.y == label]
        if factor > 1:
            stored = encode(given_.to_tensor(own[: len(own) // 4 * 4]), factor, "hw")
            own = given_.to_raw(stored)
        x.append(own)
        y += [label] * len(own)
    every = Condensed(np.concatenate(x), np.array(y), np.zeros(len(y), np.int64), [], factor)
    least = int(np.bincount(every.y).min())
    assert 1 <= n <= least
    about = About(given_.scale, 0, 16, tuple("0123456789"))
    kept = store.store(every, given_, about, config, room)
    counts = np.bincount(kept.y)
    most = counts.max()
    assert kept.layout.payload_bytes <= room and most - counts.min() <= 1
    more = store.store(every, given_, about, config)
    if len(kept) < len(every.y):
        assert more.first(len(kept) + 1).layout.payload_bytes > room
        assert more.leading(int(most) + 1).layout.payload_bytes > room
    if n < least:  # what is asked of the method is about what has room
        assert 0.8 * most <= n <= 1.25 * most
    same(kept, more.first(len(kept)))
    assert store.room_of(4, store.Config(bits=bits, coding="arithmetic"), given_) is None


# several samples in one


@pytest.mark.parametrize("axes", ["hw", "w", "h"])
@pytest.mark.parametrize(("shape", "factor"), [((8, 8, 1), 2), ((7, 9, 3), 2), ((10, 11, 1), 3)])
def test_integer_decoding_is_the_rounded_real_one(
    shape: tuple[int, int, int], factor: int, axes: str
) -> None:
    x = np.random.default_rng(1).integers(0, 256, (3, *shape), np.uint8)
    made = decode_raw(x, factor, axes)
    reals = decode(torch.from_numpy(np.moveaxis(x, -1, 1).copy()).double(), factor, axes)
    want = np.moveaxis(reals.numpy(), 1, -1)
    assert made.shape == want.shape and made.dtype == np.uint8
    assert np.abs(made - want).max() <= 0.5 + 1e-9
    assert len(cells(shape[:2], factor, axes)) * 3 == len(made)


def test_numpy_and_torch_give_reals(tmp_path: Path) -> None:
    a_set(6, (6, 8, 3), factor=2, axes="w").save(tmp_path / "a.dew")
    made = iseul.load_condensed(tmp_path / "a.dew")
    x, y = made.samples()
    assert x.shape == (24, 6, 8, 3) and y.tolist()[:4] == [0, 0, 1, 1]
    reals, labels = made.numpy()
    assert reals.dtype == np.float32
    np.testing.assert_allclose(reals, (x.astype(float) - 3) / 255, rtol=1e-6, atol=1e-8)
    tensor, classes = made.torch()
    assert tensor.shape == (24, 3, 6, 8) and classes.tolist() == labels.tolist()
    assert np.array_equal(tensor.numpy(), np.moveaxis(reals, -1, 1))


# order


def test_the_order_follows_the_real_mean() -> None:
    points = np.array([[10.0], [-1.0], [2.0], [30.0]])
    # 2 is nearest to 3; then 2, 10 -> 6 and 2, -1 -> 0.5 and 2, 30 -> 16; -1 + 2 + 10 -> 3.67
    assert _order.towards(points, np.array([3.0])).tolist() == [2, 1, 0, 3]


def digits_problem() -> Problem:
    data = digits.load(digits.Config(n_train=300, n_test=100))

    def build(seed: int) -> torch.nn.Module:
        return seeded(lambda: convnet.build(convnet.TINY, data.shape, 10), seed)

    return Problem(data.train, 10, build, data.scale, raw_max=data.raw_max)


def test_stored_sets_are_ordered_and_complete() -> None:
    given_ = digits_problem()
    index = np.concatenate([np.flatnonzero(given_.real.y == c)[:4] for c in range(10)])
    made = Condensed(given_.real.x[index], given_.real.y[index], np.tile(np.arange(4), 10))
    about = About(given_.scale, 0, 16, tuple("0123456789"))
    kept = store.store(made, given_, about, store.Config())
    again = store.store(made, given_, about, store.Config())
    plain = store.store(made, given_, about, store.Config(order="none"))
    assert kept.about.ordered and not plain.about.ordered
    same(kept, again)
    assert kept.y.tolist() == plain.y.tolist() == list(range(10)) * 4
    assert not np.array_equal(kept.x, plain.x)
    for part in (kept, plain):
        got = sorted((y, row.tobytes()) for y, row in zip(part.y.tolist(), part.x, strict=True))
        assert got == sorted((y, r.tobytes()) for y, r in zip(made.y.tolist(), made.x, strict=True))


# for others


def test_export_as_npz() -> None:
    made = a_set(4, (6, 6, 1), factor=2)
    files = _export.FORMATS["npz"](made, "tiny")
    with np.load(io.BytesIO(files["tiny.npz"]), allow_pickle=False) as found:
        assert np.array_equal(found["x"], made.samples()[0])
        assert np.array_equal(found["y"], made.samples()[1])
        assert float(found["scale"]) == 1 / 255 and int(found["zero_point"]) == 3
        assert found["classes"].tolist() == list(ABOUT.classes)


C_FLAGS = "-std=c99 -Wall -Wextra -Wconversion -Wpedantic -Wshadow -Wvla -Werror -O1 -shared -fPIC"
C_USER = """
#include "set.h"
void read_u8(uint32_t s, uint32_t p, uint8_t *out);
void read_s8(uint32_t s, uint32_t p, int8_t *out);
uint32_t label(uint32_t s);
uint32_t parts(void);
float scale(void);
void read_u8(uint32_t s, uint32_t p, uint8_t *out) { set_read(s, p, out); }
void read_s8(uint32_t s, uint32_t p, int8_t *out) { set_read_s8(s, p, out); }
uint32_t label(uint32_t s) { return set_label(s); }
uint32_t parts(void) { return SET_PARTS; }
float scale(void) { return SET_SCALE * (float)(1 + SET_ZERO_POINT - SET_ZERO_POINT); }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on this machine")
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize(
    ("shape", "counts", "factor", "axes"),
    [
        ((5, 7, 1), (3, 3, 3), 1, "hw"),
        ((9, 6, 3), (1, 2, 1), 2, "hw"),
        ((4, 11, 1), (2, 2), 3, "w"),
    ],
    ids=str,
)
def test_the_c_reads_what_numpy_reads(
    tmp_path: Path,
    bits: int,
    shape: tuple[int, int, int],
    counts: tuple[int, ...],
    factor: int,
    axes: str,
) -> None:
    check_c(tmp_path, a_set(bits, shape, counts, factor, axes))


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler on this machine")
@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize(
    ("shape", "counts", "factor"),
    [((28, 28, 1), (20, 20), 1), ((18, 22, 3), (9, 20), 2), ((300, 1, 2), (12, 12), 1)],
    ids=str,
)
def test_the_c_decodes_what_numpy_decodes(
    tmp_path: Path, bits: int, shape: tuple[int, int, int], counts: tuple[int, ...], factor: int
) -> None:
    made = a_set(bits, shape, counts, factor, coded=True)
    assert made.coding is not None
    check_c(tmp_path, made)


def check_c(tmp_path: Path, made: CondensedSet) -> None:
    """Every sample of a set that is compiled, unsigned and signed, in any order."""
    for name, data in _export.FORMATS["c"](made, "set").items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "user.c").write_text(C_USER)
    done = subprocess.run(
        ["cc", *C_FLAGS.split(), "set.c", "user.c", "-o", "set.so"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    library = ctypes.CDLL(str(tmp_path / "set.so"))
    library.scale.restype = ctypes.c_float
    assert library.scale() == np.float32(1 / 255)
    x, y = made.samples()
    parts = library.parts()
    assert parts * len(made) == len(x)
    assert [library.label(i // parts) for i in range(len(x))] == y.tolist()
    got, signed = np.empty_like(x), np.empty(x.shape, np.int8)
    for i in np.random.default_rng(0).permutation(len(x)).tolist():
        library.read_u8(i // parts, i % parts, got[i].ctypes.data_as(ctypes.c_void_p))
        library.read_s8(i // parts, i % parts, signed[i].ctypes.data_as(ctypes.c_void_p))
    assert np.array_equal(got, x)
    assert np.array_equal(signed, x.astype(int) - 128)


def test_a_bad_name_is_refused() -> None:
    with pytest.raises(UsageError, match="not a name in C"):
        _export.FORMATS["c"](a_set(), "9 lives")
