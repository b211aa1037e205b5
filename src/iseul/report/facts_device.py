# SPDX-License-Identifier: Apache-2.0
"""Facts of the board: proof, counts, time, memory, flash, energy, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.report.read import Facts, as_object, as_rows, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.report.read import Run

_BUDGET_LABEL = {
    "flash_bytes": ("Flash: code and constants", "bytes", "counted"),
    "constant_bytes": ("Constants in flash", "bytes", "counted"),
    "ram_bytes": ("RAM: arena, state and stack", "bytes", "planned + painted"),
    "arena_bytes": ("Arena", "bytes", "planned + painted"),
    "latency_ms": ("Latency", "ms", "modelled"),
    "accuracy": ("Accuracy on the device, at least", "share", "measured"),
}


def verdict(run: Run) -> Facts:
    """What the judges said; `state` is proven, different or unchecked."""
    verify = as_object(run.files.get("verify"))
    equal = verify.get("equal")
    if not isinstance(equal, bool):
        return {"state": "unchecked"}
    judges = verify.get("judges")
    hashes = [text(item) for item in as_object(verify.get("sha256_by_judge")).values()]
    selftests = {
        judge: code
        for judge, code in as_object(verify.get("selftests")).items()
        if number(code) is not None
    }
    first = verify.get("first_difference")
    return {
        "state": "proven" if equal else "different",
        "judges": [str(judge) for judge in judges] if isinstance(judges, list) else [],
        "n_inputs": number(verify, "n_inputs"),
        "n_traced": number(verify, "n_traced"),
        "same_bytes": len(set(hashes)) == 1 if len(hashes) > 1 and all(hashes) else None,
        "selftests": selftests,
        "n_compared_host": number(run.metrics("device"), "n_compared_host"),
        "first_difference": dict(first) if isinstance(first, dict) else None,
        "outputs_sha256": text(verify, "outputs_sha256"),
        "how": "measured: every judge ran the same inputs; integers must be equal to the bit",
    }


def budgets(run: Run) -> list[Facts]:
    """The budgets that the run judged, with units and the share of the limit that is used."""
    rows = []
    for row in as_rows(run.summary.get("budgets")):
        limit, got = number(row, "limit"), number(row, "got")
        if limit is None or got is None or not isinstance(row.get("ok"), bool):
            continue
        name = text(row, "name")
        label, unit, how = _BUDGET_LABEL.get(name, (name, "", ""))
        share = got / limit if limit else None
        rows.append(
            {
                "name": name,
                "label": label,
                "limit": limit,
                "got": got,
                "unit": unit,
                "share": share,
                "ok": row["ok"],
                "how": how,
            }
        )
    return rows


def device_facts(run: Run) -> Facts:
    """counts, latency, energy, ram, flash, nodes, plan: each empty if the run has none."""
    profile = as_object(run.files.get("profile"))
    return {
        "counts": _counts(profile),
        "latency": _latency(profile),
        "energy": _energy(profile),
        "ram": _ram(run, profile),
        "flash": _flash(profile),
        "nodes": nodes(profile, run),
        "plan": plan(run),
    }


def _counts(profile: Mapping[str, Any]) -> Facts:
    instructions, macs = number(profile, "instructions"), number(profile, "macs")
    if instructions is None and macs is None:
        return {}
    per_mac = instructions / macs if instructions is not None and macs else None
    return {
        "instructions": instructions,
        "macs": macs,
        "instructions_per_mac": per_mac,
        "range": {
            key: number(profile, "instructions_range", key) for key in ("min", "max", "n_inputs")
        },
        "runner": text(profile, "runner"),
        "compiler": text(profile, "compiler"),
        "how": "counted" + (f" by {text(profile, 'runner')}" if text(profile, "runner") else ""),
    }


def _latency(profile: Mapping[str, Any]) -> Facts:
    ms = number(profile, "latency_ms_model")
    if ms is None:
        return {}
    cycles = number(profile, "cycles_model")
    return {
        "ms": ms,
        "cycles": cycles,
        "source": text(profile, "cycles_source"),
        "how": "modelled",
    }


def _energy(profile: Mapping[str, Any]) -> Facts:
    low, mid, high = (number(profile, "energy_uj", key) for key in ("low", "mid", "high"))
    if low is None or mid is None or high is None:
        return {}
    source = text(profile, "energy_uj", "source")
    return {"low": low, "mid": mid, "high": high, "source": source, "how": "modelled"}


def _ram(run: Run, profile: Mapping[str, Any]) -> Facts:
    """RAM by part; the arena counts as painted only if the paint was read back.

    model_bytes and static_bytes lie beside the sum: the handle that the caller keeps, and the
    program's own variables.
    """
    parts = {key: number(profile, "ram", f"{key}_bytes") for key in ("arena", "state", "stack")}
    bound = number(profile, "ram", "arena_lower_bound_bytes")
    touched = number(profile, "ram", "arena_touched_bytes")
    how = "planned" if touched is None else "planned + painted"
    if parts["arena"] is None:
        arena = number(run.files.get("package"), "plan", "arena_bytes")
        if arena is None:
            return {}
        bound = number(run.files.get("package"), "plan", "lower_bound_bytes")
        parts = {"arena": arena, "state": None, "stack": None}
    return {
        "arena_bytes": parts["arena"],
        "state_bytes": parts["state"],
        "stack_bytes": parts["stack"],
        "total_bytes": sum(value for value in parts.values() if value is not None),
        "arena_lower_bound_bytes": bound,
        "arena_touched_bytes": touched,
        "model_bytes": number(profile, "ram", "model_bytes"),
        "static_bytes": number(profile, "ram", "static_bytes"),
        "how": how,
    }


def _flash(profile: Mapping[str, Any]) -> Facts:
    code, constants = (number(profile, "flash", f"{key}_bytes") for key in ("code", "constant"))
    if code is None or constants is None:
        return {}
    return {
        "code_bytes": code,
        "constant_bytes": constants,
        "total_bytes": code + constants,
        "how": "counted",
    }


def nodes(profile: Mapping[str, Any], run: Run) -> list[Facts]:
    """Per executed node: shape, MACs, instructions, their ratio, share of all instructions."""
    rows = as_rows(profile.get("nodes"))
    if not rows:  # compiled but not run: the steps are known, their cost is not
        rows = [
            {**row, "name": text(row, "node")}
            for row in as_rows(as_object(run.files.get("package")).get("steps"))
        ]
    total = sum(number(row, "instructions") or 0 for row in rows)
    made = []
    for index, row in enumerate(rows):
        macs, instructions = number(row, "macs"), number(row, "instructions")
        shape = row.get("shape")
        made.append(
            {
                "index": index,
                "name": text(row, "name"),
                "op": text(row, "op"),
                "shape": [number(size) for size in shape] if isinstance(shape, list) else None,
                "macs": macs,
                "instructions": instructions,
                "instructions_per_mac": instructions / macs
                if macs and instructions is not None
                else None,
                "share": instructions / total if instructions is not None and total else None,
                "kernel": text(row, "kernel"),
                "constant_bytes": number(row, "constant_bytes"),
            }
        )
    return made


def plan(run: Run) -> Facts:
    """The memory plan over time: buffers, live bytes per step, the peak step."""
    package = as_object(run.files.get("package"))
    raw = as_object(package.get("plan"))
    steps = [text(row, "node") for row in as_rows(package.get("steps"))]
    keys = ("offset", "n_bytes", "first_step", "last_step")
    buffers: list[Facts] = [
        {"name": text(row, "name"), **{key: number(row, key) for key in keys}}
        | {"kind": text(row, "kind")}
        for row in as_rows(raw.get("buffers"))
        if all(number(row, key) is not None for key in keys)
    ]
    arena = number(raw, "arena_bytes")
    if not buffers or arena is None or arena <= 0:
        return {}
    # without steps the buffers tell how many there are, up to what can be drawn
    n_steps = len(steps) or min(10_000, 1 + max(0, *(int(b["last_step"]) for b in buffers)))
    live = [_live_bytes(buffers, step) for step in range(n_steps)]
    peak = max(range(n_steps), key=lambda step: live[step])
    return {
        "arena_bytes": arena,
        "lower_bound_bytes": number(raw, "lower_bound_bytes"),
        "buffers": buffers,
        "steps": steps + [""] * (n_steps - len(steps)),
        "live_bytes": live,
        "peak_step": peak,
        "how": "planned",
    }


def _live_bytes(buffers: Sequence[Mapping[str, Any]], step: int) -> int:
    """Bytes of the arena that a live buffer covers at a step; shared bytes count once."""
    spans = sorted(
        (int(b["offset"]), int(b["offset"] + b["n_bytes"]))
        for b in buffers
        if b["first_step"] <= step <= b["last_step"]
    )
    covered, end = 0, 0
    for start, stop in spans:
        covered += max(0, stop - max(start, end))
        end = max(end, stop)
    return covered
