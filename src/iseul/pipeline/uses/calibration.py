# SPDX-License-Identifier: Apache-2.0
"""As calibration: int8 ranges observed on the condensed set, beside real samples.

The trained network of the recipe is quantized by its [compress.quantize] (ptq by default),
without pruning, once for each calibration set: the condensed one, draws of as many real
samples, and the whole training set. What counts is the test accuracy of the integer graph in
the oracle, which the chip gives to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config as Base
from iseul.core.progress import progress

if TYPE_CHECKING:
    from iseul.data._batch import Samples
    from iseul.graph.ir import Graph
    from iseul.pipeline._context import Context

STAGES = ("condense", "train")


class Config(Base):
    """How much is measured."""

    draws: int = Field(default=5, ge=1, description="draws of as many real samples")
    most: int = Field(
        default=4000, ge=1, description="samples of the whole set that are used, at most"
    )


def run(context: Context, config: Config) -> dict[str, Any]:
    """Accuracies 0-1 of the float graph and of the integer graph by calibration set."""
    from iseul.core import seed as seeds
    from iseul.graph.files import load_graph
    from iseul.pipeline.stages.compress import _float_accuracy
    from iseul.pipeline.uses._compared import check_classes, condensed, equal_draw

    check_classes(context, "calibration")
    graph = load_graph(context.folder("train") / "model.iseul")
    own = condensed(context)
    train = context.splits.train
    rng = seeds.generator(context.recipe.seed, "use", "calibration")
    order = rng.permutation(len(train))[: config.most]
    whole = train.take(np.sort(order))
    with progress("calibration", 2 + config.draws) as advance:
        accuracy = {"condensed": _quantized(context, graph, own)}
        advance()
        draws = []
        for i in range(config.draws):
            seed = context.seed("use", "calibration", i)
            draws.append(_quantized(context, graph, equal_draw(context, "random", len(own), seed)))
            advance()
        accuracy["whole"] = _quantized(context, graph, whole)
        advance()
    return {
        "use": "calibration",
        "n_samples": {"condensed": len(own), "random": len(own), "whole": len(whole)},
        "accuracy_float": _float_accuracy(context, graph),
        "accuracy": accuracy,
        "random": {
            "mean": float(np.mean(draws)),
            "std": float(np.std(draws)),
            "worst": float(np.min(draws)),
            "n": len(draws),
        },
    }


def _quantized(context: Context, graph: Graph, samples: Samples) -> float:
    from iseul.compress.quantize import ptq
    from iseul.data._batch import to_real
    from iseul.pipeline.stages.compress import oracle_outputs, sensor_quantization

    compress = context.recipe.compress
    chosen = compress.quantize if compress is not None else None
    module, config = (chosen.module, chosen.config) if chosen is not None else (ptq, ptq.Config())
    made = module.apply(
        graph,
        to_real(samples.x, context.splits.scale),
        config,
        input_quant=sensor_quantization(context),
    )
    (outputs, *_) = oracle_outputs(context, made.graph)
    predicted = outputs.reshape(len(outputs), -1).argmax(1)
    return float((predicted == context.splits.test.y).mean())


def table(value: dict[str, Any]) -> str:
    """What people read."""
    n, random = value["n_samples"], value["random"]
    return "\n".join(
        [
            f"float                               {100 * value['accuracy_float']:.2f} %",
            f"int8, {n['condensed']:>5} condensed samples       "
            f"{100 * value['accuracy']['condensed']:.2f} %",
            f"int8, {n['random']:>5} random real samples     {100 * random['mean']:.2f} ± "
            f"{100 * random['std']:.2f} %  (worst {100 * random['worst']:.2f}, n {random['n']})",
            f"int8, {n['whole']:>5} real samples            "
            f"{100 * value['accuracy']['whole']:.2f} %",
        ]
    )
