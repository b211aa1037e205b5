# SPDX-License-Identifier: Apache-2.0
"""What a stage receives: the recipe, the run folder, the data set (loaded once)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from iseul.core import seed
from iseul.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from iseul.data._batch import Samples, Splits
    from iseul.pipeline.recipe import Recipe


@dataclass(frozen=True)
class Context:
    """One run. Stages read `folder(<earlier stage>)` and never write there.

    anew: stages that shall use nothing of what an earlier run left of them
    """

    recipe: Recipe
    run_dir: Path
    anew: frozenset[str] = frozenset()

    def folder(self, stage: str) -> Path:
        """The finished artefact of an earlier stage."""
        return self.run_dir / stage

    def work(self, stage: str) -> Path:
        """Where a long stage keeps what it can go on from; gone when the stage is whole."""
        return self.run_dir / f"{stage}.work"

    def seed(self, *path: str | int) -> int:
        """A seed for one use, derived from the recipe's."""
        return seed.derive(self.recipe.seed, *path)

    @cached_property
    def splits(self) -> Splits:
        """The data set of the recipe."""
        splits: Splits = self.recipe.data.module.load(self.recipe.data.config)
        return splits

    def training_samples(self, kind: str) -> Samples:
        """The "real" training set, or the "condensed" one of this run."""
        if kind == "real":
            return self.splits.train
        from iseul.condense._condensed import load_condensed
        from iseul.data._batch import Samples

        if self.recipe.condense is None:
            raise UsageError(
                'samples = "condensed", but the recipe has no [condense]',
                'add [condense] method = "subset_match", or samples = "real"',
            )
        x, y = load_condensed(self.folder("condense") / "condensed.dew").samples()
        return Samples(x, y)
