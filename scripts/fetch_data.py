# SPDX-License-Identifier: Apache-2.0
"""Puts data sets where their loaders find them; does nothing for those that are there.

    python scripts/fetch_data.py                  Fashion-MNIST, which the demo needs
    python scripts/fetch_data.py cifar10 mnist    these

Fashion-MNIST: first Debian's package, unpacked into .data/debian without installing it (no root
needed), else the publisher's files. All are checked by SHA-256. Says what it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from iseul.core.errors import IseulError
from iseul.data.sets import cifar10, fashion_mnist, mnist

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "dataset-fashion-mnist"
OTHERS = {"cifar10": cifar10, "mnist": mnist}


def present() -> bool:
    """Whether the loader finds whole files."""
    try:
        fashion_mnist.load(fashion_mnist.Config())
    except IseulError:
        return False
    return True


def from_debian() -> bool:
    """Fetch Debian's package with apt-get and unpack it below .data/debian."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # apt's unprivileged user writes here when run by root
        fetch = ["apt-get", "-qq", "download", PACKAGE]
        if subprocess.run(fetch, cwd=folder, capture_output=True).returncode:
            if os.geteuid() != 0:
                return False
            subprocess.run(["apt-get", "-qq", "update"], capture_output=True)
            if subprocess.run(fetch, cwd=folder, capture_output=True).returncode:
                return False
        target = ROOT / ".data" / "debian"
        target.mkdir(parents=True, exist_ok=True)
        package = next(Path(folder).glob("*.deb"))
        return subprocess.run(["dpkg-deb", "-x", package, target]).returncode == 0


def download(name: str) -> int:
    """Fetch one of OTHERS into the user's cache unless it is there."""
    kind = OTHERS[name]
    try:
        splits = kind.load(kind.Config(download=True))  # type: ignore[attr-defined]
    except IseulError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    print(f"setup: data set {name} is in {splits.source}")
    return 0


def fashion() -> int:
    """Fetch Fashion-MNIST unless it is there."""
    if present():
        print("setup: data set Fashion-MNIST is there")
        return 0
    print(f"setup: data set Fashion-MNIST (31 MB): Debian's package {PACKAGE} into .data/debian")
    if from_debian() and present():
        return 0
    print("setup: not to be had from Debian; from the publisher into the user's cache instead")
    try:
        fashion_mnist.load(fashion_mnist.Config(download=True))
    except IseulError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def main(names: list[str]) -> int:
    os.chdir(ROOT)
    unknown = sorted(set(names) - {"fashion_mnist", *OTHERS})
    if unknown:
        known = ", ".join(["fashion_mnist", *OTHERS])
        print(f"setup: no data set {', '.join(unknown)}; there are {known}", file=sys.stderr)
        return 2
    wanted = names or ["fashion_mnist"]
    return max(fashion() if name == "fashion_mnist" else download(name) for name in wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
