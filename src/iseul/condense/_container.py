# SPDX-License-Identifier: Apache-2.0
"""The bytes of a `.dew` file. Little endian, no pickle, nothing is trusted.

    head     72 bytes, `_HEAD`: kind, shape, counts, normalisation, seed, recipe, two checksums
    upsampler the network that enlarges parts (`_upsampler.py`), only where there is one
    text     UTF-8 lines: method, version of Iseul, task, the class names, then one line
             "column mean deviation n" per column of the evaluation
    counts   samples of each class, uint32, only if classes differ in it
    subsets  subset of each sample, `subset_bits` each
    table    2^bits raw values, or colours of C raw values; not at 8 bits
    model    chances of bits and the bytes of each sample, only of samples in arithmetic coding
    samples  one after the other, each from a whole byte on, codes packed from the low bit up, or
             in arithmetic coding (`_entropy.py`)

Samples lie by rank, then by class: the first sample of every class, then the second, ... A file
that is cut short holds a smaller set. Everything before the samples has one checksum, the samples
another; a part that is read alone is not checked by the second.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from iseul.condense import _entropy
from iseul.condense._decode import cells
from iseul.condense._upsampler import MOST_CHANNELS, check_fit, from_bytes, n_bytes
from iseul.core.errors import DataError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.condense._condensed import CondensedSet

MAGIC, VERSION = b"IDEW", 1
BITS = (1, 2, 4, 6, 8)
_HARD = 0  # kind of label: one class per sample; the only one so far
_RAW, _LEVELS, _COLOURS = 0, 1, 2
_HEAD = struct.Struct("<4s4B4HI4B2Hidq16s2I")
_MOST_TEXT = _MOST_COUNT = (1 << 16) - 1
_MOST_SUBSET = 255
_AXES = ("", "h", "w", "hw")
_BALANCED, _ORDERED = 1, 2  # flags; above them 3 bits: neighbours + 1 of a model, or 0 without one,
_CODED, _WIDTH = 2, 5  # 2 bits: bytes of a sample's length as a power of two, and an upsampler
_UPSAMPLER = 128
_WIDTHS = ("<u1", "<u2", "<u4")


@dataclass(frozen=True)
class Layout:
    """Bytes of a file. payload: what samples, subsets, counts, table and upsampler need; header:
    the rest."""

    header_bytes: int
    payload_bytes: int

    @property
    def n_bytes(self) -> int:
        return self.header_bytes + self.payload_bytes


def pack(made: CondensedSet) -> bytes:
    """The file of a set. Raises ShapeError or DataError for what the format can not hold."""
    about = made.about
    sizes = (*made.shape, len(about.classes))
    if max(sizes) > _MOST_COUNT or made.subset.max(initial=0) > _MOST_SUBSET:
        raise ShapeError(
            f"condensed set: {made.shape} in {len(about.classes)} classes; the format holds sides "
            f"and classes up to {_MOST_COUNT:,} and subsets 0 to {_MOST_SUBSET}"
        )
    text = _text(made)
    subset_bits = int(made.subset.max(initial=0)).bit_length()
    counts = np.bincount(made.y, minlength=len(about.classes))
    balanced = bool((counts == counts[0]).all())
    tables = [
        b"" if balanced else counts.astype("<u4").tobytes(),
        packed(made.subset[None], subset_bits).tobytes(),
        made.table.tobytes(),
    ]
    coding, flags = made.coding, _BALANCED * balanced + _ORDERED * about.ordered
    if coding is None:
        samples = packed(made.codes, made.bits).tobytes()
    else:
        samples = coding.data
        flags += (coding.model.neighbours + 1 << _CODED) + (coding.width << _WIDTH)
        tables.append(coding.head)
    network = b"" if made.upsampler is None else made.upsampler.to_bytes()
    flags += _UPSAMPLER if network else 0
    palette = _RAW if made.bits == 8 else _LEVELS if made.table.shape[1] == 1 else _COLOURS
    fields = (
        *(MAGIC, VERSION, made.bits, palette, _HARD),
        *(*made.shape, len(about.classes), len(made.y)),
        *(made.factor, _AXES.index(about.axes), subset_bits, flags),
        *(len(text), about.raw_max, about.zero_point, about.scale),
        *(about.seed % (1 << 63), bytes.fromhex(about.recipe)[:16]),
    )
    behind = network + text + b"".join(tables)
    head = _HEAD.pack(*fields, 0, zlib.crc32(samples))
    check = zlib.crc32(head + behind)
    return _HEAD.pack(*fields, check, zlib.crc32(samples)) + behind + samples


@dataclass(frozen=True)
class Coding:
    """Samples in arithmetic coding.

    sizes: the bytes of each as one array of little-endian integers, as small as they can be
    """

    model: _entropy.Model
    lengths: NDArray[np.int64]
    width: int  # bytes of a length as a power of two
    data: bytes

    @property
    def sizes(self) -> bytes:
        return self.lengths.astype(_WIDTHS[self.width]).tobytes()

    @property
    def head(self) -> bytes:
        """What a reader must have before the samples."""
        return self.model.chances.tobytes() + self.sizes


def codable(values: int, bits: int) -> bool:
    """Whether arithmetic coding takes samples of so many codes; larger ones would take long."""
    return values * bits <= _entropy.MOST_DECISIONS


def coded(made: CondensedSet) -> Coding:
    """A set's samples in arithmetic coding, whether or not that is smaller."""
    codes = made.codes.reshape(-1, *made.planes)
    model = _entropy.fit(codes, made.bits)
    each = _entropy.encode(codes, made.bits, model)
    lengths = np.array([len(own) for own in each], np.int64)
    width = next(i for i, kind in enumerate(_WIDTHS) if lengths.max() <= np.iinfo(kind).max)
    return Coding(model, lengths, width, b"".join(each))


