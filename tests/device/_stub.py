# SPDX-License-Identifier: Apache-2.0
"""The least that the harness of a chip links: a model whose invoke and output a test writes."""

from __future__ import annotations

from collections.abc import Mapping

from iseul.device._build import Source, build_image
from iseul.device._chip import family_of
from iseul.device._elf import Image, read_image
from iseul.targets import load_target

_HEADER = """
#include <stddef.h>
#include <stdint.h>
#define STUB_ARENA_BYTES 16
#define STUB_STATE_BYTES 0
typedef struct { uint8_t *arena; } stub_t;
int stub_init(stub_t *m, void *arena, size_t n);
int8_t *stub_input(stub_t *m, int i);
int stub_invoke(stub_t *m);
const int8_t *stub_output(const stub_t *m, int i);
void stub_reset(stub_t *m);
"""
_BODY = """
#include "stub.h"
int stub_init(stub_t *m, void *arena, size_t n) { (void)n; m->arena = arena; return 0; }
int8_t *stub_input(stub_t *m, int i) { (void)i; return (int8_t *)m->arena; }
void stub_reset(stub_t *m) { (void)m; }
"""


def stub_image(body: str, board: str, files: Mapping[str, str] | None = None) -> Image:
    """body: C of `stub_invoke`, `stub_output` and what they need; files: what it includes"""
    target = load_target(board)
    family = family_of(target)
    every = {"stub.h": _HEADER, "stub.c": _BODY + body, **(files or {})}
    source = Source("stub", every, family.harness)
    return read_image(build_image(source, target, family.find(None)))
