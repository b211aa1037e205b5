# SPDX-License-Identifier: Apache-2.0
"""Write the report of a run: report.html, report.json, and recipe.toml that makes it again.

Nothing in the three files depends on the time, the folder's name or how long a stage took:
the same artefacts and versions give the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from iseul.core.artifact import write_text
from iseul.report.facts import collect
from iseul.report.figures import draw
from iseul.report.html import page
from iseul.report.read import read_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def render_report(run_dir: Path) -> Mapping[str, str]:
    """The report's files by name, as text, from whatever stages the run folder has.

    Raises DataError if there is no finished stage, or a file in the folder is damaged.
    """
    run = read_run(run_dir)
    facts = collect(run)
    html = page(
        facts,
        draw(facts),
        run.arrays.get("condensed", {}),
        run.arrays.get("neighbours", {}),
    )
    files = {
        "report.html": html,
        "report.json": json.dumps(facts, indent=2, allow_nan=False) + "\n",
    }
    recipe = facts["reproduce"]["recipe_toml"]
    return files | ({"recipe.toml": recipe} if recipe else {})


def write_report(run_dir: Path, folder: Path | None = None) -> Path:
    """Write the report and return the path of report.html.

    folder: where to write; by default `report` inside the run folder
    """
    folder = folder or run_dir / "report"
    files = render_report(run_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_text(folder / name, text)
    return folder / "report.html"
