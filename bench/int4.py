# SPDX-License-Identifier: Apache-2.0
"""Models with int4 weights beside the same models with int8 weights, on an emulated chip.

    python bench/int4.py MODEL.tflite .. [--board nucleo-l4r5zi] [--goal speed] [--inputs 200]
        [--json FILE]

The weights of all convolutions, depthwise convolutions and fully connected layers are quantized
anew to -7 .. 7, per channel where they were, and biases to their new scale. Three packages are
counted: the file as it is (int8), the coarser integers kept in int8 (the same integers and so the
same bytes out: what the kernels alone change), and in int4. Each is verified on `--inputs` inputs
by all judges before it is counted; without that there is no row. Exit code 1 if int4 needs more
than 5 % more instructions than its twin in int8, or gives other bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.bench import corpus
from iseul.compile import compile_graph, proven_passes
from iseul.compress._weights import CHANNEL_AXIS
from iseul.core.errors import VerifyError
from iseul.device.measure import profile_package
from iseul.device.verify import verify_package
from iseul.graph.files import load_graph
from iseul.graph.ir import constant, rebuild
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import Quantization
from iseul.targets import load_target

if TYPE_CHECKING:
    from iseul.graph.ir import DType, Graph, Io, Value

LARGEST = 7  # -7 .. 7, so that w and -w are both there
ALLOWED = 1.05  # times the twin's instructions


def narrowed(graph: Graph, dtype: DType) -> Graph:
    """The graph with weights of -7 .. 7, kept in int4 or int8, and biases to match."""
    made: list[Value] = []
    nodes = []
    for node in graph.nodes:
        io = graph.io(node)
        weights = io.inputs[1] if len(io.inputs) > 1 else None
        is_known = node.op in CHANNEL_AXIS and node.op != "transpose_conv"
        if not is_known or weights is None or weights.data is None or weights.dtype != "int8":
            nodes.append(node)
            continue
        coarse = _coarser(weights, CHANNEL_AXIS[node.op], node.name, dtype)
        like = replace(io, inputs=(io.inputs[0], coarse))
        biases = [_rescaled(io, like, f"{node.name}/bias4")] if len(io.inputs) > 2 else []
        made += [coarse, *biases]
        names = (node.inputs[0], *(value.name for value in (coarse, *biases)))
        nodes.append(replace(node, inputs=names))
    return rebuild(graph, nodes, made)


def _coarser(weights: Value, axis: int, name: str, dtype: DType) -> Value:
    quant = quantized.quant_of(weights)
    assert weights.data is not None
    reals = weights.data * quant.scales(weights.data.ndim).astype(np.float64)
    others = tuple(i for i in range(reals.ndim) if i != axis)
    largest = np.abs(reals).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / LARGEST, max(quant.scale))
    data = np.rint(reals / scale).astype(np.int8)
    new = Quantization(tuple(scale.reshape(-1).tolist()), (0,) * scale.size, axis)
    return constant(f"{name}/weights4", data, dtype, new)


def _rescaled(old: Io, new: Io, name: str) -> Value:
    bias = old.inputs[2]
    assert bias.data is not None
    steps = [np.array(quantized.bias_quantization(io).scale) for io in (old, new)]
    data = np.rint(bias.data * (steps[0] / steps[1])).astype(np.int32)
    quant = quantized.bias_quantization(new) if bias.quant is not None else None
    return constant(name, data, "int32", quant)


def counted(graph: Graph, args: argparse.Namespace, inputs: list[Any]) -> dict[str, Any]:
    """What a graph needs, after all judges agree on the inputs. Raises VerifyError."""
    board = load_target(args.board)
    passed, shown = proven_passes(graph, board, ())
    package = compile_graph(passed, board, goal=args.goal, shown=shown)
    verdict = verify_package(package, inputs, trace_limit=1, origin=graph)
    if not verdict["equal"]:
        raise VerifyError(f"{graph.name}: {verdict['first_difference']}")
    profile = profile_package(package, [x[:1] for x in inputs])
    return {
        "instructions": profile["instructions"],
        "cycles_model": profile["cycles_model"],
        "constant_bytes": profile["flash"]["constant_bytes"],
        "code_bytes": profile["flash"]["code_bytes"],
        "arena_bytes": profile["ram"]["arena_bytes"],
        "outputs_sha256": verdict["outputs_sha256"],
        "n_inputs": verdict["n_inputs"],
        "kernels": [[n["kernel"], n["instructions"]] for n in profile["nodes"]],
    }


def row(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """One model: {"int8": .., "coarse_int8": .., "int4": .., "ratio": ..}."""
    graph = load_graph(path)
    data = corpus.data_folder()
    entry = next((e for e in corpus.entries(data) if e.path.name == path.name), None)
    if entry is None:
        raise SystemExit(f"{path.name} is no model of the corpus")
    inputs, words = corpus.stimuli(entry, graph, data, args.inputs)
    found: dict[str, Any] = {"model": path.name, "inputs": words}
    twins = {"int8": graph, "coarse_int8": narrowed(graph, "int8"), "int4": narrowed(graph, "int4")}
    for name, one in twins.items():
        found[name] = counted(one, args, inputs)
        told = {key: v for key, v in found[name].items() if isinstance(v, int)}
        print(f"{path.stem:28} {name:12}", *(f"{key} {v:,}" for key, v in told.items()))
    found["ratio"] = {
        key: round(found["int4"][key] / found["int8"][key], 4)
        for key in ("instructions", "cycles_model", "constant_bytes", "arena_bytes")
    }
    print(f"{path.stem:28} int4 / int8", found["ratio"], flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--board", default="nucleo-l4r5zi")
    parser.add_argument("--goal", default="speed", choices=("speed", "ram", "flash"))
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = [row(path, args) for path in args.models]
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    is_wrong = any(
        r["int4"]["outputs_sha256"] != r["coarse_int8"]["outputs_sha256"]
        or r["ratio"]["instructions"] > ALLOWED
        for r in rows
    )
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
