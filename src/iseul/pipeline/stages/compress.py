# SPDX-License-Identifier: Apache-2.0
"""Compress: prune channels, fine-tune on the graph, quantize to int8. Graph in, graph out.

Writes float.iseul (pruned and fine-tuned), model.iseul (quantized), outputs.npz (the oracle's
outputs on the whole test set), pruning.json and calibration.json (what the report shows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core import seed
from iseul.core.artifact import write_json

if TYPE_CHECKING:
    from iseul.core.artifact import Draft
    from iseul.data._batch import Samples
    from iseul.graph.ir import Graph
    from iseul.pipeline._context import Context
    from iseul.pipeline.recipe import Compress, Recipe


def wanted(recipe: Recipe) -> bool:
    return recipe.compress is not None


def method(recipe: Recipe) -> str:
    compress = recipe.compress
    assert compress is not None
    steps = [c.method for c in (compress.prune, compress.quantize) if c is not None]
    return " + ".join(steps) or "none"


def needs(recipe: Recipe) -> tuple[str, ...]:
    assert recipe.compress is not None
    condensed = recipe.compress.calibration.samples == "condensed"
    return ("condense", "train") if condensed else ("train",)


def depends(recipe: Recipe) -> Any:
    return {"data": recipe.data.dump(), "compress": recipe.table("compress")}


def run(context: Context, draft: Draft) -> None:
    from iseul.graph.files import load_graph, save_graph

    compress = context.recipe.compress
    assert compress is not None
    graph = load_graph(context.folder("train") / "model.iseul")
    calibration = _calibration(context, compress)
    small = _prune(context, compress, graph, calibration, draft)
    save_graph(small, draft.path / "float.iseul")
    draft.metrics["accuracy_float"] = _float_accuracy(context, small)
    final = _quantize(context, compress, small, calibration, draft)
    save_graph(final, draft.path / "model.iseul")
    outputs = oracle_outputs(context, final)
    np.savez(draft.path / "outputs.npz", *outputs)
    predicted = outputs[0].reshape(len(outputs[0]), -1).argmax(1)
    draft.metrics |= {
        "accuracy": float((predicted == context.splits.test.y).mean()),
        "constant_bytes_float": sum(v.n_bytes for v in small.constants),
        "constant_bytes": sum(v.n_bytes for v in final.constants),
    }


def _calibration(context: Context, compress: Compress) -> Samples:
    from iseul.data._batch import Samples

    samples = context.training_samples(compress.calibration.samples)
    n = min(compress.calibration.n_samples, len(samples.y))
    if compress.calibration.samples == "condensed" or n == len(samples.y):
        return samples
    picked = seed.generator(context.recipe.seed, "calibration").permutation(len(samples.y))[:n]
    return Samples(samples.x[picked], samples.y[picked])


def _prune(
    context: Context, compress: Compress, graph: Graph, calibration: Samples, draft: Draft
) -> Graph:
    from iseul.compress._result import Calibration

    small = graph
    if compress.prune is not None:
        data = Calibration(calibration.x, calibration.y, context.splits.scale)
        result = compress.prune.module.apply(graph, data, compress.prune.config)
        small = result.graph
        write_json(draft.path / "pruning.json", result.table)
        draft.fallbacks += result.notes
    if compress.finetune is not None:
        from iseul.compress.finetune import finetune
        from iseul.pipeline.stages.train import distill_loss

        distill = compress.distill
        small = finetune(
            small,
            context.training_samples("real"),
            context.splits.scale,
            compress.finetune,
            context.seed("finetune"),
            teacher=graph if distill is not None else None,
            distill=distill_loss(distill),
        )
    return small


def _quantize(
    context: Context, compress: Compress, small: Graph, calibration: Samples, draft: Draft
) -> Graph:
    from iseul.data._batch import to_real

    if compress.quantize is None:
        return small
    x = to_real(calibration.x, context.splits.scale)
    result = compress.quantize.module.apply(
        small, x, compress.quantize.config, input_quant=sensor_quantization(context)
    )
    write_json(draft.path / "calibration.json", result.table)
    draft.fallbacks += result.notes
    final: Graph = result.graph
    return final


def sensor_quantization(context: Context) -> Any:
    """How the device's int8 input stands for the sensor's raw bytes: int8 = raw - 128."""
    from iseul.numerics.affine import per_tensor

    return per_tensor(context.splits.scale, -128)


def device_inputs(context: Context, graph: Graph, x_raw: np.ndarray[Any, Any]) -> Any:
    """Raw samples as the model's input takes them: (n, 1, H, W, C), raw - 128 or reals."""
    from iseul.data._batch import to_real

    if graph.values[graph.inputs[0]].is_float:
        return to_real(x_raw, context.splits.scale)[:, None]
    return (x_raw.astype(np.int16) - 128).astype(np.int8)[:, None]


def oracle_outputs(context: Context, graph: Graph) -> list[Any]:
    """The numpy oracle's outputs on the whole test set, with a progress bar."""
    from iseul.core.progress import progress
    from iseul.graph.interpret import interpret_samples

    x = device_inputs(context, graph, context.splits.test.x)
    parts: list[list[Any]] = []
    step = 250
    with progress("oracle on the test set", len(x)) as advance:
        for start in range(0, len(x), step):
            piece = x[start : start + step]
            parts.append(interpret_samples(graph, [piece]).outputs)
            advance(len(piece))
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _float_accuracy(context: Context, graph: Graph) -> float:
    """Accuracy of a float graph on the test set, by the torch judge (fast)."""
    import torch

    from iseul.data._batch import to_real
    from iseul.graph.torch_run import GraphModule

    test = context.splits.test
    net = GraphModule(graph).eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(test.y), 500):
            x = torch.from_numpy(to_real(test.x[start : start + 500], context.splits.scale))
            predicted = net(x)[0].flatten(1).argmax(1).numpy()
            right += int((predicted == test.y[start : start + 500]).sum())
    return right / len(test.y)
