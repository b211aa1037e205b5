# SPDX-License-Identifier: Apache-2.0
"""Exported condensed sets on emulated chips: packed or in arithmetic coding, the bytes of numpy."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from device._boards import ONE_PER_RUNNER
from iseul.condense import _container, _export
from iseul.condense._condensed import About, Condensed, seal
from iseul.device._build import Source, build_image
from iseul.device._chip import family_of
from iseul.device._elf import read_image
from iseul.targets import load_target

# the harness wants a model: this one's invoke reads the sample that its input names
HEADER = """
#include <stddef.h>
#include <stdint.h>
#define READER_ARENA_BYTES 16
#define READER_STATE_BYTES 0
typedef struct { uint32_t *arena; } reader_t;
int reader_init(reader_t *m, void *arena, size_t n);
int8_t *reader_input(reader_t *m, int i);
int reader_invoke(reader_t *m);
const int8_t *reader_output(const reader_t *m, int i);
void reader_reset(reader_t *m);
"""
BODY = """
#include "reader.h"
#include "set.h"
static uint8_t out[SET_VALUES];
int reader_init(reader_t *m, void *arena, size_t n) { (void)n; m->arena = arena; return 0; }
int8_t *reader_input(reader_t *m, int i) { (void)i; return (int8_t *)m->arena; }
int reader_invoke(reader_t *m) { set_read(m->arena[0], m->arena[1], out); return 0; }
const int8_t *reader_output(const reader_t *m, int i) { (void)m; (void)i; return (int8_t *)out; }
void reader_reset(reader_t *m) { (void)m; }
"""


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("coded", [False, True], ids=["packed", "coded"])
@pytest.mark.parametrize(("bits", "shape", "factor"), [(2, (20, 24, 1), 1), (6, (12, 12, 3), 2)])
def test_a_chip_reads_what_numpy_reads(
    bits: int, shape: tuple[int, int, int], factor: int, coded: bool, board: str
) -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.integers(-9, 10, (40, *shape)), 1).cumsum(2).clip(0, 255).astype(np.uint8)
    y = np.arange(40) // 20
    about = About(1 / 255, 0, 255, ("a", "b"))
    made = seal(Condensed(x, y, y, [], factor), about, bits, coded=coded)
    assert (_container.coding_of(made) is not None) == coded
    files = {name: data.decode() for name, data in _export.as_c(made, "set").items()}
    files |= {"reader.h": HEADER, "reader.c": BODY}
    target = load_target(board)
    family = family_of(target)
    image = read_image(
        build_image(Source("reader", files, family.harness), target, family.find(None))
    )
    samples, _ = made.samples()
    parts = len(samples) // len(made)
    chip = family.make(image, target)
    try:
        model, arena = (image.address(f"iseul_harness_{n}") for n in ("model", "arena"))
        chip.call("reader_init", model, arena, 16)
        out = chip.call("reader_output", model, 0) % (1 << 32)
        for i in (7, len(samples) - 1, 0, 6, 7, 7):  # in any order, and one twice
            chip.write(arena, struct.pack("<2I", i // parts, i % parts))
            assert chip.call("reader_invoke", model) == 0
            assert chip.read(out, samples[i].size) == samples[i].tobytes()
    finally:
        chip.close()
