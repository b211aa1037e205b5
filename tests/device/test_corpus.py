# SPDX-License-Identifier: Apache-2.0
"""Every third-party model: right on numpy, on the host's C and on the emulated chip, or refused.

bench/corpus.py judges; here each file is a test. Models of more than `QUICK` MACs are judged on
the host alone unless `--all` is given.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from iseul.core.errors import UnsupportedError
from iseul.device.runners import cortex_m, host
from iseul.graph.files import load_graph

ROOT = Path(__file__).parents[2]
QUICK = 20_000_000


def _corpus() -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus", ROOT / "bench" / "corpus.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["corpus"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


corpus = _corpus()
ENTRIES = corpus.entries() if (corpus.DATA / "models").is_dir() else ()
pytestmark = pytest.mark.skipif(not ENTRIES, reason=f"no models at {corpus.DATA}; set ISEUL_DATA")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path.name)
def test_golden_outputs_or_all_blockers(entry: Any, request: pytest.FixtureRequest) -> None:
    for runner in (host, cortex_m):
        reason = runner.available()
        if reason is not None:
            pytest.skip(reason)
    judges = ("numpy", "host", "chip")
    try:
        graph = load_graph(entry.path)
    except UnsupportedError as error:
        assert error.blockers and all(b.name and b.problem and b.remedy for b in error.blockers)
        assert entry.name in REFUSED
        return
    assert entry.name not in REFUSED
    if not request.config.getoption("--all") and _macs(graph) > QUICK:
        judges = ("host",)
    row = corpus.examine(entry, judges)
    assert not row.wrong, row.verdicts
    if entry.golden is not None:
        assert row.verdicts.keys() == {"numpy", *judges}


# what the corpus has on purpose: an op that nobody knows
REFUSED = {"coral_invalid"}


def _macs(graph: Any) -> int:
    from iseul.core import registry

    ops = [(registry.load("iseul.graph.ops", node.op), node) for node in graph.nodes]
    return sum(op.macs(n.attrs, graph.io(n)) for op, n in ops if hasattr(op, "macs"))


def test_the_page_leaves_no_file_out() -> None:
    text = corpus.PAGE.read_text(encoding="utf-8")
    for entry in ENTRIES:
        name = re.escape(f"{entry.name}{entry.path.suffix}")
        assert re.search(rf"^\| {name}( \*)? \| {entry.oracle} \|", text, re.MULTILINE), entry.name
    assert "WRONG" not in text
