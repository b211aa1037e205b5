# SPDX-License-Identifier: Apache-2.0
"""The keys that data sets without a validation part of their own share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from iseul.core.config import Config
from iseul.data._batch import limit

if TYPE_CHECKING:
    from iseul.data._batch import Splits


class Limits(Config):
    """How much of a data set is used."""

    n_train: int = Field(default=0, ge=0, description="training samples, classes alike; 0 all")
    n_test: int = Field(default=0, ge=0, description="test samples, classes alike; 0 all")
    n_validation: int = Field(
        default=0, ge=0, description="last n training samples replace the test set; 0 none"
    )

    def of(self, splits: Splits) -> Splits:
        """As much of the splits as is asked for. Raises DataError if there is not enough."""
        return limit(splits, self.n_train, self.n_test, self.n_validation)
