# SPDX-License-Identifier: Apache-2.0
"""torch.export programs (`.pt2`) and torch modules -> float graphs in NHWC, batch 1.

Each aten op becomes a graph op (`_aten.py`), axes are turned once (`_layout.py`), then the
passes fold what belongs together: convolution + batch norm + ReLU is one conv2d. All ops that
have no counterpart are reported together. Archives that could run code are refused
(`_pt2_archive.py`).
"""

from __future__ import annotations

import copy
import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core import registry
from iseul.core.errors import Blocker, ShapeError, UnsupportedError, VerifyError
from iseul.core.seed import generator
from iseul.graph.build import OPS, Builder
from iseul.graph.interpret import interpret
from iseul.graph.ir import Node, fresh_name, rebuild, remove_dead_nodes
from iseul.graph.passes._order import run_passes
from iseul.graph.read import _layout as layout
from iseul.graph.read._aten import HANDLERS, INSTEAD, Blocked, Translator
from iseul.graph.read._layout import Tensor
from iseul.graph.read._pt2_archive import load_program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

    from iseul.graph.ir import Graph

SUFFIXES = (".pt2",)

# Float rounding of two summation orders over a few dozen layers stays well below this share
# of the largest output; a wrong op, axis or weight is far above
_AGREES = 1e-3


def read(path: Path) -> Graph:
    """The float graph of an exported program.

    Raises DataError for a file that is no safe `.pt2`, UnsupportedError with all blockers.
    """
    return _translate(load_program(path), path.stem)


def export_module(
    module: nn.Module, input_shape: Sequence[int], name: str, softmax: bool = False
) -> Graph:
    """The float graph of a module in evaluation mode; the module stays as it is.

    input_shape: torch's shape without the batch axis, such as (C, H, W)
    softmax:     put a softmax behind the only output, so that the graph gives probabilities

    Raises UnsupportedError with all blockers, VerifyError if the graph does not compute what
    the module does (checked on one random input).
    """
    import torch

    model = copy.deepcopy(module).eval().cpu()
    x = torch.from_numpy(generator(0, "export", name).random((1, *input_shape), dtype=np.float32))
    with torch.no_grad():
        try:
            program = torch.export.export(model, (x,))
        except Exception as error:  # whatever the module's own code raises while it is traced
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UnsupportedError(
                f'"{name}" can not be exported with an input of {list(x.shape)}: {first}',
                "check input_shape; branches in forward must not depend on values",
            ) from None
        expected = model(x)
    graph = _translate(program, name)
    _check_agrees(graph, x.numpy(), expected if isinstance(expected, tuple) else (expected,))
    return _with_softmax(graph) if softmax else graph


def _check_agrees(graph: Graph, x: np.ndarray, expected: Sequence[Any]) -> None:
    outputs = interpret(graph, [layout.to_graph(x)]).outputs
    for got, tensor in zip(outputs, expected, strict=True):
        want = layout.to_graph(tensor.numpy())
        error = float(np.abs(got - want).max(initial=0.0))
        if not error <= _AGREES * max(1.0, float(np.abs(want).max(initial=0.0))):
            raise VerifyError(
                f'graph "{graph.name}": differs from the torch module by {error:g} on a random '
                "input",
                "report the model: the reader translated an op wrongly",
            )


def _with_softmax(graph: Graph) -> Graph:
    if len(graph.outputs) != 1:
        raise ShapeError(f'graph "{graph.name}" has {len(graph.outputs)} outputs, must have 1')
    logits = graph.values[graph.outputs[0]]
    name = fresh_name(graph.values, "softmax")
    node = Node(name, "softmax", (logits.name,), (name,), registry.load(OPS, "softmax").Attrs())
    made = replace(logits, name=name)
    return rebuild(graph, (*graph.nodes, node), [made], outputs=(name,))


# --- the program, node by node


def _translate(program: Any, name: str) -> Graph:
    builder = Builder(name)
    translator = Translator(builder)
    known = _placeholders(program, translator)
    blockers: list[Blocker] = []
    for node in program.graph.nodes:
        if node.op == "call_function":
            known[node.name] = _call(translator, node, known, blockers)
        elif node.op == "get_attr":
            known[node.name] = _float_array(getattr(program.graph_module, node.target))
    if blockers:
        lines = [f"{blocker}\n  try: {blocker.remedy}" for blocker in blockers]
        raise UnsupportedError("\n".join(lines), blockers=blockers)
    graph = builder.graph(_outputs(program, known))
    return run_passes(remove_dead_nodes(graph), None)


