# SPDX-License-Identifier: Apache-2.0
"""The linked image on the emulated cores: the same integers, and faults that are named."""

from __future__ import annotations

import pytest

from device._nets import BOARDS, M4, NETS, equal, package, samples
from iseul.core.errors import ToolError, UnsupportedError
from iseul.device import _chip, _toolchain
from iseul.device._build import Source, build_image
from iseul.device._elf import read_image
from iseul.device._toolchain import find_arm_compiler
from iseul.device._unicorn import UnicornChip
from iseul.device.runners import cortex_m
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target


def test_available():
    assert cortex_m.available() is None


def test_unavailable_says_why(monkeypatch):
    monkeypatch.setattr(_toolchain, "_probe", lambda command: None)
    assert "pip install ziglang" in (cortex_m.available() or "")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("net", NETS)
def test_every_value_is_the_oracles_on_every_board(net, board):
    packed = package(net, board)
    graph = packed.graph
    inputs = samples(graph, 3)
    names = [name for node in graph.nodes for name in node.outputs]
    want = interpret_samples(graph, inputs, keep=names)
    got = cortex_m.run(packed, inputs, trace=names)
    for name in names:
        assert equal(got.values[name], want.values[name]), name
    for a, b in zip(got.outputs, want.outputs, strict=True):
        assert equal(a, b)


@pytest.mark.parametrize("family", ["gcc", "clang"])
def test_compilers_agree(family):
    try:
        compiler = find_arm_compiler(family)
    except ToolError as error:
        pytest.skip(error.problem)
    packed = package("every_int8_op")
    inputs = samples(packed.graph, 2)
    want = interpret_samples(packed.graph, inputs).outputs
    got = cortex_m.run(packed, inputs, compiler=compiler).outputs
    assert all(equal(a, b) for a, b in zip(got, want, strict=True))


def test_the_host_is_no_board():
    with pytest.raises(UnsupportedError, match="no chip to emulate"):
        cortex_m.run(package("dense", "host"), samples(package("dense", "host").graph, 1))


def test_selftest_passes():
    assert cortex_m.selftest(package("chain")) == 0


# --- faults: C that misbehaves must stop with the name of the function

HEADER = """
#include <stddef.h>
#include <stdint.h>
#define BAD_ARENA_BYTES 16
#define BAD_STATE_BYTES 0
typedef struct { uint8_t *arena; } bad_t;
int bad_init(bad_t *m, void *arena, size_t n);
int8_t *bad_input(bad_t *m, int i);
int bad_invoke(bad_t *m);
const int8_t *bad_output(const bad_t *m, int i);
void bad_reset(bad_t *m);
"""
BODY = """
#include "bad.h"
static const int8_t table[4] = {1, 2, 3, 4};
int bad_init(bad_t *m, void *arena, size_t n) { (void)n; m->arena = arena; return 0; }
int8_t *bad_input(bad_t *m, int i) { (void)i; return (int8_t *)m->arena; }
const int8_t *bad_output(const bad_t *m, int i) { (void)m; return table + i; }
void bad_reset(bad_t *m) { (void)m; }
"""
FAULTS = {
    "write to flash": "int bad_invoke(bad_t *m) "
    "{ volatile int8_t *p = (int8_t *)(uintptr_t)table; (void)m; *p = 0; return 0; }",
    "wild read": "int bad_invoke(bad_t *m) "
    "{ (void)m; return *(volatile int *)(uintptr_t)0x60000000u; }",
    "jump into RAM": "typedef void (*f_t)(void); int bad_invoke(bad_t *m) "
    "{ ((f_t)((uintptr_t)m->arena | 1u))(); return 0; }",
}


def _bad_chip(invoke: str, board: str = M4) -> UnicornChip:
    target = load_target(board)
    files = {"bad.h": HEADER, "bad.c": BODY + invoke}
    source = Source("bad", files, cortex_m.FAMILY.harness)
    return cortex_m.make(read_image(build_image(source, target, find_arm_compiler())), target)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_the_function(fault):
    chip = _bad_chip(FAULTS[fault])
    model, arena = (chip.image.address(f"iseul_harness_{n}") for n in ("model", "arena"))
    chip.call("bad_init", model, arena, 16)
    with pytest.raises(ToolError, match=r"bad_invoke on the emulated chip: .*at 0x"):
        chip.call("bad_invoke", model)


def test_code_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(_chip, "CALL_SECONDS", 0.2)
    chip = _bad_chip("int bad_invoke(bad_t *m) { (void)m; for (;;) {} }")
    with pytest.raises(ToolError, match=r"did not return within 0\.2 s, at 0x\w+ in bad_invoke"):
        chip.call("bad_invoke", 0)


def test_codes_come_back_signed():
    chip = _bad_chip("int bad_invoke(bad_t *m) { (void)m; return -7; }")
    assert chip.call("bad_invoke", 0) == -7


@pytest.mark.parametrize("board", BOARDS)
def test_single_precision_floats_run_on_every_core(board):
    invoke = """int bad_invoke(bad_t *m) {
      volatile float x = 2.5f, y = 3.0f; (void)m; return (int)(x * y * 100.0f + y / x); }"""
    target = load_target(board)
    source = Source("bad", {"bad.h": HEADER, "bad.c": BODY + invoke}, cortex_m.FAMILY.harness)
    chip = cortex_m.make(read_image(build_image(source, target, find_arm_compiler())), target)
    assert chip.call("bad_invoke", 0) == 751
