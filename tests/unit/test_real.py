# SPDX-License-Identifier: Apache-2.0
"""The real functions of runtime/iseul_real.h, built for the host, against float64."""

from __future__ import annotations

import ctypes
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from iseul.device._toolchain import find_host_compiler

RUNTIME = Path(__file__).parents[2] / "src" / "iseul" / "runtime"

erf = np.vectorize(math.erf, otypes=[np.float64])


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# name: (exact function, lowest and highest x, error allowed relative to max(1, |result|))
FUNCTIONS = {
    "exp": (np.exp, -87.0, 88.7, 3e-7),
    "log": (np.log, 1e-38, 3e38, 2e-7),
    "sqrt": (np.sqrt, 0.0, 3e38, 0.0),
    "logistic": (logistic, -80.0, 80.0, 2e-7),
    "expm1": (np.expm1, -20.0, 80.0, 5e-7),
    "tanh": (np.tanh, -20.0, 20.0, 2e-7),
    "floor": (np.floor, -1e10, 1e10, 0.0),
    "round": (np.rint, -1e10, 1e10, 0.0),
    "softplus": (softplus, -90.0, 90.0, 3e-7),
    "erf": (erf, -6.0, 6.0, 4e-7),
    "sin": (np.sin, -3e38, 3e38, 2e-7),
    "cos": (np.cos, -3e38, 3e38, 2e-7),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("real")
    each = "\n".join(
        f"void each_{name}(int n, const float *x, float *y);\n"
        f"void each_{name}(int n, const float *x, float *y) {{\n"
        f"  for (int i = 0; i < n; ++i) y[i] = iseul_{name}(x[i]);\n}}"
        for name in FUNCTIONS
    )
    (folder / "each.c").write_text(f'#include "iseul_real.h"\n{each}\n')
    host = find_host_compiler()
    words = [*host.command, *host.flags, "-fPIC", "-shared", f"-I{RUNTIME}", "each.c"]
    done = subprocess.run(
        [*words, "-o", "each.so"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "each.so"))


def evaluate(library: ctypes.CDLL, name: str, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (x, y)]
    getattr(library, f"each_{name}")(ctypes.c_int(x.size), *pointers)
    return y


def operands(low: float, high: float) -> np.ndarray:
    """float32 of all magnitudes between two ends, around halves, and evenly spread ones."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 1 << 32, 400_000, dtype=np.uint64).astype(np.uint32)
    with np.errstate(invalid="ignore"):
        wild = bits.view(np.float32)
        wild = wild[(wild >= low) & (wild <= high)]
    even = np.linspace(max(low, -1000.0), min(high, 1000.0), 100_001)
    halves = np.arange(-2000, 2001) / 2
    near = [halves, np.nextafter(halves.astype(np.float32), np.float32(1e9))]
    spread = np.concatenate([even, *near]).astype(np.float32)
    return np.concatenate([wild, spread[(spread >= low) & (spread <= high)]])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_as_exact_as_it_says(library: ctypes.CDLL, name: str) -> None:
    function, low, high, allowed = FUNCTIONS[name]
    x = operands(low, high)
    want = function(x.astype(np.float64))
    got = evaluate(library, name, x)
    unit = np.maximum(1.0, np.abs(want))
    error = np.abs(got - want.astype(np.float32 if allowed == 0.0 else np.float64)) / unit
    worst = int(np.argmax(error))
    assert error[worst] <= allowed, (x[worst], got[worst], want[worst])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_ends_of_the_range(library: ctypes.CDLL, name: str) -> None:
    """0, subnormal, infinite and NaN operands, as numpy has them."""
    function = FUNCTIONS[name][0]
    x = np.array([0.0, -0.0, 1e-40, 1e-45, np.inf, -np.inf, np.nan, -1e-3], np.float32)
    with np.errstate(all="ignore"):
        want = function(x.astype(np.float64)).astype(np.float32)
    if name in ("erf", "softplus"):  # math.erf and the formula above know no infinite x
        want[4:6] = {"erf": [1, -1], "softplus": [np.inf, 0]}[name]
    np.testing.assert_allclose(evaluate(library, name, x), want, rtol=4e-7, atol=1e-7)