def _placeholders(program: Any, t: Translator) -> dict[str, Any]:
    """Inputs of the user become graph inputs; parameters and buffers become arrays."""
    import torch

    signature = program.graph_signature
    stored = {**program.constants, **program.state_dict}
    target = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    known: dict[str, Any] = {}
    for node in program.graph.nodes:
        if node.op != "placeholder":
            continue
        if node.name in target:
            array = _float_array(stored[target[node.name]])
            known[node.name] = array
            t.remember(array, target[node.name])
            continue
        value = node.meta["val"]
        shape = _shape(value)
        if not isinstance(value, torch.Tensor) or value.dtype != torch.float32 or shape[:1] != (1,):
            raise UnsupportedError(
                f'input "{node.name}" is {value.dtype}{list(shape)}, must be float32 with batch 1',
                "torch.export.export(model, (torch.zeros(1, C, H, W),))",
            )
        known[node.name] = Tensor(t.builder.input(node.name, layout.graph_shape(shape)), shape)
    return known


def _float_array(tensor: Any) -> np.ndarray:
    array = tensor.detach().cpu().numpy()
    return array.astype(np.float32, copy=True) if array.dtype.kind == "f" else array


def _shape(value: Any) -> tuple[int, ...]:
    if not all(isinstance(size, int) for size in value.shape):
        raise UnsupportedError(
            f"a value has the shape {tuple(value.shape)}, every size must be a number",
            "export without dynamic_shapes",
        )
    return tuple(value.shape)


def _call(t: Translator, node: Any, known: dict[str, Any], blockers: list[Blocker]) -> Any:
    """Translate one call; a blocked one adds a line and gives a stand-in, to find them all."""
    if node.target is operator.getitem:
        return known[node.args[0].name][node.args[1]]
    value = node.meta.get("val")
    first = value[0] if isinstance(value, tuple | list) else value
    t.out_shape = _shape(first) if hasattr(first, "shape") else ()
    op = _op_name(node)
    name = _node_name(node, op)
    try:
        handler = HANDLERS.get(op)
        if handler is None:
            raise Blocked("has no counterpart in the graph", INSTEAD.get(op, "replace the layer"))
        return handler(t, _arguments(node, known), name)
    except (Blocked, ShapeError) as error:
        reason = error.reason if isinstance(error, Blocked) else error.problem
        blockers.append(Blocker(str(node.target), name, reason, error.remedy))
        stand_in = fresh_name(t.builder.values, f"{name}.blocked")
        made = Tensor(t.builder.input(stand_in, layout.graph_shape(t.out_shape)), t.out_shape)
        return (made, made, made) if isinstance(value, tuple | list) else made


def _op_name(node: Any) -> str:
    """`conv2d` of aten::conv2d, and of its in-place twin `relu_`."""
    schema = getattr(node.target, "_schema", None)
    name = schema.name.partition("::")[2] if schema is not None else str(node.target)
    return name if name in HANDLERS or not name.endswith("_") else name[:-1]


def _arguments(node: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The call's arguments by their names in the op's schema, defaults filled in."""
    found: dict[str, Any] = {}
    for i, argument in enumerate(node.target._schema.arguments):
        if i < len(node.args):
            value = node.args[i]
        elif argument.name in node.kwargs:
            value = node.kwargs[argument.name]
        else:
            value = argument.default_value if argument.has_default_value() else None
        found[argument.name] = known[value.name] if hasattr(value, "op") else value
    return found


def _node_name(node: Any, op: str) -> str:
    """`block1.conv1` from the module that the call stands in; plain calls get the op's name."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path, kind = (stack[-1][0], str(stack[-1][1])) if stack else ("", "")
    if path and kind.startswith("torch.nn.modules.") and not kind.endswith(".Sequential"):
        return str(path)
    own = str(node.name).rstrip("_") or op
    return f"{path}.{own}" if path else own


def _outputs(program: Any, known: dict[str, Any]) -> list[str]:
    names: list[str] = []
    for item in program.graph_signature.user_outputs:
        value = known.get(item)
        if not isinstance(value, Tensor):
            raise UnsupportedError(f'output "{item}" is not computed from the input')
        if value.order is not None:
            raise UnsupportedError(
                f'output "{item}" is a flattened (C, H, W) value, whose elements stand in '
                "another order here",
                "give it out unflattened",
            )
        names.append(value.value)
    return names
