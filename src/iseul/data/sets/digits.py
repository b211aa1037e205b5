# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits, 8 x 8, 1,797 samples, 10 classes: comes with scikit-learn, no files.

Pixels are counts 0..16 of set bits in 4 x 4 blocks of the scanned digit, so real = raw / 16.
The set has no official split: every third sample is test (599), the others train (1,198).
Source:  Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning
         Repository, 1998; the test part, as sklearn.datasets.load_digits hands it out.
Licence: CC BY 4.0 (UCI); scikit-learn is BSD-3-Clause.
"""

from __future__ import annotations

import numpy as np

from iseul.data._batch import Samples, Splits
from iseul.data._limits import Limits

TEST_EVERY = 3


class Config(Limits):
    """Limits for small runs."""


def load(config: Config) -> Splits:
    """The two splits, (8, 8, 1). Raises DataError if a limit asks for more than there is."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x_raw = x.astype(np.uint8).reshape(-1, 8, 8, 1)
    samples = Samples(x_raw, y.astype(np.int64))
    is_test = np.arange(len(samples)) % TEST_EVERY == TEST_EVERY - 1
    splits = Splits(
        train=samples.take(~is_test),
        test=samples.take(is_test),
        classes=tuple(str(digit) for digit in range(10)),
        scale=1 / 16,
        raw_max=16,
        licence="CC BY 4.0",
        source="sklearn.datasets.load_digits",
    )
    return config.of(splits)