def layout_of(made: CondensedSet) -> Layout:
    """The sizes without making the file."""
    header = _HEAD.size + len(_text(made))
    return Layout(header, len(pack(made)) - header)


def _text(made: CondensedSet) -> bytes:
    about = made.about
    lines = [about.method, about.version, about.task, *about.classes]
    lines += [f"{name} {mean:.5g} {std:.3g} {n}" for name, (mean, std, n) in about.accuracy.items()]
    text = "\n".join(" ".join(line.split()) for line in lines).encode()
    if len(text) > _MOST_TEXT:
        raise DataError(f"condensed set: names of {len(about.classes)} classes are too long")
    return text


def packed(codes: NDArray[np.integer], bits: int) -> NDArray[np.uint8]:
    """(n, values) codes below 2^bits to (n, bytes): each row from a whole byte on, low bits first.

    bits: 0 to 8
    """
    if bits == 8:
        return codes.astype(np.uint8)
    ones = (codes.astype(np.uint8)[:, :, None] >> np.arange(bits, dtype=np.uint8)) & 1
    return np.packbits(ones.reshape(len(codes), -1), axis=1, bitorder="little")


def unpacked(rows: NDArray[np.uint8], values: int, bits: int) -> NDArray[np.uint8]:
    """(n, bytes) to (n, values) codes: the inverse of `packed`."""
    if bits == 8:
        return rows
    out = np.zeros((len(rows), values), np.uint8)
    if bits == 0:
        return out
    shared = math.gcd(8, bits)
    period, step = 8 // shared, bits // shared  # codes and bytes from whole byte to whole byte
    for i in range(period):
        own = out[:, i::period]
        first, shift = divmod(i * bits, 8)
        code = rows[:, first::step][:, : own.shape[1]] >> shift
        if shift + bits > 8:
            code |= rows[:, first + 1 :: step][:, : own.shape[1]] << (8 - shift)
        own[...] = code & ((1 << bits) - 1)
    return out


