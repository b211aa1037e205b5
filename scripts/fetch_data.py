# SPDX-License-Identifier: Apache-2.0
"""Puts the Fashion-MNIST data set where the loader finds it; does nothing if it is there.

First Debian's package, unpacked into .data/debian without installing it (no root needed),
else the publisher's files, checked by SHA-256. Says what it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from iseul.core.errors import IseulError
from iseul.data.sets import fashion_mnist

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "dataset-fashion-mnist"


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


def main() -> int:
    os.chdir(ROOT)
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


if __name__ == "__main__":
    sys.exit(main())
