# SPDX-License-Identifier: Apache-2.0
"""What the C of a step says of a node: its name, shapes and attributes, and its constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.emit._c_constants import Pointer
from iseul.compile.emit._c_text import dims, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.emit._c_model import Model
    from iseul.graph.ir import Node, Value


def described(model: Model, i: int, node: Node) -> str:
    """What a node of step i is, for the comment above its function."""
    io = model.graph.io(node)
    shapes = " + ".join(_shown(value) for value in io.inputs)
    outputs = ", ".join(_shown(value) for value in io.outputs)
    given = node.attrs.model_dump()
    attrs = ", ".join(f"{key} {_attribute(value)}" for key, value in given.items())
    lines = [f'{i} "{printable(node.name)}": {node.op}', f"{shapes} -> {outputs}"]
    return "\n".join([*lines, *([attrs] if attrs else [])])


def _shown(value: Value) -> str:
    return f"{printable(value.name)} {value.dtype} {dims(value.shape)}"


def _attribute(value: Any) -> str:
    return "x".join(map(_attribute, value)) if isinstance(value, tuple) else str(value)


def with_names(model: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Pointers as the names of their tables."""
    return {
        key: f"{model.name}_{value.table}"
        if isinstance(value, Pointer)
        else with_names(model, value)
        if isinstance(value, dict)
        else value
        for key, value in fields.items()
    }
