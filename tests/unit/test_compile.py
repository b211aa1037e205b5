# SPDX-License-Identifier: Apache-2.0
"""The compiler: generated text, its API, what it refuses, what it counts.

Golden texts stand in golden_c/. A change of the emitter that is meant is written there by
    ISEUL_REGENERATE=1 pytest tests/unit/test_compile.py -k golden
and shows in the diff.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iseul.compile import (
    Package,
    check_fits,
    check_model,
    compile_graph,
    predict_instructions,
    write_package,
)
from iseul.compile.emit._c_text import literal, model_prefix, numbers, printable
from iseul.compile.lower import copy_what_no_node_makes
from iseul.core.errors import BudgetError, ShapeError, ToolError, UnsupportedError, UsageError
from iseul.device._build import Source, build_image, build_shared
from iseul.device._toolchain import find_arm_compiler, find_host_compiler
from iseul.device.runners import host
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret
from iseul.graph.ir import Graph
from iseul.numerics import requantize
from iseul.numerics.affine import per_channel, per_tensor
from iseul.targets import load_target

GOLDEN = Path(__file__).parent / "golden_c"
RUNTIME = Path(__file__).parents[2] / "src" / "iseul" / "runtime"
# kernels in portable C: those for the DSP extension are judged on the chip
M4 = load_target("nucleo-l4r5zi").model_copy(update={"isas": ("c",)})
M0 = load_target("nucleo-g0b1re")
Q = per_tensor(0.05, -3)


def ramp(*shape: int, step: int = 7) -> np.ndarray:
    """int8 constants without a random generator."""
    return ((np.arange(int(np.prod(shape))) * step) % 255 - 127).astype(np.int8).reshape(shape)


def small_net() -> Graph:
    """A convolution, a residual addition with a constant, a classifier, a state that counts."""
    b = Builder("Small net 1")
    x = b.input("image", (1, 6, 5, 2), "int8", per_tensor(1 / 255, -128))
    w = b.constant("conv/w", ramp(5, 3, 3, 2), quant=per_channel([0.01, 0.02, 0.01, 0.03, 0.02], 0))
    bias = b.constant("conv/b", np.arange(-200, 300, 100, dtype=np.int32))
    y = b.node(
        "conv2d",
        [x, w, bias],
        name="conv/1",
        quant=per_tensor(0.08, -128),
        stride=(2, 1),
        pads=(1, 1, 1, 1),
        activation="relu",
    )
    k = b.constant("offset", ramp(5), quant=per_tensor(0.01, 3))
    y = b.node("add", [y, k], quant=per_tensor(0.03, -5))
    y = b.node("reshape", [y], shape=(1, 75))
    w = b.constant("fc/w", ramp(3, 75, step=11), quant=per_tensor(0.004))
    y = b.node("fully_connected", [y, w], name="classes", quant=per_tensor(0.1, 4))
    s = b.state("last", np.full((1, 3), 4, np.int8), per_tensor(0.1, 4))
    y = b.node("add", [y, s], name="sum", quant=per_tensor(0.1, 4))
    b.next_state(s, y)
    y = b.node("softmax", [y], quant=per_tensor(1 / 256, -128))
    return b.graph([y], "quantized")


def float_net() -> Graph:
    b = Builder("float_net")
    x = b.input("x", (1, 5, 5, 2))
    w = np.linspace(-1, 1, 54, dtype=np.float32).reshape(3, 3, 3, 2)
    y = b.node("conv2d", [x, b.constant("w", w)], name="conv", activation="relu6")
    w = np.linspace(-1, 1, 108, dtype=np.float32).reshape(4, 27)
    y = b.node("fully_connected", [y, b.constant("w", w)], name="fc")
    return b.graph([b.node("softmax", [y], name="classes")])


@pytest.fixture(scope="module")
def package() -> Package:
    return compile_graph(small_net(), M4)


def build(package: Package, changes: dict[str, str] | None = None) -> ctypes.CDLL:
    """The package as a shared library with the host harness; `changes`: file name -> text."""
    try:
        compiler = find_host_compiler()
    except ToolError as error:
        pytest.skip(str(error))
    files = {**package.files, **(changes or {})}
    source = Source(package.name, files, host.HARNESS, ("ISEUL_HARNESS_SELFTEST",))
    return ctypes.CDLL(str(build_shared(source, compiler)))


def run_one(library: ctypes.CDLL, package: Package, inputs: list[np.ndarray]) -> list[np.ndarray]:
    return [x[0] for x in host.run(package, [x[None] for x in inputs]).outputs]


# --- text


def test_golden_text(package: Package) -> None:
    own = {name: text for name, text in package.files.items() if name not in runtime_names()}
    if os.environ.get("ISEUL_REGENERATE"):
        GOLDEN.mkdir(exist_ok=True)
        for name, text in own.items():
            (GOLDEN / name).write_text(text)
    assert sorted(own) == sorted(path.name for path in GOLDEN.iterdir())
    for name, text in own.items():
        assert text == (GOLDEN / name).read_text(), name


def runtime_names() -> set[str]:
    return {path.name for path in RUNTIME.iterdir()}


def test_same_graph_same_text(package: Package) -> None:
    again = compile_graph(small_net(), M4)
    assert dict(again.files) == dict(package.files)


def long_names() -> Graph:
    """Names as converters make them."""
    b = Builder("a_model_with_a_name_of_many_words")
    x = b.input("serving_default_input:0" * 5, (1, 100), "int8", Q)
    w = b.constant("w" * 99, ramp(70, 100), quant=per_channel([0.01] * 70, 0))
    name = "functional_1/activation/Relu;functional_1/dense/BiasAdd/ReadVariableOp/resource"
    return b.graph([b.node("fully_connected", [x, w], name=name, quant=Q)], "quantized")


@pytest.mark.parametrize("make", [small_net, float_net, long_names])
def test_lines_fit_and_are_clean(make: Any) -> None:
    for name, text in compile_graph(make(), M4).files.items():
        assert text.endswith("\n"), name
        for line in text.splitlines():
            assert len(line) <= 100 and line == line.rstrip() and line.isascii(), (name, line)


def test_only_the_kernels_in_use_are_there(package: Package) -> None:
    copied = set(package.files) & runtime_names()
    used = {f"{step.kernel}.c" for step in package.steps} | {"iseul_crc32.c"}
    headers = {"iseul.h", "iseul_dsp.h", "iseul_binary.h", "iseul_softmax.h", "iseul_weighted.h"}
    assert copied == used | headers


def test_names_of_nodes_reach_the_reader(package: Package) -> None:
    text = package.files["small_net_1.c"]
    assert '"conv/1": conv2d' in text and "small_net_1_conv_1_weights" in text
    assert "image int8 1x6x5x2" in text and "stride 2x1" in text


def test_a_hostile_name_stays_in_its_comment() -> None:
    b = Builder('a"\n#include "/etc/passwd"\\')
    x = b.input("x\n*/ int bad;", (1, 4), "int8", Q)
    graph = b.graph([b.node("relu", [x], name="y\r\nint worse; // \\")], "quantized")
    package = compile_graph(graph, M4)
    assert package.name == "a_include_etc_passwd"
    for text in package.files.values():
        for line in text.splitlines():
            if "bad;" in line or "int worse" in line or "/etc/" in line:
                assert line.startswith("// ") or "  // " in line
                assert not line.endswith("\\")
    build(package)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("DS-CNN 1", "ds_cnn_1"),
        ("3net", "model_3net"),
        ("size", "model_size"),
        ("string", "model_string"),
        ("int8", "model_int8"),
        ("iseul_add_s8", "model_iseul_add_s8"),
        ("이슬", "x"),
        ("a__b", "a_b"),
        ("n" * 99, "n" * 28),
    ],
)
def test_model_prefix(name: str, prefix: str) -> None:
    assert model_prefix(name) == prefix


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-128, "-128"),
        (-(2**31), "INT32_MIN"),
        (2**31 - 1, "2147483647"),
        (0.1, "0.1f"),
        (1.0, "1.0f"),
        (float(np.float32(1e-30)), "1e-30f"),
        (float("inf"), "ISEUL_HIGHEST_REAL"),
        (float("-inf"), "ISEUL_LOWEST_REAL"),
        (np.int64(7), "7"),
        (True, "1"),
    ],
)
def test_literal(value: Any, text: str) -> None:
    assert literal(value) == text


def test_float_tables_read_back_exactly() -> None:
    data = np.random.default_rng(0).standard_normal(99).astype(np.float32) ** 9
    read = [np.float32(part.rstrip("f")) for part in re.findall(r"[-0-9.e+]+f", numbers(data))]
    np.testing.assert_array_equal(np.array(read), data)


def test_printable() -> None:
    assert printable("a\nb\\é??/") == "a.b/.../"


# --- interface


def macros(package: Package) -> dict[str, str]:
    return dict(re.findall(r"#define (\w+) (.+)", package.files[f"{package.name}.h"]))


def test_macros(package: Package) -> None:
    found = macros(package)
    assert found["SMALL_NET_1_ARENA_BYTES"] == str(package.plan.arena_bytes)
    assert found["SMALL_NET_1_ARENA_ALIGN"] == "4"
    assert found["SMALL_NET_1_STATE_BYTES"] == "8" == str(package.state_bytes)
    assert found["SMALL_NET_1_N_INPUTS"] == found["SMALL_NET_1_N_OUTPUTS"] == "1"
    assert found["SMALL_NET_1_INPUT_0_BYTES"] == "60"
    assert found["SMALL_NET_1_INPUT_0_ZERO_POINT"] == "(-128)"
    assert np.float32(found["SMALL_NET_1_INPUT_0_SCALE"].rstrip("f")) == np.float32(1 / 255)
    assert found["SMALL_NET_1_OUTPUT_0_BYTES"] == "3"
    assert found["SMALL_NET_1_N_STEPS"] == str(len(package.steps)) == "5"


def test_steps_and_summary(package: Package) -> None:
    assert [step.node for step in package.steps] == ["conv/1", "add", "classes", "sum", "softmax"]
    assert [node.kernel for node in package.graph.nodes][2] == "alias"
    assert package.graph.level == "lowered"
    summary = package.summary()
    assert summary["plan"]["arena_bytes"] == package.plan.arena_bytes
    assert summary["steps"][0] == {
        "node": "conv/1",
        "op": "conv2d",
        "kernel": "iseul_conv2d_s8",
        "macs": 1350,
        "symbol": "small_net_1_node_0",
        "shape": [1, 3, 5, 5],
        "why": "cheapest of 2: 9,900 predicted; iseul_grouped_conv2d_s8 14 k",
    }
    for step in package.steps:
        for name, offset, n_bytes in step.outputs:
            assert offset == package.plan.offset_of(name)
            assert n_bytes == package.graph.values[name].n_bytes


def test_codes_of_init_and_invoke(package: Package) -> None:
    library = build(package)
    n = package.plan.arena_bytes
    arena = (ctypes.c_uint64 * (n // 8 + 2))()
    at = ctypes.addressof(arena)
    model = (ctypes.c_uint64 * 8)()
    init, invoke = library.small_net_1_init, library.small_net_1_invoke
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    assert init(None, pointer(at), size(n)) == 1
    assert init(model, None, size(n)) == 1
    assert init(model, pointer(at), size(n - 1)) == 2
    assert init(model, pointer(at + 2), size(n)) == 3
    assert invoke(None) == 1
    assert invoke(model) == 1  # the last init failed
    assert init(model, pointer(at), size(n)) == 0
    assert invoke(model) == 0
    for function in (library.small_net_1_input, library.small_net_1_output):
        function.restype = ctypes.c_void_p
        assert at <= function(model, 0) < at + n
        assert function(model, 1) is None and function(model, -1) is None
        assert function(None, 0) is None


def test_runs_as_the_oracle_says(package: Package) -> None:
    library = build(package)
    for seed in range(3):
        x = np.random.default_rng(seed).integers(-128, 128, (1, 6, 5, 2)).astype(np.int8)
        got = run_one(library, package, [x])
        np.testing.assert_array_equal(got[0], interpret(package.graph, [x]).outputs[0])


@pytest.mark.parametrize("make", [small_net, float_net])
def test_selftest_passes(make: Any) -> None:
    assert build(compile_graph(make(), M4)).iseul_harness_selftest() == 0


def test_inference_needs_no_selftest(package: Package) -> None:
    files = package.inference_files
    assert set(package.files) - set(files) == {"small_net_1_golden.c"}
    source = Source(package.name, files, host.HARNESS)
    library = ctypes.CDLL(str(build_shared(source, find_host_compiler())))
    assert library.iseul_harness_selftest() == -1
    assert not hasattr(library, "small_net_1_selftest")


def zeroed(text: str, table: str) -> str:
    """C text with a table of zeros."""
    start = text.index("= {", text.index(f" {table}["))
    return text[:start] + "= {0};" + text[text.index("};", start) + 2 :]


@pytest.mark.parametrize(
    ("table", "step"), [("conv_1_weights", 0), ("offset_data", 1), ("classes_weights", 2)]
)
def test_selftest_names_the_first_step_that_differs(
    package: Package, table: str, step: int
) -> None:
    file = "small_net_1_weights.c"
    wrong = zeroed(package.files[file], f"small_net_1_{table}")
    assert build(package, {file: wrong}).iseul_harness_selftest() == step + 1


def test_selftest_of_floats_sees_a_wrong_weight() -> None:
    package = compile_graph(float_net(), M4)
    file = "float_net_weights.c"
    wrong = zeroed(package.files[file], "float_net_fc_weights")
    assert build(package, {file: wrong}).iseul_harness_selftest() == 3


def test_golden_input_of_the_caller_is_used() -> None:
    x = np.full((1, 6, 5, 2), 42, np.int8)
    package = compile_graph(small_net(), M4, golden=[x])
    text = package.files["small_net_1_golden.c"]
    assert text.count(" 42,") == 60
    first = interpret(package.graph, [x]).values["conv/1"]
    assert f"0x{zlib.crc32(first.tobytes()):08X}u" in text
    with pytest.raises(ShapeError, match="image"):
        compile_graph(small_net(), M4, golden=[x[0]])


def test_two_models_in_one_image(package: Package) -> None:
    other = compile_graph(small_net(), M4, name="other")
    third = compile_graph(float_net(), M4)
    library = build(package, {**other.files, **third.files})
    assert library.iseul_harness_selftest() == 0
    assert library.other_invoke(None) == library.float_net_invoke(None) == 1


def test_write_package(package: Package, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "c"
    write_package(package, folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict(package.files)


def test_headers_are_cplusplus_too(package: Package, tmp_path: Path) -> None:
    try:
        compiler = find_host_compiler("gcc")
    except ToolError as error:
        pytest.skip(str(error))
    write_package(package, tmp_path)
    (tmp_path / "app.cc").write_text(
        '#include "small_net_1.h"\nstatic small_net_1_t m;\n'
        "int main() { return small_net_1_invoke(&m) == ISEUL_E_NULL ? 0 : 1; }\n"
    )
    words = [*compiler.command, "-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror"]
    done = subprocess.run(
        [*words, "-fsyntax-only", "app.cc"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "cc1plus" in done.stderr:
        pytest.skip("gcc without C++")
    assert done.returncode == 0, done.stderr


# --- what outputs and states may be


def odd_net() -> Graph:
    """Outputs and next states that no node makes, and reshapes of all kinds."""
    b = Builder("odd")
    x = b.input("x", (1, 6), "int8", Q)
    s = b.state("s", ramp(1, 6), Q)
    t = b.state("t", np.zeros((1, 6), np.int8), Q)
    u = b.state("u", ramp(1, 6, step=3), Q)
    k = b.constant("k", ramp(1, 6, step=5), quant=Q)
    y = b.node("add", [x, s], name="y", quant=Q)
    y = b.node("add", [y, b.node("reshape", [u], name="u6", shape=(1, 6))], name="z", quant=Q)
    b.next_state(s, t)
    b.next_state(t, s)  # swapped: each must become what the other was
    b.next_state(u, u)
    rx = b.node("reshape", [x], name="rx", shape=(2, 3))
    ry = b.node("reshape", [b.node("reshape", [y], name="r1", shape=(3, 2))], name="ry", shape=(6,))
    return b.graph([y, rx, ry, x, s, k, y], "quantized")


def test_outputs_and_states_that_no_node_makes() -> None:
    graph = odd_net()
    package = compile_graph(graph, M4)
    kernels = {node.name: node.kernel for node in package.graph.nodes}
    assert kernels["rx"] == "iseul_copy" and kernels["ry"] == kernels["u6"] == "alias"
    assert package.plan.offset_of("ry") == package.plan.offset_of("z")
    from iseul.graph.interpret import interpret_samples

    x = np.random.default_rng(0).integers(-128, 128, (6, 1, 6)).astype(np.int8)
    want = interpret_samples(graph, [x], stateful=True).outputs
    build(package)
    got = host.run(package, [x], stateful=True).outputs
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_plain_graph_gets_no_copies() -> None:
    graph = small_net()
    assert copy_what_no_node_makes(graph) is graph


# --- refusals and counts


def bad_net() -> Graph:
    b = Builder("bad")
    x = b.input("x", (1,) + (2,) * 10)
    y = b.node("sum", [x], name="sum1", axes=(1, 3, 5, 7, 9))
    y = b.node("relu", [y], name="act")
    z = b.node("mean", [x], name="mean1", axes=(2, 4, 6, 8, 10))
    return b.graph([y, z])


def test_all_blockers_are_listed_at_once() -> None:
    with pytest.raises(UnsupportedError) as caught:
        compile_graph(bad_net(), M4)
    text = str(caught.value)
    assert text.count("try: reshape or transpose the input") == 2
    assert 'sum "sum1": axes (1, 3, 5, 7, 9) of' in text and '"mean1"' in text
    assert text.count("but nucleo-l4r5zi has kernels only where axes that stay") == 2


def test_rules_of_cards_are_in_the_message() -> None:
    b = Builder("net")
    x = b.input("x", (1, 2) * 5, "int8", Q)
    y = b.input("y", (1, 2, 1, 1, 2, 2, 1, 2, 1, 2), "int8", Q)
    z = b.input("z", (2, 1) * 5, "int8", Q)
    b.node("add", [x, y], name="fine", quant=Q)
    made = b.node("add", [x, z], name="many", quant=Q)
    with pytest.raises(UnsupportedError, match="8 loops are enough") as caught:
        compile_graph(b.graph([made], "quantized"), M4)
    assert "fine" not in str(caught.value)


def test_check_names_what_is_not_supported() -> None:
    result = check_model(bad_net(), M4)
    assert result["supported"] is False
    assert [node["supported"] for node in result["nodes"]] == [False, True, False]
    assert "reshape or transpose" in result["nodes"][0]["try"]
    assert result["nodes"][1]["reason"] is None
    assert result["arena_lower_bound_bytes"] == 4 * 1024 + 2 * 4 * 32
    assert result["constant_bytes"] == 3 * 4  # n, low, high of the relu


def test_check_counts_what_compile_makes(package: Package) -> None:
    result = check_model(small_net(), M4)
    assert result["supported"] is True
    assert result["constant_bytes"] == package.constant_bytes
    assert result["arena_lower_bound_bytes"] == package.plan.lower_bound_bytes


@pytest.mark.parametrize("make", [small_net, float_net])
def test_constant_bytes_are_those_of_the_linked_image(make: Any) -> None:
    try:
        compiler = find_arm_compiler()
    except ToolError as error:
        pytest.skip(str(error))
    from elftools.elf.elffile import ELFFile

    package = compile_graph(make(), M4)
    image = build_image(
        Source(package.name, package.files, ("chip.c", "freestanding.c")), M4, compiler
    )
    with image.open("rb") as file:
        rodata = ELFFile(file).get_section_by_name(".iseul_rodata")
        # the linker does not fill up the last table
        assert 0 <= package.constant_bytes - rodata["sh_size"] < 4


def test_equal_tables_are_stored_once() -> None:
    b = Builder("net")
    x = b.input("x", (1, 8), "int8", Q)
    w = b.constant("w", ramp(8, 8), quant=per_tensor(0.01))
    first = b.node("fully_connected", [x, w], name="first", quant=Q)
    one = check_model(b.graph([first], "quantized"), M4)["constant_bytes"]
    second = b.node("fully_connected", [first, w], name="second", quant=Q)
    two = check_model(b.graph([second], "quantized"), M4)["constant_bytes"]
    struct = 4 * (3 + 2 + 1 + 6)
    assert two == one + struct  # same weights, bias (zeros), multiplier and shift


def test_unknown_goal() -> None:
    with pytest.raises(UsageError, match="speed, ram, flash"):
        compile_graph(small_net(), M4, goal="fast")  # type: ignore[arg-type]


@pytest.mark.parametrize("goal", ["speed", "ram", "flash"])
def test_goals(goal: Any) -> None:
    assert compile_graph(small_net(), M4, goal=goal).plan.arena_bytes > 0


def test_scratch_is_planned_and_passed_and_the_goal_can_avoid_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from iseul.compile.kernels import relu
    from iseul.compile.kernels._card import no_overlap

    plain = replace(relu.CARDS[0], overlap=no_overlap)
    hungry = replace(
        plain, symbol="iseul_hungry", cost=lambda attrs, io: 1, scratch_bytes=lambda attrs, io: 40
    )
    monkeypatch.setattr(relu, "CARDS", (plain, hungry))
    monkeypatch.setattr("iseul.compile.emit.c.runtime_files", lambda model: {})
    b = Builder("net")
    graph = b.graph([b.node("relu", [b.input("x", (1, 8), "int8", Q)], name="act")], "quantized")
    package = compile_graph(graph, M4)
    scratch = next(buffer for buffer in package.plan.buffers if buffer.kind == "scratch")
    assert package.plan.lower_bound_bytes == package.plan.arena_bytes == 8 + 8 + 40
    assert f"ISEUL_AT(void, m->arena, {scratch.offset}));" in package.files["net.c"]
    assert compile_graph(graph, M4, goal="ram").steps[0].kernel == plain.symbol


def test_budget_message_names_the_peak() -> None:
    b = Builder("net")
    x = b.input("x", (1, 256, 256, 2), "int8", Q)
    y = b.node("cumsum", [x], name="act", axis=1)
    package = compile_graph(b.graph([y], "quantized"), M4)
    check_fits(package, M4)
    with pytest.raises(BudgetError) as caught:
        check_fits(package, M0)
    assert caught.value.problem == (
        "arena needs 262,144 bytes, nucleo-g0b1re has 147,456 "
        '(peak at node 0 "act": 131,072 in + 131,072 out).'
    )
    assert caught.value.remedy


def test_budget_of_flash() -> None:
    b = Builder("net")
    x = b.input("x", (1, 1024), "int8", Q)
    w = b.constant("w", np.zeros((600, 1024), np.int8), quant=per_tensor(0.01))
    y = b.node("fully_connected", [x, w], name="fc", quant=Q)
    package = compile_graph(b.graph([y], "quantized"), M0)
    with pytest.raises(BudgetError, match=r'most in node 0 "fc": 614,400'):
        check_fits(package, M0)


def test_floats_without_fpu_are_noted() -> None:
    assert compile_graph(float_net(), M4).notes == ()
    assert "no FPU" in compile_graph(float_net(), M0).notes[0]


def test_predicted_instructions_grow_with_the_work() -> None:
    predicted = predict_instructions(small_net(), M4)
    assert list(predicted) == ["conv/1", "add", "classes", "sum", "softmax"]
    assert predicted["conv/1"] > 3 * 1350 and predicted["add"] > predicted["sum"]


# --- arithmetic of iseul.h against numerics

ARITHMETIC = """
#include "iseul.h"
void requantize(int32_t n, const int32_t *x, const int32_t *q, const int32_t *s, int32_t *out);
void requantize(int32_t n, const int32_t *x, const int32_t *q, const int32_t *s, int32_t *out) {
  for (int32_t i = 0; i < n; ++i) {
    out[i] = iseul_requantize(x[i], q[i], s[i]);
  }
}
void divide(int32_t n, const int32_t *x, const int32_t *s, int32_t *out);
void divide(int32_t n, const int32_t *x, const int32_t *s, int32_t *out) {
  for (int32_t i = 0; i < n; ++i) {
    out[i] = iseul_divide_by_pot(x[i], s[i]);
  }
}
"""


@pytest.fixture(scope="module")
def arithmetic(package: Package) -> ctypes.CDLL:
    return build(package, {"arithmetic.c": ARITHMETIC})


def pointers(*arrays: np.ndarray) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


def test_requantize_equals_numerics(arithmetic: ctypes.CDLL) -> None:
    random = np.random.default_rng(0)
    n = 400_000
    shift = random.integers(-31, 4, n)
    room = 31 - np.maximum(shift, 0)
    x = (random.integers(-(2**31), 2**31, n) >> random.integers(0, 31, n)) >> (31 - room)
    q = random.integers(2**30, 2**31, n)
    # near ties of the first rounding, where the sign term decides
    tie = np.arange(n) < n // 4
    x[tie] = np.clip(
        (random.integers(-99, 99, tie.sum()) * 2**31 + 2**30) // q[tie], -(2**24), 2**24
    )
    q[-9:] = 0
    out = np.empty(n, np.int32)
    inputs = [np.ascontiguousarray(v, np.int32) for v in (x, q, shift)]
    arithmetic.requantize(ctypes.c_int32(n), *pointers(*inputs, out))
    np.testing.assert_array_equal(out, requantize.requantize(x, q, shift))


def test_divide_by_pot_equals_numerics(arithmetic: ctypes.CDLL) -> None:
    x = np.array([-(2**31), -(2**31) + 1, -7, -6, -5, -4, -1, 0, 1, 4, 5, 6, 2**31 - 1])
    x, shift = (v.ravel() for v in np.meshgrid(x, np.arange(32)))
    out = np.empty(len(x), np.int32)
    inputs = [np.ascontiguousarray(v, np.int32) for v in (x, shift)]
    arithmetic.divide(ctypes.c_int32(len(x)), *pointers(*inputs, out))
    np.testing.assert_array_equal(out, requantize.rounding_divide_by_pot(x, shift))


def test_crc_is_zlibs(arithmetic: ctypes.CDLL) -> None:
    crc = arithmetic.iseul_crc32
    crc.restype = ctypes.c_uint32
    data = bytes(range(256)) * 3
    assert crc(0, data, ctypes.c_size_t(len(data))) == zlib.crc32(data)
    first = crc(0, data[:100], ctypes.c_size_t(100))
    assert crc(ctypes.c_uint32(first), data[100:], ctypes.c_size_t(668)) == zlib.crc32(data)
    assert crc(0, b"", ctypes.c_size_t(0)) == 0
