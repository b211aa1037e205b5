# SPDX-License-Identifier: Apache-2.0
"""Condensation methods side by side, and what each part of subset matching is worth.

    python bench/condense.py                        digits: minutes on one core
    python bench/condense.py fashion_mnist cifar10  hours each
    python bench/condense.py fashion_mnist --scale 2 --rows "subset_match*"
    python bench/condense.py spoken_digits speech_commands  hours each
    python bench/condense.py digits --rows kmeans "subset_match*" --seeds 5 --nets 10

Rows of the first table are methods, those of the second are variants of `subset_match` at equal
compute: class by class (K = 1), k-means K and random K with and without the class anchor, only
the real side split. The random split and the real side alone are controls: if one of them
wins, something is broken. Hard labels, last epoch; mean and deviation over syntheses of the mean
over fresh networks. Each finished cell is a line of `<out>/<set>.jsonl`; a run that was stopped
goes on there, so delete the file to start afresh. A row that asks the real side what the row
before it asked goes on with that row's bank: its CPU seconds are of the synthetic side alone,
as those of a cell that was stopped are of what was left.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from iseul.condense import evaluate
from iseul.condense._tasks import problem_of
from iseul.core import registry
from iseul.core.config import build

ROOT = Path(__file__).resolve().parent.parent
SOUNDS = ("spoken_digits", "speech_commands")  # stored samples can hold two, one after the other
SETS = ("digits", "fashion_mnist", "cifar10", *SOUNDS)
MIRRORED = ("fashion_mnist", "cifar10")  # left and right mean the same there

# Steps, in units of those for digits; a row of "methods" costs about as much as one of "ablation".
# DC's and IDC's step widths are for short runs: the published ones want 10 to 1000 times as many.
SCALE = {"fashion_mnist": 8, "cifar10": 8}


def rows(name: str, ipc: int, scale: int = 0) -> dict[str, tuple[str, dict[str, Any]]]:
    """{row: (method, settings)}; the rows of the ablation start with "subset_match".

    scale: steps and networks in units of those for digits; 0: what SCALE says
    """
    n = scale or SCALE.get(name, 1)
    mirror = {"mirror": name in MIRRORED}
    online = {"inner": 10, "n_data": 256, "lr_image": 0.05, **mirror}
    dc = {"iterations": 10 * n, "outer": 10, "inner": 10, "start": "real", "lr_image": 0.3}
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "random": ("random", {}),
        "herding": ("herding", mirror),
        "kmeans": ("kmeans", mirror),
        "distribution_match (DM)": ("distribution_match", {"iterations": 300 * n, **mirror}),
        "gradient_match (DC)": ("gradient_match", {"batch_real": 64, **dc}),
        "gradient_match, siamese (DSA)": (
            "gradient_match",
            {"batch_real": 64, "siamese": True, **dc, **mirror},
        ),
        "multi_formation, factor 1 (IDC-I)": (
            "multi_formation",
            {"iterations": 10 * n, "factor": 1, **online},
        ),
        "representative_match, factor 1 (DREAM)": (
            "representative_match",
            {"iterations": 10 * n, "factor": 1, **online},
        ),
    }
    common = {"steps": 100 * n, **mirror}
    if name in SOUNDS:
        common["lr_image"] = 0.002  # the default throws them off their start (docs/log.md)
    networks = {"nets": 4 * n, "train_steps": 120 * n}
    # where the synthetic side is one subset per class, the anchor would match the same once more
    for kind, label, anchors in (
        ("none", "K = 1", (0.0,)),
        ("kmeans", "k-means K", (0.0, 1.0, 30.0)),
        ("random", "random K (control)", (0.0, 1.0)),
        ("real_only", "real side alone split (control)", (0.0,)),
    ):
        for anchor in anchors:
            settings = {**common, "subsets": {"kind": kind}, "anchor": anchor}
            suffix = f", anchor {anchor:g}" if len(anchors) > 1 else ""
            made[f"subset_match, {label}{suffix}"] = (
                "subset_match",
                {**settings, "networks": networks},
            )
    if name in SOUNDS:
        for row, label in (
            ("subset_match, k-means K, anchor 1", "subset_match, k-means K, anchor 1, factor 2"),
            ("multi_formation, factor 1 (IDC-I)", "multi_formation, factor 2 (IDC)"),
        ):
            method, settings = made[row]
            made[label] = (method, {**settings, "factor": 2})
    return {row: (method, {"ipc": ipc, **rest}) for row, (method, rest) in made.items()}


def cell(
    name: str, method: str, settings: dict[str, Any], seed: int, judge: Any, work: Path
) -> dict[str, Any]:
    """One synthesis, judged: accuracies in percent by column, their deviations over networks, and
    CPU seconds of the synthesis.

    work: a folder of this set and seed; neighbouring rows may find a bank there
    """
    data = registry.load("iseul.data.sets", name)
    splits = data.load(data.Config())
    problem = replace(problem_of(splits), folder=work)
    entry = registry.load("iseul.condense", method)
    started = time.process_time()
    made = entry.condense(problem, build(entry.Config, settings, "condense"), seed)
    took = time.process_time() - started
    table = evaluate.evaluate(made, problem, splits.test, problem.build_model, judge, seed)
    return {
        "accuracy": {column: 100 * row["mean"] for column, row in table.items()},
        "deviation": {column: 100 * row["std"] for column, row in table.items()},
        "cpu_s": took,
    }


def show(found: dict[str, list[dict[str, Any]]], columns: tuple[str, ...]) -> str:
    """A Markdown table: mean over syntheses, and their deviation if there are several."""
    lines = [
        "| | " + " | ".join(columns) + " | syntheses | CPU-s |",
        "|---|" + "---|" * (len(columns) + 2),
    ]
    for row, cells in found.items():
        scores = []
        for column in columns:
            each = [c["accuracy"][column] for c in cells]
            spread = f" +- {np.std(each, ddof=1):.2f}" if len(each) > 1 else ""
            scores.append(f"{np.mean(each):.2f}{spread}")
        cpu = np.mean([c["cpu_s"] for c in cells])
        lines.append(f"| {row} | " + " | ".join(scores) + f" | {len(cells)} | {cpu:.0f} |")
    return "\n".join(lines)


def run(name: str, args: argparse.Namespace) -> None:
    """Fill what is missing of one set's table, seed by seed, and print it."""
    columns = tuple(args.columns)
    judge = evaluate.Config(
        nets=args.nets, columns=columns, epochs=args.epochs, mirror=name in MIRRORED
    )
    path = args.out / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    settled = {"ipc": args.ipc, "judge": judge.model_dump(mode="json")}
    kept = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    chosen = {
        row: value
        for row, value in rows(name, args.ipc, args.scale).items()
        if any(fnmatch.fnmatch(row, pattern) for pattern in args.rows)
    }
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in chosen}
    for seed in range(args.seeds):
        work = args.out / f"{name}.work" / str(seed)
        for row, (method, settings) in chosen.items():
            key = {"row": row, "seed": seed, "settings": settings, **settled}
            known = [line for line in kept if line["key"] == key]
            if known:
                made = known[0]
            else:
                made = {"key": key, **cell(name, method, settings, seed, judge, work)}
                with path.open("a") as file:
                    file.write(json.dumps(made) + "\n")
                print(
                    f"{name}, seed {seed}, {row}: {made['accuracy']}", file=sys.stderr, flush=True
                )
            found[row].append(made)
    shutil.rmtree(args.out / f"{name}.work", ignore_errors=True)
    print(f"\n{name}, {args.ipc} per class, {args.nets} networks each\n")
    print(show(found, columns))


def main() -> int:
    parser = argparse.ArgumentParser(description="condensation methods side by side")
    parser.add_argument("sets", nargs="*", default=["digits"], help=f"of {', '.join(SETS)}")
    parser.add_argument("--ipc", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3, help="syntheses per row")
    parser.add_argument("--nets", type=int, default=5, help="networks per synthesis and column")
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument(
        "--scale", type=int, default=0, help="steps and networks, digits: 1; 0: as the set asks"
    )
    parser.add_argument("--columns", nargs="+", default=["none", "dsa"])
    parser.add_argument("--rows", nargs="+", default=["*"], help="patterns of rows to run")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "condense")
    args = parser.parse_args()
    unknown = sorted(set(args.sets) - set(SETS))
    if unknown:
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(SETS)}")
    for name in args.sets:
        run(name, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
