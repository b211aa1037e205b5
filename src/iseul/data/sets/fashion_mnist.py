# SPDX-License-Identifier: Apache-2.0
"""Fashion-MNIST: 70,000 grey 28 x 28 pictures of clothes in 10 classes, 60,000 to train.

Reads the four IDX files of the publisher, plain or gzipped, from the first folder that has
them (see `folders`). Nothing is downloaded unless `download = true`; then each file comes
from the publisher's repository over https and must have the SHA-256 below.
Source:  Xiao, Rasul, Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
         Learning Algorithms, arXiv 1708.07747, 2017; github.com/zalandoresearch/fashion-mnist
Licence: MIT, Copyright 2017 Zalando SE.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field

from iseul.core.errors import DataError
from iseul.core.folders import cache, data
from iseul.data._batch import Samples, Splits
from iseul.data._idx import read_idx
from iseul.data._limits import Limits
from iseul.data.sets._download import fetch

NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
# SHA-256 of the unpacked files: Debian packs the same content anew, so hashes of .gz differ.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
COUNTS = {"train": 60_000, "test": 10_000}
MAX_BYTES = 64_000_000  # the largest file is 47,040,016 bytes unpacked
DEBIAN = Path("usr/share/datasets/fashion-mnist")
REMEDY = "apt-get install dataset-fashion-mnist, or [data] download = true"


class Config(Limits):
    """Limits for small runs, and the permission to download."""

    download: bool = Field(
        default=False, description="may fetch 31 MB from the publisher if no folder has them"
    )


def load(config: Config) -> Splits:
    """The two splits, (28, 28, 1).

    Raises DataError if the files are nowhere, or one of them is not what it must be.
    """
    folder = _find() or _fetch(config.download)
    splits = Splits(
        train=_read(folder, "train", COUNTS["train"]),
        test=_read(folder, "t10k", COUNTS["test"]),
        classes=NAMES,
        scale=1 / 255,
        licence="MIT",
        source=str(folder),
    )
    return config.of(splits)


def folders() -> list[Path]:
    """Where the files may lie, in the order in which we look."""
    return [
        data(),
        data() / "fashion_mnist",
        Path("/") / DEBIAN,
        Path(".data/debian") / DEBIAN,
        cache("fashion_mnist"),
    ]


def _find() -> Path | None:
    return next((f for f in folders() if all(_file(f, name) for name in SHA256)), None)


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)


def _fetch(allowed: bool) -> Path:
    if not allowed:
        looked = ", ".join(str(folder) for folder in folders())
        raise DataError(
            f"fashion_mnist: no folder has all of {', '.join(SHA256)} (.gz or plain); "
            f"looked in {looked}",
            REMEDY,
        )
    for name, digest in SHA256.items():
        if _file(cache("fashion_mnist"), name) is None:
            fetch(f"{URL}/{name}.gz", cache("fashion_mnist") / f"{name}.gz", digest, MAX_BYTES)
    return cache("fashion_mnist")


def _read(folder: Path, part: str, n: int) -> Samples:
    images = _file(folder, f"{part}-images-idx3-ubyte")
    labels = _file(folder, f"{part}-labels-idx1-ubyte")
    assert images is not None and labels is not None, "_find looked for both"
    x = read_idx(images, (n, 28, 28), REMEDY)
    y = read_idx(labels, (n,), REMEDY)
    if y.max() >= len(NAMES):
        raise DataError(f"{labels}: has class {y.max()}; must be 0..{len(NAMES) - 1}", REMEDY)
    return Samples(x[..., np.newaxis], y.astype(np.int64))
