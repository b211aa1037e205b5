# SPDX-License-Identifier: Apache-2.0
"""As a proxy: does training on the condensed set rank architectures as the whole set does?

Architectures of several families and sizes are trained on the condensed set, on as many random
real samples, on herded ones, and on the whole training set, each by its own number of steps.
Spearman's and Kendall's rank correlations with the whole set's test accuracies say whether a
search on the small set would choose well; `regret` says what its choice loses.
Papers: Zhao, Mopuri, Bilen, ICLR 2021 (the experiment); Cui et al.: DC-BENCH, NeurIPS 2022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.progress import progress

if TYPE_CHECKING:
    from torch import nn

    from iseul.core.config import Config as AnyConfig
    from iseul.data._batch import Samples
    from iseul.pipeline._context import Context

STAGES = ("condense",)
BATCH = 50
WHOLE_BATCH = 64


class Config(Base):
    """How long each architecture is trained."""

    steps: int = Field(default=300, ge=1, description="steps on a small set, batch 50")
    whole_steps: int = Field(default=600, ge=1, description="steps on the whole set, batch 64")
    nets: int = Field(default=1, ge=1, description="networks per architecture and set")


def architectures() -> list[tuple[str, AnyConfig]]:
    """(family, config) of 16 networks: four sizes each of four shapes."""
    from iseul.models import convnet, ds_cnn, resnet

    made: list[tuple[str, AnyConfig]] = []
    for width in (4, 8, 16, 32):
        made.append(("convnet", convnet.Config(width=width, depth=1)))
        made.append(("convnet", convnet.Config(width=width, depth=2)))
    for scale in (0.25, 0.5, 1.0, 2.0):
        made.append(("ds_cnn", ds_cnn.Config(width=scale, channels=(32, 64), strides=(2, 2))))
        made.append(("resnet", resnet.Config(width=scale / 2, stages=2)))
    return made


def run(context: Context, config: Config) -> dict[str, Any]:
    """Accuracies 0-1 per architecture and set, and correlations with the whole set's."""
    from scipy.stats import kendalltau, spearmanr

    from iseul.pipeline.uses._compared import check_classes, condensed, equal_draw

    check_classes(context, "proxy")
    own = condensed(context)
    sets = {"condensed": own, "whole": context.splits.train}
    for method in ("random", "herding"):
        sets[method] = equal_draw(context, method, len(own), context.seed("use", "proxy", method))
    some = architectures()
    scores: dict[str, list[float]] = {name: [] for name in sets}
    with progress("proxy", len(some) * len(sets) * config.nets) as advance:
        for i, (family, settings) in enumerate(some):
            for name, samples in sets.items():
                each = []
                for j in range(config.nets):
                    each.append(
                        _accuracy(context, family, settings, samples, name, config, i * 1000 + j)
                    )
                    advance(1, f"{family} {name} {100 * each[-1]:.1f} %")
                scores[name].append(float(np.mean(each)))
    whole = np.array(scores["whole"])
    return {
        "use": "proxy",
        "n_samples": {name: len(samples) for name, samples in sets.items()},
        "architectures": [
            {"family": family, **settings.model_dump(mode="json")} for family, settings in some
        ],
        "accuracy": scores,
        "correlation": {
            name: {
                "spearman": float(spearmanr(whole, found).statistic),
                "kendall": float(kendalltau(whole, found).statistic),
                "regret": float(whole.max() - whole[int(np.argmax(found))]),
            }
            for name, found in scores.items()
            if name != "whole"
        },
    }


def _accuracy(
    context: Context,
    family: str,
    settings: AnyConfig,
    samples: Samples,
    name: str,
    config: Config,
    place: int,
) -> float:
    from iseul.condense._tasks import problem_of
    from iseul.core import registry
    from iseul.models._seed import seeded
    from iseul.pipeline.recipe import MODELS
    from iseul.pipeline.uses._compared import learn

    splits = context.splits
    problem = problem_of(splits)
    build = registry.load(MODELS, family).build

    def fresh() -> nn.Module:
        net: nn.Module = build(settings, splits.shape, splits.n_classes)
        return net

    # the same first weights for every set, so that sets differ in what they teach alone
    net = seeded(fresh, context.seed("use", "proxy", "init", place))
    is_whole = name == "whole"
    n_steps = config.whole_steps if is_whole else config.steps
    batch = WHOLE_BATCH if is_whole else min(BATCH, len(samples))
    learn(net, problem, samples, n_steps, batch, context.seed("use", "proxy", "steps", place))
    return problem.task.score(net, splits.test, problem)


def table(value: dict[str, Any]) -> str:
    """What people read."""
    lines = [f"{len(value['architectures'])} architectures, ranks beside the whole set's"]
    lines += [
        f"{name:10s} {value['n_samples'][name]:>6} samples   Spearman {cell['spearman']:+.3f}   "
        f"Kendall {cell['kendall']:+.3f}   regret {100 * cell['regret']:.2f} points"
        for name, cell in value["correlation"].items()
    ]
    return "\n".join(lines)
