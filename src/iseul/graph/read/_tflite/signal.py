# SPDX-License-Identifier: Apache-2.0
"""The signal library of TensorFlow Lite Micro: custom ops, from the microphone on.

Their options are FlexBuffers maps (signal/micro/kernels/*.cc). States that the library's kernels
keep to themselves become states of the graph.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.ir import fresh_name
from iseul.graph.read import _flexbuffer
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import memory_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Node, Value
    from iseul.graph.read._tflite._operation import Operation


def _options(op: Operation, *keys: str) -> dict[str, Any]:
    """Whole numbers of the op's options. Raises DataError if one is missing."""
    stated = _flexbuffer.numbers(op.custom)
    missing = [key for key in keys if not isinstance(stated.get(key), int)]
    if missing:
        raise DataError(f'{op.kind} "{op.name}" has no option {", ".join(missing)}')
    return {key: int(stated[key]) for key in keys}


def _one_axis(op: Operation) -> Value:
    """The first input, which must be a vector."""
    x = op.input(0)
    if len(x.shape) != 1:
        raise UnsupportedError(
            f"input has shape {list(x.shape)}, but must have one axis", "reshape it first"
        )
    return x


def _plain(
    op: str, renamed: dict[str, str], n_inputs: int = 1
) -> Callable[[Operation], list[Node]]:
    """A converter of an op whose options are attributes. renamed: {option: attribute}"""

    def convert(operation: Operation) -> list[Node]:
        given = _options(operation, *renamed)
        inputs = [operation.input(i) for i in range(n_inputs)]
        return [operation.node(op, inputs, **{renamed[key]: n for key, n in given.items()})]

    return convert


def _transform(kind: str) -> Callable[[Operation], list[Node]]:
    def convert(op: Operation) -> list[Node]:
        given = _options(op, "T", "fft_length")
        number, dtype = given["T"], op.input(0).dtype
        known = 0 <= number < len(schema.TENSOR_TYPES)
        if not known or schema.TENSOR_TYPES[number] != dtype:
            raise DataError(f'{op.kind} "{op.name}" is for type {number}, its input is {dtype}')
        return [op.node(kind, [op.input(0)], length=given["fft_length"])]

    return convert


def _fft_auto_scale(op: Operation) -> list[Node]:
    return [op.node("fft_auto_scale", [_one_axis(op)])]


def _filter_bank(op: Operation) -> list[Node]:
    channels = _options(op, "num_channels")["num_channels"]
    # tables may be longer than the channels that are there
    tables = [op.constant(i) for i in (3, 4, 5)]
    if channels < 1 or any(table.ndim != 1 or len(table) < channels + 1 for table in tables):
        raise DataError(f'{op.kind} "{op.name}" has {channels} channels, tables for fewer')
    inputs = [op.input(i) for i in range(6)]
    for i, table in enumerate(tables, 3):
        if len(table) != channels + 1:
            inputs[i] = op.added(f"table_{i}", table[: channels + 1])
    return [op.node("filter_bank", inputs)]


def _spectral_subtraction(op: Operation) -> list[Node]:
    keys = (
        *("alternate_one_minus_smoothing", "alternate_smoothing", "min_signal_remaining"),
        *("one_minus_smoothing", "smoothing", "smoothing_bits", "spectral_subtraction_bits"),
    )
    given = _options(op, *keys, "clamping", "num_channels")
    x = _one_axis(op)
    if given["num_channels"] != x.shape[0]:
        raise DataError(
            f'{op.kind} "{op.name}" has {given["num_channels"]} channels, not {x.shape}'
        )
    given = {key: given[key] for key in keys} | {"clamping": bool(given["clamping"])}
    estimate = _state(op, "estimate", op.outputs[1], op.outputs[1])
    return [op.node("spectral_subtraction", [x, estimate], **given)]


def _state(op: Operation, what: str, like: Value, after: Value) -> Value:
    """A state that the kernel keeps to itself, 0 after reset; `after`: what it becomes."""
    name = fresh_name(op.file.taken, f"{op.name}_{what}")
    op.file.taken.add(name)
    memory = memory_of(replace(like, name=name, data=None))
    memory.now = after
    op.file.resources["signal", name] = memory
    return memory.value


CONVERTERS: dict[str, Entry] = {
    "CUSTOM(SignalEnergy)": Entry(
        _plain("spectrum_energy", {"start_index": "start", "end_index": "end"}), 1
    ),
    "CUSTOM(SignalFftAutoScale)": Entry(_fft_auto_scale, 1, outputs=2),
    "CUSTOM(SignalFilterBank)": Entry(_filter_bank, 6),
    "CUSTOM(SignalFilterBankLog)": Entry(
        _plain(
            "filter_bank_log",
            {"output_scale": "output_scale", "input_correction_bits": "input_correction_bits"},
        ),
        1,
    ),
    "CUSTOM(SignalFilterBankSpectralSubtraction)": Entry(_spectral_subtraction, 1, outputs=2),
    "CUSTOM(SignalFilterBankSquareRoot)": Entry(_plain("filter_bank_square_root", {}, 2), 2),
    "CUSTOM(SignalIrfft)": Entry(_transform("irfft"), 1),
    "CUSTOM(SignalPCAN)": Entry(_plain("pcan", {"snr_shift": "snr_shift"}, 3), 3),
    "CUSTOM(SignalRfft)": Entry(_transform("rfft"), 1),
    "CUSTOM(SignalWindow)": Entry(_plain("window", {"shift": "shift"}, 2), 2),
}
