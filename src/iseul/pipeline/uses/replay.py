# SPDX-License-Identifier: Apache-2.0
"""As a replay memory: a network learns classes one group after the other and shall not forget.

Classes come in groups. While a group is learned from its real samples, half of every batch is
drawn from a memory of the classes before it: condensed samples, as many herded or random real
ones (equal bytes), or nothing. The memory is made before, from the whole training set, as a
factory would ship it. What counts is the accuracy over all classes after the last group.
Protocol: Rebuffi et al.: iCaRL, CVPR 2017, with a plain softmax; Zhao, Bilen: DSA, ICML 2021
uses condensed samples so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.progress import progress

if TYPE_CHECKING:
    from iseul.data._batch import Samples
    from iseul.pipeline._context import Context

STAGES = ("condense",)
BATCH = 64


class Config(Base):
    """How classes come, and how long each group is learned."""

    group: int = Field(default=2, ge=1, description="classes that are learned together")
    steps: int = Field(default=150, ge=1, description="steps per group, batch 64")
    seeds: int = Field(default=3, ge=1, description="orders of classes and first weights")


def run(context: Context, config: Config) -> dict[str, Any]:
    """Accuracy 0-1 over all classes after the last group, by memory."""
    from iseul.pipeline.uses._compared import check_classes, condensed, equal_draw

    check_classes(context, "replay")
    own = condensed(context)
    scores: dict[str, list[float]] = {"condensed": [], "herding": [], "random": [], "none": []}
    with progress("replay", config.seeds * len(scores)) as advance:
        for i in range(config.seeds):
            for name, found in scores.items():
                memory: Samples | None = None
                if name == "condensed":
                    memory = own
                elif name != "none":
                    memory = equal_draw(context, name, len(own), context.seed("use", name, i))
                found.append(_last_accuracy(context, memory, config, i))
                advance(1, f"{name} {100 * found[-1]:.1f} %")
    return {
        "use": "replay",
        "n_samples": len(own),
        "n_bytes": int(own.x.nbytes),
        "group": config.group,
        "accuracy": {
            name: {"mean": float(np.mean(found)), "std": float(np.std(found)), "n": len(found)}
            for name, found in scores.items()
        },
    }


def _last_accuracy(context: Context, memory: Samples | None, config: Config, turn: int) -> float:
    from iseul.condense._tasks import problem_of
    from iseul.core import seed as seeds
    from iseul.pipeline.uses._compared import learn

    splits = context.splits
    problem = problem_of(splits, tiny=context.recipe.tiny)
    net = problem.build_model(context.seed("use", "replay", turn))
    rng = seeds.generator(context.recipe.seed, "use", "replay", "order", turn)
    order = rng.permutation(splits.n_classes)
    for start in range(0, len(order), config.group):
        now, before = order[start : start + config.group], order[:start]
        new = splits.train.take(np.isin(splits.train.y, now))
        kept = memory.take(np.isin(memory.y, before)) if memory is not None and start else None
        seed = context.seed("use", "replay", turn, int(start))
        learn(net, problem, new, config.steps, BATCH, seed, kept)
    return problem.task.score(net, splits.test, problem)


def table(value: dict[str, Any]) -> str:
    """What people read."""
    lines = [
        f"memory of {value['n_samples']} samples, {value['n_bytes']:,} bytes; "
        f"classes come {value['group']} at a time"
    ]
    lines += [
        f"{name:10s} {100 * cell['mean']:.2f} ± {100 * cell['std']:.2f} %  (n {cell['n']})"
        for name, cell in value["accuracy"].items()
    ]
    return "\n".join(lines)
