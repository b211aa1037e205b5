# SPDX-License-Identifier: Apache-2.0
"""Random ops of TFLite Micro's signal library."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_shape
from unit._flexbuffer_bytes import encode
from unit._tflite_bytes import Model


def window(rng: Generator) -> Single:
    net = Model()
    n = int(rng.integers(1, 40))
    shape = (*a_shape(rng, int(rng.integers(0, 3)), 3), n)
    weights = rng.integers(-(2**15), 2**15, n)
    x, y = net.tensor(shape, "int16"), net.tensor(shape, "int16")
    w = net.tensor((n,), "int16", data=weights)
    net.custom("SignalWindow", [x, w], [y], encode({"shift": int(rng.integers(0, 16))}))
    return Single(net, [x], [y])


def fft_auto_scale(rng: Generator) -> Single:
    """Values near the ends of the range come from shifting random ones."""
    net = Model()
    n = int(rng.integers(1, 30))
    w = net.tensor((n,), "int16", data=np.full(n, int(rng.integers(1, 2**15))))
    x, scaled, y = (net.tensor((n,), "int16") for _ in range(3))
    bits = net.tensor((), "int32")
    net.custom("SignalWindow", [x, w], [scaled], encode({"shift": int(rng.integers(10, 31))}))
    net.custom("SignalFftAutoScale", [scaled], [y, bits], encode({}))
    return Single(net, [x], [y, bits])


_TYPES = {"float32": 0, "int32": 2, "int16": 7}


def a_length(rng: Generator) -> int:
    """Even, half of it a product of 2, 3 and 5."""
    return int(rng.choice([4, 6, 10, 16, 20, 48, 60, 64, 90, 96, 128, 160, 250, 256, 480, 512]))


def rfft(rng: Generator, dtype: str) -> Single:
    net = Model()
    length = a_length(rng)
    n = int(rng.integers(1, length + 1)) if rng.random() < 0.5 else length
    rows = a_shape(rng, int(rng.integers(0, 2)), 3)
    x, y = net.tensor((*rows, n), dtype), net.tensor((*rows, length + 2), dtype)
    net.custom("SignalRfft", [x], [y], encode({"T": _TYPES[dtype], "fft_length": length}))
    return Single(net, [x], [y], rtol=2e-6)


def irfft(rng: Generator, dtype: str) -> Single:
    net = Model()
    length = a_length(rng)
    rows = a_shape(rng, int(rng.integers(0, 2)), 3)
    x, y = net.tensor((*rows, length + 2), dtype), net.tensor((*rows, length), dtype)
    net.custom("SignalIrfft", [x], [y], encode({"T": _TYPES[dtype], "fft_length": length}))
    return Single(net, [x], [y], rtol=2e-6)


def energy(rng: Generator) -> Single:
    """All values: the library leaves the others as they were in memory."""
    net = Model()
    n = int(rng.integers(1, 40))
    x, y = net.tensor((2 * n,), "int16"), net.tensor((n,), "uint32")
    net.custom("SignalEnergy", [x], [y], encode({"start_index": 0, "end_index": n}))
    return Single(net, [x], [y])


def filter_bank(rng: Generator) -> Single:
    net = Model()
    channels = int(rng.integers(1, 12))
    widths = rng.integers(0, 6, channels + 1)
    at = np.cumsum(widths) - widths
    n, m = int(rng.integers(8, 40)), max(1, int(widths.sum()))
    starts = [int(rng.integers(0, n - width + 1)) for width in widths]
    x, y = net.tensor((n,), "uint32"), net.tensor((channels,), "uint64")
    low = -(2**15) if rng.random() < 0.2 else 0
    tables = [rng.integers(low, 2**15, m), rng.integers(low, 2**15, m), starts, at, widths]
    given = [net.tensor((len(t),), "int16", data=np.asarray(t)) for t in tables]
    net.custom("SignalFilterBank", [x, *given], [y], encode({"num_channels": channels}))
    return Single(net, [x], [y])


def square_root(rng: Generator) -> Single:
    """64-bit inputs are energies of a filter bank, so that small ones occur too."""
    net = Model()
    n = int(rng.integers(1, 20))
    x, y, root = net.tensor((n,), "uint32"), net.tensor((n,), "uint64"), net.tensor((n,), "uint32")
    weights = 2 ** rng.integers(0, 15, n + 1)
    data = [weights, np.zeros(n + 1), np.arange(-1, n).clip(0), np.arange(n + 1), np.ones(n + 1)]
    given = [net.tensor((n + 1,), "int16", data=np.asarray(t)) for t in data]
    net.custom("SignalFilterBank", [x, *given], [y], encode({"num_channels": n}))
    bits = net.tensor((), "int32", data=np.asarray(int(rng.integers(0, 16))))
    net.custom("SignalFilterBankSquareRoot", [y, bits], [root], encode({}))
    return Single(net, [x], [root])


def of_any_size(net: Model, rng: Generator, n: int) -> tuple[int, int]:
    """An input and uint32 values of it whose size is drawn: roots of 64 bits, shifted right."""
    x, y = net.tensor((n,), "uint64"), net.tensor((n,), "uint32")
    bits = net.tensor((), "int32", data=np.asarray(int(rng.integers(0, 32))))
    net.custom("SignalFilterBankSquareRoot", [x, bits], [y], encode({}))
    return x, y


def spectral_subtraction(rng: Generator) -> Single:
    net = Model()
    n = int(rng.integers(1, 20))
    x, values = of_any_size(net, rng, n)
    y, estimate = (net.tensor((n,), "uint32") for _ in range(2))
    bits = int(rng.integers(8, 16))
    even, odd, least = (int(v) for v in rng.integers(0, 2**bits, 3))
    options = {
        "smoothing": even,
        "one_minus_smoothing": 2**bits - even,
        "alternate_smoothing": odd,
        "alternate_one_minus_smoothing": 2**bits - odd,
        "min_signal_remaining": least,
        "smoothing_bits": int(rng.integers(0, 16)),
        "spectral_subtraction_bits": bits,
        "clamping": bool(rng.integers(2)),
        "num_channels": n,
    }
    kind = "SignalFilterBankSpectralSubtraction"
    net.custom(kind, [values], [y, estimate], encode(options))
    return Single(net, [x], [y, estimate], steps=5)


def pcan(rng: Generator) -> Single:
    net = Model()
    n = int(rng.integers(1, 30))
    (x, values), (noise, estimate) = of_any_size(net, rng, n), of_any_size(net, rng, n)
    y = net.tensor((n,), "uint32")
    low = -(2**15) if rng.random() < 0.2 else 0
    gains = net.tensor((125,), "int16", data=rng.integers(low, 2**15, 125))
    options = encode({"snr_shift": int(rng.integers(0, 40))})
    net.custom("SignalPCAN", [values, estimate, gains], [y], options)
    return Single(net, [x, noise], [y])


def filter_bank_log(rng: Generator) -> Single:
    net = Model()
    n = int(rng.integers(1, 40))
    x, values = of_any_size(net, rng, n)
    y = net.tensor((n,), "int16")
    scale = int(2 ** rng.uniform(0, 17))
    bits = int(rng.integers(0, 8))
    options = encode({"output_scale": scale, "input_correction_bits": bits})
    net.custom("SignalFilterBankLog", [values], [y], options)
    return Single(net, [x], [y])


def delay(rng: Generator) -> Single:
    net = Model()
    shape = (*a_shape(rng, int(rng.integers(0, 2)), 3), int(rng.integers(1, 12)))
    x, y = net.tensor(shape, "int16"), net.tensor(shape, "int16")
    net.custom("SignalDelay", [x], [y], encode({"delay_length": int(rng.integers(0, 30))}))
    return Single(net, [x], [y], steps=5)


def overlap_add(rng: Generator, dtype: str) -> Single:
    net = Model()
    rows = a_shape(rng, int(rng.integers(0, 2)), 3)
    frames, n = int(rng.integers(1, 5)), int(rng.integers(1, 12))
    step = int(rng.integers(1, n + 1))
    x, y = net.tensor((*rows, frames, n), dtype), net.tensor((*rows, frames * step), dtype)
    net.custom("SignalOverlapAdd", [x], [y], encode({"T": _TYPES[dtype], "frame_step": step}))
    return Single(net, [x], [y], rtol=1e-6, steps=4)


def framer(rng: Generator) -> Single:
    """Frames are compared where they are always whole: the library leaves others as they were."""
    net = Model()
    rows = a_shape(rng, int(rng.integers(0, 2)), 2)
    step = int(rng.integers(1, 6))
    frames, size = int(rng.integers(1, 4)), step + int(rng.integers(0, 12))
    prefill = bool(rng.integers(2))
    x = net.tensor((*rows, frames * step), "int16")
    y, valid = net.tensor((*rows, frames, size), "int16"), net.tensor((), "bool")
    options = {"frame_size": size, "frame_step": step, "prefill": prefill}
    net.custom("SignalFramer", [x], [y, valid], encode(options))
    return Single(net, [x], [y, valid] if prefill else [valid], steps=8)


def framer_behind(rng: Generator) -> Single:
    """Not filled, but a step holds a frame, so that all frames are whole."""
    net = Model()
    step = int(rng.integers(1, 6))
    size = int(rng.integers(1, step + 1))
    frames = int(rng.integers(1, 4))
    x, valid = net.tensor((frames * step,), "int16"), net.tensor((), "bool")
    y = net.tensor((frames, size), "int16")
    options = {"frame_size": size, "frame_step": step, "prefill": False}
    net.custom("SignalFramer", [x], [y, valid], encode(options))
    return Single(net, [x], [y, valid], steps=3)


def stacker(rng: Generator) -> Single:
    """A stack is compared where it is always there: one step, nothing to wait for."""
    net = Model()
    channels, left, right = (
        int(rng.integers(1, 6)),
        int(rng.integers(0, 5)),
        int(rng.integers(0, 4)),
    )
    waits = right > 0
    step = int(rng.integers(1, left + right + 2)) if waits else 1
    x, valid = net.tensor((channels,), "int16"), net.tensor((), "bool")
    y = net.tensor((channels * (left + right + 1),), "int16")
    options = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": right,
        "stacker_step": step,
    }
    net.custom("SignalStacker", [x], [y, valid], encode(options))
    return Single(net, [x], [valid] if waits else [y, valid], steps=9)


CASES = {
    "delay": delay,
    "framer": framer,
    "framer not filled": framer_behind,
    "overlap_add int16": lambda rng: overlap_add(rng, "int16"),
    "overlap_add float": lambda rng: overlap_add(rng, "float32"),
    "stacker": stacker,
    "window": window,
    "fft_auto_scale": fft_auto_scale,
    "rfft int16": lambda rng: rfft(rng, "int16"),
    "rfft int32": lambda rng: rfft(rng, "int32"),
    "rfft float": lambda rng: rfft(rng, "float32"),
    "irfft int16": lambda rng: irfft(rng, "int16"),
    "irfft int32": lambda rng: irfft(rng, "int32"),
    "irfft float": lambda rng: irfft(rng, "float32"),
    "spectrum_energy": energy,
    "filter_bank": filter_bank,
    "filter_bank_square_root": square_root,
    "spectral_subtraction": spectral_subtraction,
    "pcan": pcan,
    "filter_bank_log": filter_bank_log,
}
