# SPDX-License-Identifier: Apache-2.0
"""Fetch one published file: resumable, checked, whole or not at all.

Bytes go to `<name>.part`; a later call goes on where that ends (HTTP Range). Only when the
SHA-256 is right is the file renamed. Called by data sets whose user set `download = true`.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
import zlib
from typing import TYPE_CHECKING

from iseul.core.errors import DataError
from iseul.core.progress import progress

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_BYTES = 1 << 16
TIMEOUT_S = 30.0


def fetch(url: str, path: Path, content_sha256: str, max_bytes: int) -> None:
    """Download `url` (a gzip file) to `path`.

    content_sha256: of the unpacked bytes, because gzip files of one content differ by who
                    packed them
    max_bytes:      neither the download nor its content may be longer
    Raises DataError if the transfer fails (the part stays, to be resumed) or the content is
    not the published one (the part is removed).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        _transfer(url, part, max_bytes)
    except (OSError, http.client.HTTPException) as error:
        have = part.stat().st_size if part.exists() else 0
        raise DataError(
            f"{url}: the download stopped after {have:,} bytes: {error}",
            "run again: it goes on from there",
        ) from None
    found = _content_sha256(part, max_bytes)
    if found != content_sha256:
        part.unlink()
        raise DataError(
            f"{url}: what came has SHA-256 {found} when unpacked; must be {content_sha256}",
            "run again; if it repeats, get the files another way",
        )
    os.replace(part, path)


def _transfer(url: str, part: Path, max_bytes: int) -> None:
    """Append to `part` until the server's length is reached."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to send; the hash decides
        raise
    with response:
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        have = have if resumed else 0
        total = have + int(response.headers.get("Content-Length", 0))
        if total > max_bytes:
            raise http.client.HTTPException(f"{total:,} bytes; at most {max_bytes:,} expected")
        bar = progress(f"download {part.stem}", max(total - have, 1))
        with part.open("ab" if resumed else "wb") as file, bar as advance:
            while block := response.read(BLOCK_BYTES):
                have += len(block)
                if have > max_bytes:
                    raise http.client.HTTPException(f"more than {max_bytes:,} bytes came")
                file.write(block)
                advance(len(block))
    if have < total:
        raise http.client.HTTPException(f"the server closed before {total:,} bytes")


def _content_sha256(path: Path, max_bytes: int) -> str:
    """SHA-256 of what a gzip file unpacks to; a reason in words if it is none."""
    digest = hashlib.sha256()
    unpack = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    n_bytes = 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                content = unpack.decompress(block)
                n_bytes += len(content)
                if n_bytes > max_bytes:
                    return f"(more than {max_bytes:,} bytes)"
                digest.update(content)
    except zlib.error as error:
        return f"(not gzip: {error})"
    return digest.hexdigest() if unpack.eof else "(truncated)"
