# SPDX-License-Identifier: Apache-2.0
"""Opens a `.pt2` archive only if reading it can run nobody's code.

torch.export.load unpickles what the archive marks as pickled, hands symbolic sizes to `eval`
(sympy), resolves any operator name and loads compiled libraries. A plain exported network
needs none of that: a JSON graph of aten ops and raw tensors. So before torch sees the bytes
we check that there is nothing else; the bytes that were checked are the bytes that are loaded.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# everything that torch.export.save writes for a plain network, below the archive's one folder
_KNOWN = re.compile(
    r"(models/model\.json|data/sample_inputs/model\.pt|archive_format|archive_version|byteorder"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)|\.data/\w+|extra/.*)"
)
_MAX_BYTES = 4 << 30
_REMEDY = "export again with torch.export.save(torch.export.export(model.eval(), (x,)), path)"


def load_program(path: Path) -> Any:
    """The torch ExportedProgram in a file.

    Raises DataError if the file is no `.pt2` archive or holds more than a graph and tensors.
    """
    import torch

    checked = _checked_bytes(path)
    try:
        return torch.export.load(io.BytesIO(checked))
    except Exception as error:  # a corrupt archive fails anywhere inside torch
        first = str(error).strip().splitlines()[:1]
        raise DataError(f"{path}: can not be read as an exported program: {first}") from None


def _checked_bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = _members(path, archive)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(f"{path}: is not a .pt2 archive: {error}", _REMEDY) from None
    for name, data in members.items():
        if name.endswith("_config.json"):
            _check_config(path, name, _json(path, name, data))
        elif name == "models/model.json":
            _check_graph(path, _json(path, name, data))
        elif name == "data/sample_inputs/model.pt":
            _check_tensors(path, name, data)
    if "models/model.json" not in members:
        raise DataError(f"{path}: holds no models/model.json, so no program", _REMEDY)
    return raw


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """{name below the archive's folder: bytes}."""
    found: dict[str, bytes] = {}
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > _MAX_BYTES:
        raise DataError(f"{path}: unpacks to more than {_MAX_BYTES:,} bytes")
    for info in infos:
        _, _, name = info.filename.partition("/")
        if not _KNOWN.fullmatch(name) or name in found:
            raise DataError(
                f'{path}: holds "{info.filename}", must hold one graph and its tensors only',
                _REMEDY,
            )
        found[name] = archive.read(info)
    return found


def _json(path: Path, name: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise DataError(f"{path}: {name} is not JSON: {error}") from None


def _check_config(path: Path, name: str, config: Any) -> None:
    for key, value in _pairs(config):
        if (key == "use_pickle" and value) or (key == "path_name" and "/" in str(value)):
            raise DataError(f"{path}: {name} has {key} = {value!r}, tensors must be raw", _REMEDY)


def _check_graph(path: Path, graph: Any) -> None:
    for key, value in _pairs(graph):
        if key in ("as_expr", "expr_str"):
            raise UnsupportedError(
                f"{path}: has symbolic sizes ({value!r}), every size must be a number",
                "export without dynamic_shapes",
            )
        if key in ("as_custom_obj", "as_operator", "as_graph", "custom_obj"):
            raise DataError(f"{path}: holds a {key[3:]}, must hold aten ops only", _REMEDY)
        if key == "target" and not str(value).startswith(("torch.ops.aten.", "_operator.getitem")):
            raise UnsupportedError(f"{path}: calls {value}, must call aten ops only", _REMEDY)


def _check_tensors(path: Path, name: str, data: bytes) -> None:
    import torch

    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # torch reports unsafe and broken content alike, by many classes
        raise DataError(f"{path}: {name} holds more than tensors", _REMEDY) from None


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (key, value) of every dict in a JSON value."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield from item.items()
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
