# SPDX-License-Identifier: Apache-2.0
"""What Iseul has, and what works on this machine: `iseul list`, `show`, `doctor`.

Nothing here is a hand-kept list: a kind is any package that states `KIND`, its entries are
the files in it.
"""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

import iseul
from iseul.core import registry
from iseul.core.config import Config
from iseul.core.errors import IseulError, UsageError, did_you_mean
from iseul.targets import load_target, target_names

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
BOARDS = "board"


@cache
def kinds() -> dict[str, str]:
    """{kind: folder} of every registry, boards included."""
    root = Path(iseul.__file__).parent
    found = {}
    for init in sorted(root.rglob("__init__.py")):
        if "KIND" not in init.read_text(encoding="utf-8"):
            continue
        folder = ".".join(["iseul", *init.parent.relative_to(root).parts])
        kind = getattr(import_module(folder), "KIND", None)
        if kind is not None:
            found[kind] = folder
    return found


def _kind(asked: str) -> str:
    """A kind as people type it: "boards", "data-sets" and "data set" are fine."""
    plain = asked.replace("-", " ").replace("_", " ").lower()
    known = kinds()
    for candidate in (plain, plain.removesuffix("s"), plain.removesuffix("es")):
        if candidate in known:
            return candidate
    raise UsageError(
        f'there is no kind "{asked}".{did_you_mean(plain, known)}', f"one of: {', '.join(known)}"
    )


def _names(kind: str) -> tuple[str, ...]:
    return target_names() if kind == BOARDS else registry.names(kinds()[kind])


def _summary(kind: str, name: str) -> str:
    return load_target(name).title if kind == BOARDS else registry.summary(kinds()[kind], name)


def entries(kind: str | None) -> Json:
    """{kind: {name: first line of its description}}, of one kind or of all."""
    asked = [_kind(kind)] if kind is not None else list(kinds())
    return {k: {name: _summary(k, name) for name in _names(k)} for k in asked}


def entries_table(value: Json) -> Table:
    """What people read after `iseul list`."""
    table = Table(show_edge=False, pad_edge=False)
    for column in ("kind", "name", "what it is"):
        table.add_column(column)
    for kind, names in value.items():
        for i, (name, summary) in enumerate(names.items()):
            table.add_row(kind if i == 0 else "", name, summary)
    return table


def describe(kind: str, name: str) -> Json:
    """One entry: description, config keys with defaults, rules."""
    kind = _kind(kind)
    if kind == BOARDS:
        return {"kind": kind, "name": name, **load_target(name).model_dump(mode="json")}
    module = registry.load(kinds()[kind], name)
    config = getattr(module, "Config", None) or getattr(module, "Attrs", None)
    keys = keys_of(config) if config is not None else {}
    rules = [(rule.__doc__ or "").strip() for rule in getattr(module, "constraints", ())]
    return {
        "kind": kind,
        "name": name,
        "description": (module.__doc__ or "").strip(),
        "keys": keys,
        "rules": rules,
    }


def keys_of(config: Any, prefix: str = "") -> Json:
    """{dotted key: type, default, meaning} of a config and of the tables inside it."""
    keys: Json = {}
    for key, field in config.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Config):
            keys |= keys_of(type(default), f"{prefix}{key}.")
            continue
        keys[prefix + key] = {
            "type": re.sub(r"typing\.|<class '|'>", "", str(field.annotation)),
            "default": _plain(default),
            "meaning": field.description or "",
        }
    return keys


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool, type(None))) else repr(value)


def description(value: Json) -> str:
    """What people read after `iseul show`."""
    if value["kind"] == BOARDS:
        return "\n".join(f"{key}: {item}" for key, item in value.items())
    lines = [f"{value['kind']} {value['name']}", "", value["description"]]
    if value["keys"]:
        lines += ["", "keys:"]
    for key, item in value["keys"].items():
        lines.append(f"  {key} = {item['default']!r}  ({item['type']})  {item['meaning']}")
    if value["rules"]:
        lines += ["", "rules:", *(f"  - {rule}" for rule in value["rules"])]
    return "\n".join(lines)


# --- doctor


def examine() -> Json:
    """What works here: {"ok": bool, "rows": [{what, ok, needed, detail, try}]}.

    `ok` is False if something that is needed for the main job is missing.
    """
    rows = [_row("Python", True, platform.python_version())]
    rows += _distributions()
    rows += _compilers()
    rows += _data_sets()
    return {"ok": all(row["ok"] or not row["needed"] for row in rows), "rows": rows}


def _row(what: str, ok: bool, detail: str, remedy: str = "", needed: bool = True) -> Json:
    return {"what": what, "ok": ok, "needed": needed, "detail": detail, "try": remedy}


def _distributions() -> list[Json]:
    rows = []
    extras = set(metadata("iseul").get_all("Provides-Extra") or ())
    for text in requires("iseul") or ():
        name = re.split(r"[^A-Za-z0-9_.-]", text, maxsplit=1)[0]
        extra = next((e for e in extras if re.search(rf"extra == ['\"]{e}['\"]", text)), "")
        install = f'pip install "iseul[{extra}]"' if extra else f"pip install {name}"
        title = f"{name} (extra {extra})" if extra else name
        try:
            rows.append(_row(title, True, version(name), needed=not extra))
        except PackageNotFoundError:
            rows.append(_row(title, False, "not installed", install, needed=not extra))
    return rows


def _compilers() -> list[Json]:
    from iseul.device import _qemu, _toolchain, _wasm

    rows = []
    for what, find, needed in (
        ("C compiler, host", _toolchain.find_host_compiler, True),
        ("C compiler, Cortex-M", _toolchain.find_arm_compiler, True),
        ("C compiler, RISC-V", _toolchain.find_riscv_compiler, False),
        ("C compiler, WebAssembly", _toolchain.find_wasm_compiler, False),
    ):
        try:
            compiler = find()
            rows.append(_row(what, True, f"{compiler.name} {compiler.version}", needed=needed))
        except IseulError as error:
            rows.append(_row(what, False, error.problem, error.remedy, needed))
    rows.append(_version("QEMU for Cortex-M55", _qemu.QEMU, _qemu.qemu_version))
    rows.append(_version("engine for WebAssembly", "wasmtime", _wasm.engine_version))
    return rows


def _version(what: str, name: str, find: Callable[[], str]) -> Json:
    """The row of a tool that is not needed everywhere."""
    try:
        return _row(what, True, f"{name} {find()}", needed=False)
    except IseulError as error:
        return _row(what, False, error.problem, error.remedy, needed=False)


def _data_sets() -> list[Json]:
    rows = []
    folder = kinds()["data set"]
    for name in registry.names(folder):
        module = registry.load(folder, name)
        try:
            splits = module.load(module.Config())
            detail = f"{len(splits.train.y):,} train, {len(splits.test.y):,} test"
            rows.append(_row(f"data set {name}", True, detail, needed=False))
        except IseulError as error:
            rows.append(_row(f"data set {name}", False, error.problem, error.remedy, False))
    return rows


def health_table(value: Json) -> Table:
    """What people read after `iseul doctor`."""
    table = Table(title="ready" if value["ok"] else "something that is needed is missing")
    for column in ("", "what", "found", "try"):
        table.add_column(column)
    for row in value["rows"]:
        mark = "ok" if row["ok"] else ("MISSING" if row["needed"] else "-")
        table.add_row(mark, row["what"], row["detail"], row["try"])
    return table
