# SPDX-License-Identifier: Apache-2.0
"""The boards that tests run on: one per core; those in QEMU are skipped where it is missing."""

from __future__ import annotations

import pytest

from device._nets import BOARDS as CORTEX_M
from iseul.device.runners import qemu

C3 = "esp32-c3"
M55 = "mps3-an547"
WITH_QEMU = pytest.mark.skipif(
    qemu.available() is not None, reason=(qemu.available() or "").replace("\n", " ")
)
IN_QEMU = pytest.param(M55, marks=WITH_QEMU)
ALL_BOARDS = (*CORTEX_M, C3, IN_QEMU)
ONE_PER_RUNNER = (CORTEX_M[1], C3, IN_QEMU)
