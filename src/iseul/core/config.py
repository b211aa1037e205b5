# SPDX-License-Identifier: Apache-2.0
"""Configs: frozen pydantic models that answer a typo with the key that was meant.

Every stage, method and data set has one `Config`. All fields have defaults and descriptions;
unknown keys and wrong types become one `UsageError` that names the recipe's table and key.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from iseul.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Config(BaseModel):
    """Base of all configs: frozen, strict about types and about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())


C = TypeVar("C", bound=Config)


def build(kind: type[C], values: Mapping[str, Any], where: str) -> C:
    """A validated config from a table of a recipe.

    where: the table's name for messages, such as "condense"
    Raises UsageError that names the first bad key, its value, and what it must be.
    """
    try:
        return kind.model_validate(_frozen(dict(values)))
    except ValidationError as error:
        raise _as_usage(kind, error, where) from None


def _frozen(value: Any) -> Any:
    """TOML has lists only; a frozen config holds tuples."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _as_usage(kind: type[Config], error: ValidationError, where: str) -> UsageError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        keys = sorted(kind.model_fields)
        hint = did_you_mean(key, keys)
        return UsageError(f'[{where}] has no key "{key}".{hint} keys: {", ".join(keys) or "none"}')
    field = kind.model_fields.get(str(first["loc"][0])) if first["loc"] else None
    meaning = f" ({field.description})" if field is not None and field.description else ""
    got = list(first["input"]) if isinstance(first["input"], tuple) else first["input"]
    return UsageError(
        f"[{where}] {key} = {got!r}: {first['msg'].removeprefix('Value error, ').lower()}{meaning}",
        f"iseul show, or leave {key} out to take its default",
    )


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """A TOML document as a dict. Raises UsageError with line and column for bad syntax."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not valid TOML: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dict. Raises UsageError if it can not be read or parsed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can not be read: {error}", "check the path") from None
    return parse_toml(text, str(path))
