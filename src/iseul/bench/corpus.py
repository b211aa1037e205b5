# SPDX-License-Identifier: Apache-2.0
"""Third-party models on this machine, their golden samples, and inputs that they were made for.

A folder of data has `models/` (`tflite/`, `onnx/`, `seanet_int16x8/`, golden outputs and
`models.json`, which says whose outputs these are), and may have `mlperf_tiny/` and `images/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import folders
from iseul.core.errors import DataError
from iseul.device.verify import random_inputs

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Value
    from iseul.numerics import Array

FLOAT_TOLERANCE = 1e-4  # absolute, and relative to the golden value
LITERT_STEPS = 2  # LiteRT's reference kernels round in another way here and there

# recorded inputs: model -> (file, array), the array (n, *shape without the batch of 1)
RECORDED = {"mlperf_kws_dscnn_int8": ("mlperf_tiny/kws01.npz", "mfcc_int8")}
PHOTOGRAPHS = ("*.jpg", "*.png")


@dataclass(frozen=True)
class Entry:
    """A model's file and its golden samples.

    oracle: whose outputs the golden ones are: "tflm", "litert_ref", "onnxruntime"
    golden: npz with in{i}_{j} and out{i}_{j} (sample i, tensor j); None if there is none
    """

    name: str
    path: Path
    golden: Path | None
    oracle: str

    def samples(self, n_inputs: int, n_outputs: int) -> tuple[list[Array], list[Array]]:
        """(n, *shape) per input and per output. Raises DataError for another number of outputs."""
        assert self.golden is not None
        with np.load(self.golden) as z:
            n = sum(key.startswith("in") and key.endswith("_0") for key in z.files)
            there = sum(key.startswith("out0_") for key in z.files)
            if there != n_outputs:
                raise DataError(f"{self.golden}: has {there} outputs, {self.path} has {n_outputs}")
            ins = [np.stack([z[f"in{i}_{j}"] for i in range(n)]) for j in range(n_inputs)]
            outs = [np.stack([z[f"out{i}_{j}"] for i in range(n)]) for j in range(n_outputs)]
        return ins, outs


def data_folder() -> Path:
    """$ISEUL_DATA, else ../shared/data. Raises DataError if it has no models."""
    folder = folders.data()
    if not (folder / "models" / "models.json").is_file():
        raise DataError(
            f"{folder}: has no models/models.json, so there is nothing to measure",
            "ISEUL_DATA=<folder with models/> iseul bench mcu",
        )
    return folder


@cache
def entries(data: Path) -> tuple[Entry, ...]:
    """Every model file of a folder of data."""
    models = data / "models"
    stated = {e["name"]: e for e in json.loads((models / "models.json").read_text())}
    found = []
    for path in sorted(models.glob("tflite/*.tflite")):
        golden = models / "golden" / f"{path.stem}.npz"
        facts = stated.get(path.stem, {})
        oracle = facts.get("oracle") or "tflm"
        found.append(Entry(path.stem, path, golden if golden.is_file() else None, oracle))
    for path in sorted(models.glob("onnx/*.onnx")):
        golden = models / "golden" / f"{path.name}.npz"
        found.append(Entry(path.stem, path, golden if golden.is_file() else None, "onnxruntime"))
    for path in sorted(models.glob("seanet_int16x8/*.tflite")):
        golden = path.with_suffix(".npz")
        found.append(Entry(path.stem, path, golden if golden.is_file() else None, "tflm"))
    return tuple(found)


def difference(want: Array, got: Array, oracle: str) -> tuple[str, bool]:
    """(what to print, whether it is right) of one output beside the golden one."""
    if want.size != got.size or want.dtype != got.dtype:
        return f"{got.dtype}{list(got.shape)}, golden {want.dtype}{list(want.shape)}", False
    got = got.reshape(want.shape)
    if want.dtype.kind in "iub":
        steps = int(np.abs(want.astype(np.int64) - got.astype(np.int64)).max(initial=0))
        allowed = 0 if oracle == "tflm" else LITERT_STEPS
        return "exact" if steps == 0 else f"{steps} steps", steps <= allowed
    near = np.allclose(got, want, rtol=FLOAT_TOLERANCE, atol=FLOAT_TOLERANCE)
    unit = max(1.0, float(np.abs(want).max(initial=0)))
    return f"{float(np.abs(got - want).max(initial=0)) / unit:.0e}", bool(near)


def stimuli(
    entry: Entry, graph: Graph, data: Path, n: int, seed: int = 0
) -> tuple[list[Array], str]:
    """n samples per input, and in words what they are.

    Recorded ones where there are some, crops of photographs where the only input is an image,
    else random integers over the whole range.
    """
    generator = np.random.default_rng(seed)
    first = graph.values[graph.inputs[0]]
    file, array = RECORDED.get(entry.name, ("", ""))
    if file and (data / file).is_file():
        with np.load(data / file) as z:
            found = z[array]
        if len(found) >= n and found[0].size == first.n_elements and found.dtype == first.dtype:
            chosen = found[np.sort(generator.permutation(len(found))[:n])]
            return [chosen.reshape(n, *first.shape)], f"{n} recorded ({Path(file).name})"
    photographs = sorted(p for kind in PHOTOGRAPHS for p in (data / "images").glob(kind))
    if photographs and len(graph.inputs) == 1 and _is_image(first):
        return [_crops(photographs, first, n, generator)], f"{n} crops of photographs"
    return random_inputs(graph, n, seed), f"{n} random"


def _is_image(value: Value) -> bool:
    """8-bit, three channels last, at least 16 x 16."""
    shape = value.shape
    is_large = len(shape) == 4 and shape[0] == 1 and min(shape[1:3]) >= 16
    return is_large and shape[3] == 3 and value.dtype in ("int8", "uint8")


def _crops(photographs: list[Path], value: Value, n: int, generator: np.random.Generator) -> Array:
    """Squares of random place and size of the photographs, scaled to the value's shape."""
    from PIL import Image

    height, width = value.shape[1:3]
    made = np.empty((n, *value.shape), np.uint8)
    # one photograph is open at a time: sample i is of photograph i modulo their number
    for k, path in enumerate(photographs[:n]):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        short = min(picture.size)
        for i in range(k, n, len(photographs)):
            side = int(generator.integers(max(1, short // 4), short + 1))
            left = int(generator.integers(0, picture.width - side + 1))
            top = int(generator.integers(0, picture.height - side + 1))
            box = (left, top, left + side, top + side)
            made[i, 0] = np.asarray(picture.resize((width, height), Image.Resampling.BOX, box))
    if value.dtype == "uint8":
        return made
    return (made.astype(np.int16) - 128).astype(np.int8)
