# SPDX-License-Identifier: Apache-2.0
"""Exported condensed sets on emulated chips: packed or in arithmetic coding, the bytes of numpy."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from device._boards import ONE_PER_RUNNER
from device._stub import stub_image
from iseul.condense import _export
from iseul.condense._condensed import About, Condensed, seal
from iseul.device._chip import family_of
from iseul.targets import load_target
from unit.test_condensed_file import an_upsampler

# invoke reads the sample and the part that the input names
BODY = """
#include "set.h"
static uint8_t out[SET_VALUES];
int stub_invoke(stub_t *m) {
    const uint32_t *wanted = (const uint32_t *)(const void *)m->arena;
    set_read(wanted[0], wanted[1], out);
    return 0;
}
const int8_t *stub_output(const stub_t *m, int i) { (void)m; (void)i; return (int8_t *)out; }
"""


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("coded", [False, True], ids=["packed", "coded"])
@pytest.mark.parametrize(
    ("bits", "shape", "factor", "channels"),
    [(2, (20, 24, 1), 1, 0), (6, (12, 12, 3), 2, 0), (2, (16, 12, 1), 2, 8)],
)
def test_a_chip_reads_what_numpy_reads(
    bits: int,
    shape: tuple[int, int, int],
    factor: int,
    channels: int,
    coded: bool,
    board: str,
) -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.integers(-9, 10, (40, *shape)), 1).cumsum(2).clip(0, 255).astype(np.uint8)
    y = np.arange(40) // 20
    about = About(1 / 255, 0, 255, ("a", "b"))
    network = an_upsampler(channels) if channels else None
    made = seal(Condensed(x, y, y, [], factor, network), about, bits, coded=coded)
    assert (made.coding is not None) == coded
    files = {name: data.decode() for name, data in _export.as_c(made, "set").items()}
    image = stub_image(BODY, board, files)
    samples, _ = made.samples()
    parts = len(samples) // len(made)
    target = load_target(board)
    chip = family_of(target).make(image, target)
    try:
        model, arena = (image.address(f"iseul_harness_{n}") for n in ("model", "arena"))
        chip.call("stub_init", model, arena, 16)
        out = chip.call("stub_output", model, 0) % (1 << 32)
        for i in (7, len(samples) - 1, 0, 6, 7, 7):  # in any order, and one twice
            chip.write(arena, struct.pack("<2I", i // parts, i % parts))
            assert chip.call("stub_invoke", model) == 0
            assert chip.read(out, samples[i].size) == samples[i].tobytes()
    finally:
        chip.close()
