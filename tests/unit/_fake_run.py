# SPDX-License-Identifier: Apache-2.0
"""A run folder with every file that the pipeline writes, for tests of the report.

Not real measurements: MACs, shapes and the memory plan are computed from a small depthwise
net by arithmetic; instructions, accuracies and curves follow plain formulas. Same arguments,
same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from iseul.condense._condensed import About, Condensed, seal

CLASSES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
]  # fmt: skip
SHA = "e6d3bb8eb5ab478818438212c543a03af9ab4dbbbe7176227a971028cc7562ee"
# (name, op, output (N, H, W, C), MACs, instructions per MAC, constants in bytes)
NODES = [
    ("stem", "conv2d", (1, 14, 14, 16), 14 * 14 * 16 * 9, 2.9, 16 * 9 + 12 * 16),
    ("block1/depthwise", "depthwise_conv2d", (1, 14, 14, 16), 14 * 14 * 16 * 9, 2.4, 336),
    ("block1/pointwise", "conv2d", (1, 14, 14, 32), 14 * 14 * 32 * 16, 0.95, 32 * 16 + 12 * 32),
    ("block2/depthwise", "depthwise_conv2d", (1, 7, 7, 32), 7 * 7 * 32 * 9, 2.5, 672),
    ("block2/pointwise", "conv2d", (1, 7, 7, 48), 7 * 7 * 48 * 32, 0.88, 48 * 32 + 12 * 48),
    ("block3/depthwise", "depthwise_conv2d", (1, 7, 7, 48), 7 * 7 * 48 * 9, 2.4, 1008),
    ("block3/pointwise", "conv2d", (1, 7, 7, 48), 7 * 7 * 48 * 48, 0.86, 48 * 48 + 12 * 48),
    ("residual", "add", (1, 7, 7, 48), 0, 0.0, 0),
    ("pool", "average_pool2d", (1, 1, 1, 48), 0, 0.0, 0),
    ("classifier", "fully_connected", (1, 10), 480, 1.4, 480 + 40),
    ("softmax", "softmax", (1, 10), 0, 0.0, 0),
]
# values of the plan: name, bytes, first and last step at which it is alive
_VALUES = [
    ("image", 784, 0, 0, "input"),
    ("stem", 3136, 0, 1, "value"),
    ("block1/depthwise", 3136, 1, 2, "value"),
    ("im2col", 1152, 2, 2, "scratch"),
    ("block1/pointwise", 6272, 2, 3, "value"),
    ("block2/depthwise", 1568, 3, 4, "value"),
    ("block2/pointwise", 2352, 4, 7, "value"),
    ("block3/depthwise", 2352, 5, 6, "value"),
    ("block3/pointwise", 2352, 6, 7, "value"),
    ("residual", 2352, 7, 8, "value"),
    ("pool", 48, 8, 9, "value"),
    ("classifier", 10, 9, 10, "value"),
    ("softmax", 10, 10, 10, "value"),
]


def make_plan() -> dict:
    """A plan by first fit, largest first; no two live buffers overlap."""
    placed: list[dict] = []
    for name, n_bytes, first, last, kind in sorted(_VALUES, key=lambda v: (-v[1], v[0])):
        rivals = sorted(
            (b["offset"], b["offset"] + b["n_bytes"])
            for b in placed
            if b["first_step"] <= last and first <= b["last_step"]
        )
        offset = 0
        for start, stop in rivals:
            if offset + n_bytes <= start:
                break
            offset = max(offset, -(-stop // 8) * 8)
        placed.append(
            {
                "name": name,
                "offset": offset,
                "n_bytes": n_bytes,
                "first_step": first,
                "last_step": last,
                "kind": kind,
            }
        )
    live = [
        sum(b["n_bytes"] for b in placed if b["first_step"] <= step <= b["last_step"])
        for step in range(len(NODES))
    ]
    arena = max(b["offset"] + b["n_bytes"] for b in placed)
    return {"arena_bytes": arena, "lower_bound_bytes": max(live), "buffers": placed}


def glyphs(n_per_class: int, size: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Seven-segment digits, blurred and noisy: (n, size, size, 1) uint8 and their classes."""
    rng = np.random.default_rng(7)
    segments = [
        "abcdef",
        "bc",
        "abged",
        "abgcd",
        "fgbc",
        "afgcd",
        "afgecd",
        "abc",
        "abcdefg",
        "abcfg",
    ]
    lines = {
        "a": ((0.15, 0.25), (0.15, 0.75)), "b": ((0.15, 0.75), (0.5, 0.75)),
        "c": ((0.5, 0.75), (0.85, 0.75)), "d": ((0.85, 0.25), (0.85, 0.75)),
        "e": ((0.5, 0.25), (0.85, 0.25)), "f": ((0.15, 0.25), (0.5, 0.25)),
        "g": ((0.5, 0.25), (0.5, 0.75)),
    }  # fmt: skip
    grid = np.stack(np.meshgrid(*[np.arange(size) / (size - 1)] * 2, indexing="ij"), -1)
    x, y = [], []
    for digit in range(10):
        for _ in range(n_per_class):
            shift, width = rng.normal(0, 0.03, 2), rng.uniform(0.035, 0.06)
            image = np.zeros((size, size))
            for segment in segments[digit]:
                a, b = (np.array(point) + shift for point in lines[segment])
                t = np.clip(((grid - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
                distance = np.linalg.norm(grid - a - t[..., None] * (b - a), axis=-1)
                image = np.maximum(image, np.exp(-((distance / width) ** 2)))
            image += rng.normal(0, 0.06, image.shape)
            x.append(np.clip(255 * image, 0, 255).astype(np.uint8)[..., None])
            y.append(digit)
    return np.stack(x), np.array(y, np.int64)


def recipe() -> dict:
    """A resolved recipe, as `Recipe.dump` gives it."""
    return {
        "name": "image",
        "board": "nucleo-l4r5zi",
        "seed": 7,
        "tiny": False,
        "data": {"method": "digits", "n_train": None, "n_test": None},
        "condense": {"method": "subset_match", "ipc": 10, "subsets": 5, "lr_image": 5e-3},
        "train": {
            "samples": "real",
            "epochs": 20,
            "batch": 64,
            "lr": 0.1,
            "model": {"method": "ds_cnn", "width": 1.0},
            "teacher": None,
            "distill": None,
        },
        "compress": {
            "samples": "condensed",
            "n_samples": 512,
            "prune": {"method": "channel_norm", "sparsity": 0.25},
            "finetune": {"epochs": 4, "lr": 0.01},
            "distill": None,
            "quantize": {"method": "static", "granularity": "per-channel"},
        },
        "compile": {"goal": "speed"},
        "device": {"runner": "cortex_m", "n_samples": 64},
        "budgets": {
            "flash_bytes": 40_000,
            "constant_bytes": None,
            "ram_bytes": 12_000,
            "arena_bytes": None,
            "latency_ms": 5.0,
            "accuracy": 0.9,
        },
    }


def profile() -> dict:
    """profile.json: counts from NODES, cycles and energy by the models' formulas."""
    nodes = [
        {
            "name": name,
            "op": op,
            "shape": list(shape),
            "macs": macs,
            "instructions": int(macs * per_mac + 40 * int(np.prod(shape)) ** 0.9 + 90),
            "kernel": f"iseul_{op}_s8" + ("_armv7em" if macs > 1000 else ""),
            "constant_bytes": constants,
        }
        for name, op, shape, macs, per_mac, constants in NODES
    ]
    total = sum(node["instructions"] for node in nodes) + 214  # and the code around the nodes
    cycles = int(1.18 * total)
    plan = make_plan()
    return {
        "model": "image",
        "target": "nucleo-l4r5zi",
        "runner": "cortex_m",
        "compiler": "arm-none-eabi-gcc 12.2.1",
        "instructions": total,
        "cycles_model": cycles,
        "cycles_source": "ARM DDI 0439: Cortex-M4 instruction timings, zero wait states",
        "latency_ms_model": cycles / 120e3,
        "energy_uj": {
            "low": 0.28e-3 * cycles,
            "mid": 0.35e-3 * cycles,
            "high": 0.63e-3 * cycles,
            "source": "MLPerf Tiny closed division, µJ / cycles on L4R5: 0.28, 0.35, 0.63",
        },
        "ram": {
            "arena_bytes": plan["arena_bytes"],
            "state_bytes": 0,
            "stack_bytes": 392,
            "arena_lower_bound_bytes": plan["lower_bound_bytes"],
            "arena_touched_bytes": plan["arena_bytes"],
            "model_bytes": 16,
            "static_bytes": 0,
        },
        "flash": {
            "code_bytes": 9_412,
            "constant_bytes": sum(node["constant_bytes"] for node in nodes),
        },
        "macs": sum(node["macs"] for node in nodes),
        "nodes": nodes,
        "tools": {
            "compiler": "arm-none-eabi-gcc 12.2.1",
            "unicorn": "2.1.3",
            "capstone": "5.0.3",
        },
    }


def calibration() -> list[dict]:
    """calibration.json: one row per value."""
    rows = []
    for i, (name, *_rest) in enumerate(NODES):
        high = round(1.5 + 0.9 * i, 3)
        low = 0.0 if i % 3 else -high
        scale = (high - low) / 255
        zero = -128 if i % 3 else 0
        rows.append(
            {
                "name": name,
                "node": name,
                "op": NODES[i][1],
                "min": 0.98 * low,
                "max": 0.98 * high,
                "low": scale * (-128 - zero),
                "high": scale * (127 - zero),
                "scale": scale,
                "zero_point": zero,
                "saturation": 0.024 if i == 5 else 0.0002 * i,
                "sqnr_db": 38.4 - 2.1 * i,
                "sqnr_own_db": 24.2 if i == 5 else None if i == 8 else 41.3 - 0.3 * i,
            }
        )
    return rows


def pruning() -> list[dict]:
    """pruning.json: one row per layer."""
    return [
        {
            "name": name,
            "op": op,
            "channels_before": shape[-1] * 4 // 3,
            "channels_after": shape[-1],
            "macs_before": macs * 16 // 9,
            "macs_after": macs,
        }
        for name, op, shape, macs, *_rest in NODES
        if op == "conv2d"
    ]


def predictions(n: int = 2000) -> dict[str, np.ndarray]:
    """y, compressed, device: about nine of ten right, mistakes between look-alikes."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 10, n)
    alike = np.array([8, 7, 3, 2, 9, 6, 5, 1, 3, 4])
    other = np.where(rng.random(n) < 0.7, alike[y], rng.integers(0, 10, n))
    device = np.where(rng.random(n) < 0.91, y, other)
    return {"y": y, "compressed": device, "device": device.copy()}


def write_fake_run(folder: Path, ipc: int = 10, seconds: float = 12.5) -> Path:
    """Write the folder and return it. seconds: wall time that each stage claims."""
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "recipe.json", recipe())
    _condense(folder, ipc, seconds)
    _train(folder, seconds)
    _compress(folder, seconds)
    _compile(folder, seconds)
    _device(folder, seconds)
    return folder


def leakage() -> dict[str, object]:
    near = {
        "ratio_min": 0.42,
        "ratio_median": 0.81,
        "n_copies": 3,
        "n": 100,
        "held_out_ratio_median": 1.01,
        "held_out_share_below": 0.0,
    }
    test = {
        how: {"auc": 0.512, "error": 0.018, "n_members": 500, "n_others": 500}
        for how in ("loss", "calibrated")
    }
    return {
        "copy_below": 0.5,
        "pixels": near,
        "embedding": None,
        "n_copies": 3,
        "membership": {"members": test, "exposed": test, "nets": 5, "n_reference": 100},
    }


def _condense(folder: Path, ipc: int, seconds: float) -> None:
    x, y = glyphs(ipc)
    losses = (1 / np.sqrt(np.arange(1, 401)) + 0.02 * np.sin(np.arange(400))).round(5)
    evaluated = {
        "none": {"mean": 0.942, "std": 0.004, "n": 5},
        "dsa": {"mean": 0.957, "std": 0.003, "n": 5},
        "dsa_cutmix": {"mean": 0.9551, "std": 0.0035, "n": 5},
    }
    worse = {k: {**v, "mean": v["mean"] - 0.061, "std": 0.011} for k, v in evaluated.items()}
    _stage(
        folder / "condense",
        "condense",
        "subset_match",
        {
            "n_samples": len(y),
            "n_bytes": int(x.nbytes),
            "share_of_real": len(y) / 1437,
            "accuracy": evaluated,
            "architectures": {"convnet": evaluated, "resnet": worse},
            "baselines": {"random": worse},
            "upper_bound": {"mean": 0.991, "std": 0.001, "n": 5, "column": "none", "epochs": 20},
            "seeds": 1,
            "ior": {"none": 0.061, "dsa": 0.061, "dsa_cutmix": 0.061},
            "hlr": 0.049,
            "lrs": 0.271,
            "ars": 0.297,
            "leakage": leakage(),
            "bits": 8,
            "coding": "arithmetic",
            "factor": 1,
            "upsampler_bytes": 761,
            "file_bytes": int(x.nbytes) + 250,
            "classes": CLASSES,
        },
        seconds,
    )
    about = About(1 / 255, 0, 255, tuple(CLASSES), method="subset_match", version="0")
    made = seal(Condensed(x, y.astype(np.int64), np.arange(len(y)) % 5), about)
    made.save(folder / "condense/condensed.dew")
    np.savez(folder / "condense/neighbours.npz", x=made.x[:, :, ::-1], ratio=np.ones(len(y)))
    _json(folder / "condense/history.json", {"loss": losses.tolist()})
    rows = [
        ("own", "convnet", evaluated),
        ("own", "resnet", worse),
        ("baseline random", "convnet", worse),
    ]
    scores = [
        {
            "set": kind,
            "network": network,
            "column": column,
            "score": cell["mean"] + way * cell["std"],
        }
        for kind, network, table in rows
        for column, cell in table.items()
        for way in (-1, -1, 0, 1, 1)
    ]
    scores.append({"set": "whole", "network": "convnet", "column": "none", "score": 0.991})
    _json(folder / "condense/scores.json", scores)


def _train(folder: Path, seconds: float) -> None:
    epochs = np.arange(1, 21)
    history = {
        "loss": (2.1 * np.exp(-epochs / 4) + 0.12).round(4).tolist(),
        "lr": (0.05 * (1 + np.cos(np.pi * (epochs - 1) / 20))).round(6).tolist(),
        "accuracy": (0.96 - 0.6 * np.exp(-epochs / 3)).round(4).tolist(),
    }
    metrics = {"accuracy": 0.9175, "n_parameters": 9_834, "n_samples": 1437, "n_test": 2000}
    _stage(folder / "train", "train", "ds_cnn", metrics, seconds)
    _json(folder / "train/history.json", history)


def _compress(folder: Path, seconds: float) -> None:
    accuracy = predictions()
    right = float((accuracy["compressed"] == accuracy["y"]).mean())
    _stage(
        folder / "compress",
        "compress",
        "channel_norm + static",
        {"accuracy_float": 0.9145, "accuracy": right, "constant_bytes": 8_000},
        seconds,
        ['softmax "softmax" stays in int8: its input has 14.2 dB SQNR <see calibration>'],
    )
    _json(folder / "compress/calibration.json", calibration())
    _json(folder / "compress/pruning.json", pruning())


def _compile(folder: Path, seconds: float) -> None:
    plan = make_plan()
    metrics = {"arena_bytes": plan["arena_bytes"], "n_steps": len(NODES)}
    _stage(folder / "compile", "compile", "c, speed", metrics, seconds)
    steps = [
        {
            "node": node["name"],
            "op": node["op"],
            "kernel": node["kernel"],
            "macs": node["macs"],
            "symbol": f"image_node_{i}",
            "shape": node["shape"],
        }
        for i, node in enumerate(profile()["nodes"])
    ]
    package = {"name": "image", "target": "nucleo-l4r5zi", "plan": plan, "steps": steps}
    _json(folder / "compile/package.json", package)


def _device(folder: Path, seconds: float) -> None:
    arrays = predictions()
    accuracy = float((arrays["device"] == arrays["y"]).mean())
    metrics = {"accuracy": accuracy, "n_compared_host": 2000, "n_compared_device": 64}
    _stage(folder / "device", "device", "nucleo-l4r5zi, cortex_m", metrics, seconds)
    said = profile()
    _json(folder / "device/profile.json", said)
    _json(
        folder / "device/verify.json",
        {
            "model": "image",
            "target": "nucleo-l4r5zi",
            "n_inputs": 64,
            "n_traced": 64,
            "judges": ["numpy", "host", "cortex_m"],
            "equal": True,
            "first_difference": None,
            "outputs_sha256": SHA,
            "sha256_by_judge": dict.fromkeys(["numpy", "host", "cortex_m"], SHA),
            "selftests": {"host": 0, "cortex_m": 0},
        },
    )
    np.savez(folder / "device/predictions.npz", **arrays)
    flash = sum(said["flash"].values())
    ram = said["ram"]["arena_bytes"] + said["ram"]["state_bytes"] + said["ram"]["stack_bytes"]
    got = {
        "flash_bytes": flash,
        "ram_bytes": ram,
        "latency_ms": said["latency_ms_model"],
        "accuracy": accuracy,
    }
    rows = []
    for name, value in got.items():
        limit = recipe()["budgets"][name]
        ok = value >= limit if name == "accuracy" else value <= limit
        rows.append({"name": name, "limit": limit, "got": value, "ok": bool(ok)})
    _json(folder / "run.json", {"run_dir": "elsewhere", "budgets": rows})


def _stage(
    folder: Path,
    stage: str,
    method: str,
    metrics: dict,
    seconds: float,
    fallbacks: list[str] | None = None,
) -> None:
    folder.mkdir()
    digest = f"{sum(map(ord, stage)):08x}" * 8
    _json(
        folder / "stage.json",
        {
            "stage": stage,
            "method": method,
            "key": digest[::-1],
            "hash": digest,
            "files": {},
            "metrics": metrics,
            "fallbacks": fallbacks or [],
            "seconds": seconds,
        },
    )


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
