# SPDX-License-Identifier: Apache-2.0
"""Files that a user has put beside the repository, and a cache of what was made from them.

They lie in $ISEUL_DATA, by default ../shared/data. Nothing is downloaded.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.artifact import write_bytes
from iseul.core.errors import DataError
from iseul.core.folders import cache, data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from iseul.numerics import Array

PEEK_BYTES = 1 << 20


def given(name: str, files: Sequence[str], source: str) -> Path:
    """The folder of a data set, all of its files there.

    source: where a user gets them
    Raises DataError that says where they must lie.
    """
    folder = data() / name
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise DataError(
            f"{name}: {folder} has no {', '.join(missing)}",
            f"get them from {source} and set ISEUL_DATA to the folder that holds {name}/",
        )
    return folder


def read_index(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file with a header. Raises DataError if it lacks a column or is no text."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: can not be read as CSV: {error}", "get the file again") from None
    lacking = [column for column in columns if column not in (reader.fieldnames or ())]
    if lacking or not rows or any(row[column] is None for row in rows for column in columns):
        raise DataError(
            f"{path}: must have rows with the columns {', '.join(columns)}", "get the file again"
        )
    return rows


def read_clips(path: Path, names: Sequence[str], rate: int, n_samples: int) -> Array:
    """Sound files of a zip archive, each cut or filled with silence: (N, n_samples) int16.

    Shorter ones lie in the middle, longer ones lose as much at either end.
    Raises DataError if an archive or a sound is damaged, missing, not mono or of another rate,
    or the library that reads FLAC is not installed.
    """
    made = np.zeros((len(names), n_samples), np.int16)
    for out, sound in zip(made, read_sounds(path, names, rate), strict=True):
        start = (len(sound) - n_samples) // 2
        if start >= 0:
            out[:] = sound[start : start + n_samples]
        else:
            out[-start : -start + len(sound)] = sound
    return made


def read_sounds(path: Path, names: Sequence[str], rate: int) -> list[Array]:
    """Sound files of a zip archive, whole: int16 each. Raises as `read_clips` does."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: its C library is not there
        raise DataError(
            f"{path}: sound files need the package soundfile ({error})",
            "pip install 'iseul[audio]'",
        ) from None
    made = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                sound, found = soundfile.read(io.BytesIO(archive.read(name)), dtype="int16")
                if found != rate or sound.ndim != 1 or not len(sound):
                    raise DataError(
                        f"{path}: {name} has {found} samples a second and shape {sound.shape}; "
                        f"must be mono, {rate} a second, not empty",
                        "get the file again",
                    )
                made.append(sound)
    except (OSError, zipfile.BadZipFile, KeyError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: {error}", "get the file again") from None
    return made


def cached(key: Sequence[object], sources: Sequence[Path]) -> Path:
    """Where an array that is made from files, by settings that `key` holds, is kept.

    The name depends on both: the files count by size and their first and last mebibyte.
    """
    digest = hashlib.sha256(repr(tuple(key)).encode())
    for path in sources:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(str(size).encode() + file.read(PEEK_BYTES))
            file.seek(max(0, size - PEEK_BYTES))
            digest.update(file.read())
    return cache("features") / f"{digest.hexdigest()[:24]}.npy"


def load_cached(path: Path, shape: tuple[int, ...]) -> Array | None:
    """A kept uint8 array, or None if it is not there or not what it must be."""
    try:
        made: Array = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return made if made.dtype == np.uint8 and made.shape == shape else None


def keep_cached(path: Path, made: Array) -> None:
    """Keep an array whole or not at all; a cache that can not be written is none."""
    buffer = io.BytesIO()
    np.save(buffer, made)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, buffer.getvalue())
    except OSError:
        return