def labels(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Classes in the order of a file: by rank, then by class."""
    y = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    return y[np.lexsort((y, rank))].astype(np.int64)


def row_bytes(values: int, bits: int) -> int:
    """Bytes of a row of codes as `packed` lays them."""
    return -(-values * bits // 8)


def unpack(file: BinaryIO, per_class: int | None = None) -> CondensedSet:
    """The set in a file, or the first samples of each class; no other bytes are read.

    Raises DataError for a file that is not what it must be.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size or head[:4] != MAGIC:
        raise DataError("is not a condensed set: it does not begin as one", "iseul condense")
    fields = _HEAD.unpack(head)
    version, bits, palette, label = fields[1:5]
    shape, n_classes, n = fields[5:8], fields[8], fields[9]
    factor, axes, subset_bits, flags = fields[10:14]
    text_bytes, raw_max, zero_point, scale, seed, recipe, check, sum_samples = fields[14:]
    if version != VERSION:
        raise DataError(f"version {version} of the format, this Iseul reads {VERSION}")
    _expect("bits", bits, BITS)
    _expect("palette", palette, (_RAW,) if bits == 8 else (_LEVELS, _COLOURS))
    _expect("label kind", label, (_HARD,))
    _expect("axes", axes, range(len(_AXES)))
    _expect("subset bits", subset_bits, range(9))
    coding, width = flags >> _CODED & 7, flags >> _WIDTH & 3
    if width >= len(_WIDTHS) or (width and not coding):
        raise DataError(f"flags is {flags}: there is no such coding")
    _expect("factor", factor, range(1, 256))
    _expect("raw maximum", raw_max, range(1, 256))
    if not min(shape) or not n or not n_classes:
        raise DataError(f"{n} samples of {shape} in {n_classes} classes: none may be 0")
    if not (math.isfinite(scale) and scale > 0):
        raise DataError(f"scale is {scale}, must be a positive number")
    _check_formation(shape, factor, _AXES[axes], bool(flags & _UPSAMPLER))

    channels = shape[2] if palette == _COLOURS else 1
    planes = (shape[0], shape[1], shape[2] // channels)
    values = math.prod(planes)
    n_out = shape[2] * factor ** len(_AXES[axes])
    lengths = [
        _network_bytes(file, shape[2], n_out) if flags & _UPSAMPLER else 0,
        text_bytes,
        0 if flags & 1 else 4 * n_classes,
        row_bytes(n, subset_bits),
        0 if bits == 8 else channels << bits,
        _n_chances(planes, bits, coding - 1) if coding else 0,
        n << width if coding else 0,
    ]
    if _HEAD.size + sum(lengths) > size:
        raise DataError(f"has {size:,} bytes, its head alone needs {_HEAD.size + sum(lengths):,}")
    behind = file.read(sum(lengths))
    if zlib.crc32(head[:-8] + bytes(4) + head[-4:] + behind) != check:
        raise DataError("its head is damaged: the checksum differs")
    network, text, raw_counts, raw_subsets, raw_table, raw_chances, raw_sizes = _split(
        behind, lengths
    )
    about = _about(text, n_classes)
    counts = _counts(raw_counts, n, n_classes)
    y = labels(counts)
    keep = n if per_class is None else int(np.minimum(counts, max(0, per_class)).sum())
    row = row_bytes(values, bits)
    sizes = np.frombuffer(raw_sizes, _WIDTHS[width]).astype(np.int64)[:keep]
    needed = int(sizes.sum()) if coding else keep * row
    left = size - _HEAD.size - sum(lengths)
    if left < needed or (per_class is None and left > needed):
        raise DataError(f"has {left:,} bytes of samples, must have {needed:,}")
    raw = file.read(needed)
    if per_class is None and zlib.crc32(raw) != sum_samples:
        raise DataError("its samples are damaged: the checksum differs")
    subset = unpacked(np.frombuffer(raw_subsets, np.uint8)[None], n, subset_bits)[0]
    table = np.frombuffer(raw_table, np.uint8).reshape(-1, channels)
    if coding:
        codes = _decoded(raw, sizes, planes, bits, coding - 1, raw_chances)
    else:
        codes = unpacked(np.frombuffer(raw, np.uint8).reshape(keep, row), values, bits)
    largest = int((table if bits < 8 else codes).max(initial=0))
    if largest > raw_max:
        raise DataError(f"a raw value is {largest}, its largest must be {raw_max}")

    from iseul.condense._condensed import About, CondensedSet

    return CondensedSet(
        About(
            scale,
            zero_point,
            raw_max,
            axes=_AXES[axes],
            recipe=recipe.hex(),
            seed=seed,
            ordered=bool(flags & 2),
            **about,
        ),
        shape,
        bits,
        factor,
        y[:keep],
        subset[:keep].astype(np.int64),
        codes,
        table,
        coded=bool(coding),
        upsampler=from_bytes(network, shape[2], n_out, raw_max) if network else None,
    )


def _network_bytes(file: BinaryIO, n_values: int, n_out: int) -> int:
    """Bytes of an upsampler that begins here, by its own claim; the file stays where it is."""
    channels = int.from_bytes(file.read(1))
    file.seek(_HEAD.size)
    _expect("channels of the upsampler", channels, range(1, MOST_CHANNELS + 1))
    return n_bytes(channels, n_values, n_out)


def _n_chances(planes: tuple[int, int, int], bits: int, neighbours: int) -> int:
    """Bytes of a model's table, of a file's own claim."""
    n = _entropy.n_chances(bits, neighbours)
    if neighbours > len(_entropy.neighbours_of(planes)) or n > _entropy.MOST_CHANCES:
        raise DataError(f"a model of {neighbours} neighbours does not fit {planes} at {bits} bits")
    return n


def _decoded(
    raw: bytes,
    sizes: NDArray[np.int64],
    planes: tuple[int, int, int],
    bits: int,
    neighbours: int,
    raw_chances: bytes,
) -> NDArray[np.uint8]:
    """(n, values) codes of samples in arithmetic coding, all claims of the file checked."""
    values = math.prod(planes)
    if not codable(values, bits) or len(sizes) * values > _entropy.MOST_CODES:
        raise DataError(f"{len(sizes):,} samples of {values:,} codes are too much to decode")
    if not _entropy.can_hold(sizes, values * bits):
        raise DataError(f"a sample of {sizes.min():,} bytes can not hold {values:,} codes")
    chances = np.frombuffer(raw_chances, np.uint8).reshape(-1, (1 << bits) - 1)
    if not chances.min():
        raise DataError("a chance of its model is 0, must be 1 to 255")
    model = _entropy.Model(neighbours, chances)
    found = _entropy.decode(np.frombuffer(raw, np.uint8), sizes, planes, bits, model)
    return found.reshape(-1, values)


def _expect(name: str, got: int, allowed: Sequence[int]) -> None:
    if got not in allowed:
        known = (
            f"{allowed[0]} to {allowed[-1]}"
            if isinstance(allowed, range)
            else " or ".join(str(each) for each in allowed)
        )
        raise DataError(f"{name} is {got}, must be {known}")


def _check_formation(shape: tuple[int, int, int], factor: int, axes: str, upsampled: bool) -> None:
    if factor > 1 or upsampled:
        try:
            cells(shape[:2], factor, axes)
            if upsampled:
                check_fit(shape, factor, axes)
        except ShapeError as error:
            raise DataError(error.problem) from None


def _split(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    ends = np.cumsum(lengths).tolist()
    return [data[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _counts(raw: bytes, n: int, n_classes: int) -> NDArray[np.int64]:
    if not raw:
        if n % n_classes:
            raise DataError(f"{n} samples can not be alike in {n_classes} classes")
        return np.full(n_classes, n // n_classes, np.int64)
    counts = np.frombuffer(raw, "<u4").astype(np.int64)
    if counts.sum() != n:
        raise DataError(f"classes have {counts.sum():,} samples together, the set has {n:,}")
    return counts


def _about(text: bytes, n_classes: int) -> dict[str, Any]:
    """What the text lines say, as fields of About."""
    try:
        lines = text.decode().split("\n")
        names, rows = lines[3 : 3 + n_classes], lines[3 + n_classes :]
        if len(names) < n_classes:
            raise DataError(f"names {len(names)} of {n_classes} classes")
        cells_ = [row.rsplit(" ", 3) for row in rows]
        accuracy = {name: (float(mean), float(std), int(k)) for name, mean, std, k in cells_}
    except ValueError as error:  # a UnicodeDecodeError is one too
        raise DataError(f"its text can not be read: {error}") from None
    return {
        "method": lines[0],
        "version": lines[1],
        "task": lines[2],
        "classes": tuple(names),
        "accuracy": accuracy,
    }
