# SPDX-License-Identifier: Apache-2.0
"""Makes every number of `claims.toml` again and says which hold.

    python bench/run.py            all claims
    python bench/run.py image      the claims whose name starts with "image"

A claim names a recipe, a path into its `run.json`, the value the docs state, and how far a new
run may be off: `tolerance` on both sides, or `at_least` / `at_most` as a bound.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from iseul.pipeline import run_recipe
from iseul.pipeline.recipe import read_recipe

ROOT = Path(__file__).resolve().parent.parent


def value_at(summary: Any, path: str) -> float:
    """The number at a dotted path of run.json."""
    for part in path.split("."):
        summary = summary[part]
    return float(summary)


def holds(claim: dict[str, Any], got: float) -> bool:
    """Whether a new value supports what the docs state."""
    if "at_least" in claim:
        return got >= claim["at_least"]
    if "at_most" in claim:
        return got <= claim["at_most"]
    return abs(got - claim["value"]) <= claim["tolerance"]


def main(prefix: str = "") -> int:
    claims = tomllib.loads((ROOT / "bench" / "claims.toml").read_text())["claim"]
    chosen = [claim for claim in claims if claim["name"].startswith(prefix)]
    summaries: dict[str, Any] = {}
    bad = 0
    for claim in chosen:
        recipe = claim["recipe"]
        if recipe not in summaries:
            parsed = read_recipe(ROOT / recipe)
            summaries[recipe] = run_recipe(parsed, ROOT / "runs" / parsed.name).summary
        got = value_at(summaries[recipe], claim["metric"])
        ok = holds(claim, got)
        bad += not ok
        print(f"{'ok ' if ok else 'BAD'} {claim['name']}: {got:.6g} (stated {claim['value']:.6g})")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
