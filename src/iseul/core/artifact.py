# SPDX-License-Identifier: Apache-2.0
"""Artefacts: the folder a stage writes, whole or not at all, with hashes of what is in it.

A stage works in `<folder>.part`; when it is done, `stage.json` is written and the folder is
renamed. A killed stage leaves only a `.part`, which the next run removes. `stage.json` holds

    stage, method   which stage, which entry did the work
    key             hash of everything the result depends on: config, inputs' hashes, seed,
                    version of Iseul
    files           {relative path: SHA-256}
    hash            SHA-256 over `files`: two runs of one recipe give the same
    metrics         numbers that depend on the inputs only
    fallbacks       what was done another way than asked for; one line each
    seconds         wall time; not part of any hash
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STAGE_FILE = "stage.json"


@dataclass(frozen=True)
class Artifact:
    """A finished stage folder, as `stage.json` describes it."""

    path: Path
    stage: str
    method: str
    key: str
    hash: str
    files: Mapping[str, str]
    metrics: Mapping[str, Any]
    fallbacks: tuple[str, ...]
    seconds: float


@dataclass
class Draft:
    """An artefact in the making: write files below `path`, fill `metrics` and `fallbacks`."""

    path: Path
    metrics: dict[str, Any] = field(default_factory=dict)
    fallbacks: list[str] = field(default_factory=list)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def hash_json(value: Any) -> str:
    """SHA-256 of a JSON-able value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a file whole: a temporary name beside it, then rename."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole: a temporary name beside it, then rename."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole, indented, keys in the order given."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """A JSON file's value. Raises DataError if it can not be read or parsed."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can not be read as JSON: {error}") from None


def open_artifact(path: Path) -> Artifact | None:
    """The finished artefact in a folder; None if there is none or a file of it changed."""
    try:
        raw = json.loads((path / STAGE_FILE).read_text(encoding="utf-8"))
        kept = {name: raw[name] for name in ("stage", "method", "key", "hash", "metrics")}
        artifact = Artifact(
            path=path,
            files=raw["files"],
            fallbacks=tuple(raw["fallbacks"]),
            seconds=raw["seconds"],
            **kept,
        )
        intact = all(hash_file(path / name) == digest for name, digest in artifact.files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return artifact if intact else None


@contextmanager
def draft(path: Path, stage: str, method: str, key: str) -> Iterator[Draft]:
    """Make an artefact: yields a Draft; on leaving without an error the folder is complete.

    An older artefact of that name is replaced only then, so nothing is ever half-written.
    """
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    started = time.monotonic()
    made = Draft(part)
    yield made
    files = {
        str(file.relative_to(part)): hash_file(file)
        for file in sorted(part.rglob("*"))
        if file.is_file()
    }
    write_json(
        part / STAGE_FILE,
        {
            "stage": stage,
            "method": method,
            "key": key,
            "hash": hash_json(files),
            "files": files,
            "metrics": made.metrics,
            "fallbacks": made.fallbacks,
            "seconds": round(time.monotonic() - started, 3),
        },
    )
    shutil.rmtree(path, ignore_errors=True)
    os.replace(part, path)
