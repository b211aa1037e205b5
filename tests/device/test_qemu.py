# SPDX-License-Identifier: Apache-2.0
"""QEMU: counts equal unicorn's, nothing stays behind, and a QEMU that misbehaves is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from device._boards import M55, WITH_QEMU
from device._nets import M4, NETS, equal, package, samples
from iseul.core.errors import ToolError
from iseul.device import _count, _gdb, _loaded, _qemu
from iseul.device._count import count_invoke
from iseul.device._loaded import Loaded, link
from iseul.device._qemu import QemuChip
from iseul.device.measure import profile_package
from iseul.device.runners import cortex_m, qemu
from iseul.targets import load_target

pytestmark = WITH_QEMU


def _sample(packed):
    return [x[0] for x in samples(packed.graph, 1)]


def _count_on_both(packed, monkeypatch):
    """Counts of one image by unicorn and by QEMU, on the board MPS2 AN386 (Cortex-M4)."""
    # where that board has its memories
    memory = {"flash_start": 0, "ram_start": 0x2000_0000, "flash_bytes": 4 << 20}
    target = load_target(M4).model_copy(update={**memory, "ram_bytes": 4 << 20})
    packed = replace(packed, target=target)
    unicorn = replace(cortex_m.FAMILY, harness=_qemu.HARNESS)
    in_qemu = replace(unicorn, make=partial(QemuChip, "mps2-an386", protects=False))
    found = []
    for family in (unicorn, in_qemu):
        monkeypatch.setattr(_loaded, "family_of", lambda target, family=family: family)
        found.append(count_invoke(packed, link(packed), _sample(packed)))
    return found


@pytest.mark.parametrize("net", NETS)
def test_qemu_counts_what_unicorn_counts(net, monkeypatch):
    unicorn, in_qemu = _count_on_both(package(net, M4), monkeypatch)
    assert in_qemu == unicorn, "instructions and cycles of every step, without a tolerance"


def test_counting_twice_gives_the_same():
    packed = package("every_int8_op", M55)
    image, sample = link(packed), _sample(packed)
    assert count_invoke(packed, image, sample) == count_invoke(packed, image, sample)


def test_helium_instructions_run():
    """The image has vector instructions, and the core runs them."""
    from iseul.device import _cycles_arm as cycles

    packed = package("dense", M55)
    image = link(packed, qemu.FAMILY.find(None))
    code = [data for address, data in image.segments if address >= packed.target.flash_start]
    known = {i for data in code for i in cycles.decode(data[: len(data) & ~3], 0) if i}
    assert cycles.VECTOR in known
    assert qemu.selftest(packed) == 0


# --- nothing stays behind


def _children(pid: int | str = "self") -> set[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def test_no_process_and_no_file_of_a_run_stays(tmp_path, monkeypatch):
    folder = tmp_path / "a, b;$(c)"  # what a shell or QEMU's options could take for their own
    folder.mkdir()
    for module in (_qemu, _count):
        monkeypatch.setattr(module, "work_folder", lambda: folder)
    packed = package("chain", M55)
    before = _children()
    outputs = qemu.run(packed, samples(packed.graph, 2)).outputs
    assert profile_package(packed)["instructions"] > 0
    assert equal(outputs[0], qemu.run(packed, samples(packed.graph, 2)).outputs[0])
    assert _children() == before
    left = {path.name.partition("-")[0] for path in folder.iterdir()}
    assert left == {"segment"}, "the image's segments serve the next run, counters are gone"


def test_no_process_stays_after_an_error(monkeypatch):
    packed = package("chain", M55)
    before = _children()
    image = link(packed)
    with pytest.raises(ToolError), Loaded(packed, image) as loaded:
        loaded.call("init", 0xFFFF_0000, 4, 1 << 30)
        loaded.chip.call("no_such_function")
    loaded = Loaded(packed, image)
    assert len(_children()) == len(before) + 1
    del loaded
    assert _children() == before


@pytest.mark.skipif(not _gdb._dies_with_us(), reason="no setpriv on this system")
def test_qemu_ends_with_a_process_that_is_killed():
    program = (
        "import time\n"
        "from iseul.device._gdb import Gdb\n"
        "from iseul.device._qemu import QUIET, program\n"
        'gdb = Gdb([program(), "-M", "mps3-an547", *QUIET, "-S", "-gdb", "stdio"], "qemu")\n'
        'gdb.ask("?")\n'  # it runs
        "print(gdb._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}/status").exists()
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.communicate()
    for _ in range(100):
        if not _is_alive(child):
            break
        time.sleep(0.05)
    assert not _is_alive(child)


def _is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


# --- a QEMU that is missing or misbehaves


def test_without_qemu_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_qemu.shutil, "which", lambda name: None)
    assert "apt-get install qemu-system-arm" in (qemu.available() or "")
    with pytest.raises(ToolError, match=r"no qemu-system-arm[^$]*apt-get install"):
        qemu.run(package("dense", M55), samples(package("dense", M55).graph, 1))


def _fake_qemu(monkeypatch, tmp_path, text: str) -> None:
    fake = tmp_path / "qemu"
    fake.write_text(f"#!/bin/sh\n{text}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(_qemu, "program", lambda: str(fake))


def test_a_qemu_that_ends_is_told_with_its_last_lines(monkeypatch, tmp_path):
    _fake_qemu(monkeypatch, tmp_path, "echo unsupported machine type >&2; exit 1")
    with pytest.raises(ToolError, match=r"(?s)-M mps3-an547 ended.*unsupported machine type"):
        qemu.selftest(package("dense", M55))


def test_a_qemu_that_says_nothing_is_not_waited_for_forever(monkeypatch, tmp_path):
    _fake_qemu(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(_gdb, "ANSWER_SECONDS", 0.2)
    before = _children()
    with pytest.raises(ToolError, match=r"gave no answer within 0\.2 s"):
        qemu.selftest(package("dense", M55))
    assert _children() == before


def test_a_qemu_that_talks_nonsense_is_named(monkeypatch, tmp_path):
    _fake_qemu(monkeypatch, tmp_path, "printf '$E22#aa$E22#aa$E22#aa'; exec sleep 60")
    with pytest.raises(ToolError, match=r'mps3-an547 answered "E22"'):
        qemu.selftest(package("dense", M55))
