# SPDX-License-Identifier: Apache-2.0
"""The last lines of `iseul run`: the headline of the report as a table for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from iseul.core.units import show_energy
from iseul.report.facts import collect
from iseul.report.read import Run, as_object, number, read_run
from iseul.report.tables import points, show

if TYPE_CHECKING:
    from collections.abc import Mapping


def summary_table(run: Path | str | Mapping[str, Any]) -> Table:
    """Accuracies, flash, RAM, instructions, latency and energy, each with how it was obtained.

    run: a run folder, or what `run --json` prints ({stages, device, accuracy, budgets})
    Rows without a number are left out. The table has no borders, so it stays plain text
    where the output is not a terminal.
    """
    found = read_run(Path(run)) if isinstance(run, str | Path) else _from_summary(run)
    facts = collect(found)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("what", no_wrap=True)
    table.add_column("number", justify="right", no_wrap=True)
    table.add_column("beside", no_wrap=True)
    table.add_column("how obtained", style="dim", overflow="fold")
    changes = {f"{row['stage']}_accuracy": row["change_total_points"] for row in facts["accuracy"]}
    for item in facts["headline"]:
        beside = ""
        if item["unit"] == "uj":
            beside = f"{show_energy(item['low'])} to {show_energy(item['high'])}"
        elif changes.get(item["name"]) is not None:
            beside = f"{points(changes[item['name']])} points"
        how = str(item["how"] or "").partition(":")[0]
        table.add_row(item["label"], show(item["value"], item["unit"]), beside, how)
    for row in facts["budgets"]:
        if not row["ok"]:
            limit = f"limit {show(row['limit'], row['unit'])}"
            table.add_row(
                row["label"], show(row["got"], row["unit"]), limit, "budget broken", style="bold"
            )
    return table


def _from_summary(summary: Mapping[str, Any]) -> Run:
    """The part of a run that its JSON summary tells."""
    stages = {name: as_object(stage) for name, stage in as_object(summary.get("stages")).items()}
    keys = {"train": "float", "compress": "compressed", "device": "device"}
    for stage, key in keys.items():
        value = number(summary, "accuracy", key)
        if value is not None:
            metrics = as_object(stages.get(stage, {}).get("metrics"))
            stages[stage] = {**stages.get(stage, {}), "metrics": {**metrics, "accuracy": value}}
    files = {"profile": summary["device"]} if isinstance(summary.get("device"), dict) else {}
    return Run(summary=summary, stages=stages, files=files)
