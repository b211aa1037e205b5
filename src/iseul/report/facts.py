# SPDX-License-Identifier: Apache-2.0
"""The facts of a run: every number a report shows, with how it was obtained.

`collect` turns the raw files into one JSON-able object; it is written as report.json, and page,
figures and terminal table draw from it and from nothing else. A fact that the run does not
have is None or empty, and what shows it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.errors import IseulError
from iseul.report.facts_device import budgets, device_facts, verdict
from iseul.report.facts_learning import (
    accuracy_rows,
    condense_facts,
    confusion,
    pruning_rows,
    quantization_rows,
    series_of,
)
from iseul.report.read import Facts, number, text
from iseul.report.reproduce import reproduce
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.report.read import Run


HOW = {
    "counted": "exact: every instruction of the emulated chip, every byte of the linked program, "
    "every multiply of the graph, counted one by one",
    "measured": "observed in a run: accuracy on test samples, stack depth by painting",
    "planned + painted": "laid out before the program runs, then checked on the emulated chip: "
    "memory painted before the run shows that no other byte was touched",
    "modelled": "computed from counts by a stated model; the real board was not measured",
}


def collect(run: Run) -> Facts:
    """All facts of a run, JSON-able, numbers finite."""
    device = device_facts(run)
    accuracy = accuracy_rows(run)
    facts: Facts = {
        "schema": 1,
        "run": _run(run),
        "headline": [],
        "verdict": verdict(run),
        "accuracy": accuracy,
        "confusion": confusion(run),
        "budgets": budgets(run),
        **device,
        "condense": condense_facts(run),
        "training": series_of(run.files.get("train_history")),
        "pruning": pruning_rows(run),
        "quantization": quantization_rows(run),
        "stages": _stages(run),
        "warnings": _warnings(run),
        "reproduce": reproduce(run),
        "how": HOW,
    }
    facts["headline"] = _headline(facts)
    return facts


def board(run: Run) -> Mapping[str, Any]:
    """The board's description, as the recipe names it; only the name if it is unknown here."""
    name = text(run.recipe, "board") or text(run.files.get("profile"), "target")
    if not name:
        return {}
    try:
        target = load_target(name)
    except IseulError:
        return {"name": name}
    keys = {"name", "title", "core", "clock_mhz", "flash_bytes", "ram_bytes", "sources"}
    return target.model_dump(mode="json", include=keys)


def _run(run: Run) -> Facts:
    data = run.recipe.get("data")
    return {
        "name": text(run.recipe, "name") or text(run.files.get("package"), "name") or "run",
        "data": text(data, "method"),
        "model": text(run.recipe, "train", "model", "method"),
        "seed": number(run.recipe, "seed"),
        "tiny": run.recipe.get("tiny") is True,
        "board": board(run),
    }


def _stages(run: Run) -> list[Facts]:
    return [
        {
            "stage": name,
            "method": text(stage, "method"),
            "key": text(stage, "key"),
            "hash": text(stage, "hash"),
        }
        for name, stage in run.stages.items()
    ]


def _warnings(run: Run) -> list[Facts]:
    found = []
    for name, stage in run.stages.items():
        lines = stage.get("fallbacks")
        for line in lines if isinstance(lines, list) else []:
            found.append({"stage": name, "line": str(line)})
    return found


def _headline(facts: Facts) -> list[Facts]:
    """The numbers at the top, in this order, as far as they exist."""
    rows = [
        _item(f"{row['stage']}_accuracy", f"Accuracy, {row['label']}", row["value"], "share", row)
        for row in facts["accuracy"]
        if row["stage"] in ("float", "int8", "device")
    ]
    flash, ram = facts["flash"], facts["ram"]
    rows += [
        _item("flash", "Flash", flash.get("total_bytes"), "bytes", flash),
        _item("ram", "RAM", ram.get("total_bytes"), "bytes", ram),
        _item(
            "instructions",
            "Instructions",
            facts["counts"].get("instructions"),
            "count",
            facts["counts"],
        ),
        _item("latency", "Latency", facts["latency"].get("ms"), "ms", facts["latency"]),
        _item("energy", "Energy", facts["energy"].get("mid"), "uj", facts["energy"]),
    ]
    return [row for row in rows if row["value"] is not None]


def _item(name: str, label: str, value: Any, unit: str, source: Mapping[str, Any]) -> Facts:
    item = {"name": name, "label": label, "value": value, "unit": unit, "how": source.get("how")}
    if unit == "uj":
        item |= {"low": source.get("low"), "high": source.get("high")}
    return item
