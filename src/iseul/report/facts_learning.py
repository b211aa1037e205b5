# SPDX-License-Identifier: Apache-2.0
"""Facts of what was learned: accuracy, confusion, condensed set, training, pruning, int8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.report.read import Facts, as_object, as_rows, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iseul.numerics import Array
    from iseul.report.read import Run


def accuracy_rows(run: Run) -> list[Facts]:
    """One row per step from the float model to the board; changes in points, step by step."""
    n = _n_test(run)
    found = [
        ("float", "float", number(run.metrics("train"), "accuracy"), _how_float(run)),
        ("compact", _compact_label(run), _compact(run), "measured: same test samples, floats"),
        ("int8", "int8", _int8(run), "measured: same test samples, exact integers of the graph"),
        ("device", _device_label(run), _device(run), _how_device(run)),
    ]
    rows: list[Facts] = []
    for stage, label, value, how in found:
        if value is None:
            continue
        before = rows[-1]["value"] if rows else None
        first = rows[0]["value"] if rows else None
        rows.append(
            {
                "stage": stage,
                "label": label,
                "value": value,
                "n": n,
                "change_points": None if before is None else 100 * (value - before),
                "change_total_points": None if first is None else 100 * (value - first),
                "how": how,
            }
        )
    return rows


def _n_test(run: Run) -> int | None:
    y = run.arrays.get("predictions", {}).get("y")
    if y is not None:
        return len(y)
    n = number(run.metrics("train"), "n_test")
    return None if n is None else int(n)


def _how_float(run: Run) -> str:
    n = number(run.metrics("train"), "n_samples")
    return "measured: test samples" + (f"; trained on {n:,} samples" if n is not None else "")


def _compact_label(run: Run) -> str:
    compress = as_object(run.recipe.get("compress"))
    done = [
        word for key, word in (("prune", "pruned"), ("finetune", "fine-tuned")) if compress.get(key)
    ]
    return "float, " + " and ".join(done or ["before quantization"])


def _compact(run: Run) -> float | None:
    """Accuracy of the float model that is quantized; only if a step before changed it."""
    compress = as_object(run.recipe.get("compress"))
    value = number(run.metrics("compress"), "accuracy_float")
    changed = compress.get("prune") or compress.get("finetune") or not compress
    return value if changed else None


def _int8(run: Run) -> float | None:
    if as_object(run.recipe.get("compress")).get("quantize", True) is None:
        return None
    return number(run.metrics("compress"), "accuracy")


def _predicted(run: Run) -> tuple[Array, Array] | None:
    """(y, device predictions) of the samples that have both; None if the run has none."""
    arrays = run.arrays.get("predictions", {})
    y, device = arrays.get("y"), arrays.get("device")
    if y is None or device is None or y.ndim != 1 or device.ndim != 1:
        return None
    if y.dtype.kind not in "iu" or device.dtype.kind not in "iu" or not len(y) or not len(device):
        return None
    n = min(len(y), len(device))
    return y[:n], device[:n]


def _device(run: Run) -> float | None:
    value = number(run.metrics("device"), "accuracy")
    pair = _predicted(run)
    if value is None and pair is not None:
        return float((pair[0] == pair[1]).mean())
    return value


def _device_label(run: Run) -> str:
    on_host = text(run.recipe, "device", "runner") == "host"
    return "C on this computer" if on_host else "device, emulated"


def _how_device(run: Run) -> str:
    metrics = run.metrics("device")
    host, chip = number(metrics, "n_compared_host"), number(metrics, "n_compared_device")
    if host is None or chip is None:
        return "measured: the generated C"
    runner = text(run.recipe, "device", "runner")
    where = "built for this computer" if runner == "host" else "on the emulated chip"
    return (
        f"measured: the generated C, built for this computer, on all {host:,} test samples, each "
        f"output equal to the graph's; {chip:,} of them {where} with every value compared"
    )


def confusion(run: Run) -> Facts:
    """Counts of true class (rows) against predicted class (columns); empty without predictions."""
    pair = _predicted(run)
    if pair is None:
        return {}
    y, device = (part.astype(np.int64) for part in pair)
    if min(y.min(), device.min()) < 0 or max(y.max(), device.max()) >= 1000:
        return {}
    n = int(max(y.max(), device.max())) + 1
    counts = np.zeros((n, n), np.int64)
    np.add.at(counts, (y, device), 1)
    total = counts.sum(1)
    recall = [int(counts[i, i]) / int(total[i]) if total[i] else None for i in range(n)]
    return {
        "classes": class_names(run, n),
        "counts": counts.tolist(),
        "recall": recall,
        "n": len(y),
        "how": "measured: predictions of the generated C",
    }


def class_names(run: Run, n: int) -> list[str]:
    """Names of n classes: as a stage wrote them, else their numbers."""
    for stage in ("device", "train", "condense", "compress"):
        names = run.metrics(stage).get("classes")
        if isinstance(names, list) and len(names) >= n:
            return [str(name) for name in names[:n]]
    return [str(i) for i in range(n)]


def condense_facts(run: Run) -> Facts:
    """Size and accuracy of the condensed set; empty if the run has none."""
    if "condense" not in run.stages:
        return {}
    metrics = run.metrics("condense")
    method = text(run.stages["condense"], "method") or "condensed"
    facts: Facts = {
        "method": method,
        "n_samples": number(metrics, "n_samples"),
        "n_bytes": number(metrics, "n_bytes"),
        "file_bytes": number(metrics, "file_bytes"),
        "bits": number(metrics, "bits"),
        "coding": text(metrics, "coding"),
        "factor": number(metrics, "factor"),
        "upsampler_bytes": number(metrics, "upsampler_bytes"),
        "kind": text(metrics, "kind") or "image",
        "unit": text(metrics, "unit") or "accuracy",
        "sound": {
            k: v for k, v in as_object(metrics.get("sound")).items() if number(v) is not None
        },
        "share_of_real": number(metrics, "share_of_real"),
        "accuracy": [{"name": name, "by": by} for name, by in _evaluations(metrics, method)],
        "scores": _scores(metrics),
        "networks": _networks(run, method),
        "leakage": _leakage(as_object(metrics.get("leakage"))),
        "series": series_of(run.files.get("condense_history")),
        "how": "counted; accuracy measured: fresh nets trained on the set, all test samples",
    }
    y = run.arrays.get("condensed", {}).get("y")
    if y is not None and y.ndim == 1 and len(y) and y.dtype.kind in "iu" and y.min() >= 0:
        per_class = np.bincount(y)
        used = per_class[per_class > 0]
        facts |= {
            "n_samples": len(y),
            "n_classes": len(used),
            "ipc": int(used[0]) if (used == used[0]).all() else None,
            "classes": class_names(run, len(per_class)),
        }
    return facts


def _evaluations(metrics: Mapping[str, Any], name: str) -> Iterator[tuple[str, Facts]]:
    """{augmentation: {mean, std, n}} of every set that was judged, with a name for it."""
    own = _columns(metrics.get("accuracy"))
    if own:
        yield name, own
    for i, (network, table) in enumerate(as_object(metrics.get("architectures")).items()):
        if i and (columns := _columns(table)):  # the first one is `accuracy`
            yield f"{name}, {network}", columns
    for other, table in as_object(metrics.get("baselines")).items():
        if columns := _columns(table):
            yield other, columns
    upper = as_object(metrics.get("upper_bound"))
    if number(upper, "mean") is not None:
        epochs = number(upper, "epochs")
        plural = "" if epochs == 1 else "s"
        said = "whole training set" + (f", {epochs:g} epoch{plural}" if epochs else "")
        yield said, _columns({text(upper, "column") or "none": upper})


def _networks(run: Run, method: str) -> list[Facts]:
    """Scores of single networks, in the order of `_evaluations`: {name, column, scores}."""
    found: dict[tuple[str, str], list[float]] = {}
    first = ""
    for row in as_rows(run.files.get("condense_scores")):
        kind, network, column = (text(row, key) for key in ("set", "network", "column"))
        score = number(row, "score")
        if not (kind and network and column) or score is None:
            continue
        first = first or network
        name = method if network == first else f"{method}, {network}"
        if kind != "own":
            name = {"whole": "whole training set"}.get(kind, kind.removeprefix("baseline "))
        found.setdefault((name, column), []).append(score)
    return [{"name": name, "column": by, "scores": each} for (name, by), each in found.items()]


def _columns(table: Any) -> Facts:
    """The cells of a table {augmentation: {mean, std, n, ...}} that have a mean."""
    found: Facts = {}
    for column, cell in as_object(table).items():
        if number(cell, "mean") is None:
            continue
        found[column] = {key: number(cell, key) for key in ("mean", "std", "n")}
        if number(cell, "std_seeds") is not None:
            found[column] |= {key: number(cell, key) for key in ("std_seeds", "seeds")}
    return found


def _scores(metrics: Mapping[str, Any]) -> Facts:
    """HLR, LRS and ARS, and the IOR of the strongest augmentation."""
    found = {key: number(metrics, key) for key in ("hlr", "lrs", "ars")}
    ior = as_object(metrics.get("ior"))
    strongest = next((c for c in ("dsa_cutmix", "dsa", "none") if c in ior), None)
    found["ior"] = number(ior, strongest) if strongest else None
    return {key: value for key, value in found.items() if value is not None}


def _leakage(said: Mapping[str, Any]) -> Facts:
    """Distances and membership tests that are whole; empty without a leakage report."""
    below = number(said, "copy_below")
    if below is None:
        return {}
    keys = ("ratio_min", "ratio_median", "held_out_ratio_median", "n_copies", "n")
    found: Facts = {"copy_below": below}
    for space in ("pixels", "embedding"):
        cells = {key: number(said, space, key) for key in keys}
        if None not in cells.values():
            found[space] = cells
    for who in ("members", "exposed"):
        tests = {
            how: {key: number(said, "membership", who, how, key) for key in ("auc", "error")}
            for how in ("loss", "calibrated")
        }
        found[who] = {how: t for how, t in tests.items() if None not in t.values()}
    return found


def series_of(history: Any) -> list[Facts]:
    """Curves of a history: [{name, series: {key: [number or None]}}], longest keys kept apart.

    history: {key: [numbers]}, a list of {key: number} per epoch, or {name: history}
    """
    if isinstance(history, list):
        keys = dict.fromkeys(key for row in as_rows(history) for key in row)
        history = {key: [row.get(key) for row in as_rows(history)] for key in keys}
    flat = {
        key: [number(item) for item in value]
        for key, value in as_object(history).items()
        if isinstance(value, list) and any(number(item) is not None for item in value)
    }
    found = [{"name": "", "series": flat}] if flat else []
    for key, value in as_object(history).items():
        if isinstance(value, dict) or (isinstance(value, list) and key not in flat):
            found += [item | {"name": item["name"] or key} for item in series_of(value)]
    return found


def quantization_rows(run: Run) -> list[Facts]:
    """Per value what the quantization method tells of it; `worst` marks where to look first.

    That are the values with the lowest SQNR of their own, an eighth of all, and those of whose
    numbers more than 1 % are saturated.
    """
    rows = [_plain(row) for row in as_rows(run.files.get("calibration"))]
    keys = ("sqnr_own_db", "sqnr_db")
    key = next((k for k in keys if any(number(row, k) is not None for row in rows)), keys[0])
    judged = [row for row in rows if number(row, key) is not None]
    judged.sort(key=lambda row: row[key])
    worst = {id(row) for row in judged[: -(-len(judged) // 8)]}
    for row in rows:
        clipped = number(row, "saturation")
        row["worst"] = id(row) in worst or (clipped is not None and clipped > 0.01)
    return rows


def pruning_rows(run: Run) -> list[Facts]:
    """Per layer: what was there and what is left, as the method tells it."""
    return [_plain(row) for row in as_rows(run.files.get("pruning"))]


def _plain(row: Mapping[str, Any]) -> Facts:
    """The plain cells of a row; numbers that no run counts become None."""
    return {
        key: value if isinstance(value, str | bool) else number(value)
        for key, value in row.items()
        if value is None or isinstance(value, str | int | float | bool)
    }
