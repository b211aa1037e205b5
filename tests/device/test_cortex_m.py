# SPDX-License-Identifier: Apache-2.0
"""The runner of Cortex-M boards: what it says of itself."""

from __future__ import annotations

from iseul.device import _toolchain
from iseul.device.runners import cortex_m


def test_available():
    assert cortex_m.available() is None


def test_unavailable_says_why(monkeypatch):
    monkeypatch.setattr(_toolchain, "_probe", lambda command: None)
    assert "pip install ziglang" in (cortex_m.available() or "")


def test_every_core_has_a_cycle_model_with_a_source():
    assert set(cortex_m.FAMILY.models) == set(cortex_m.EMULATED)
    assert all(model.source for model in cortex_m.FAMILY.models.values())
