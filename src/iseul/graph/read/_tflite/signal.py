# SPDX-License-Identifier: Apache-2.0
"""The signal library of TensorFlow Lite Micro: custom ops, from the microphone on.

Their options are FlexBuffers maps (signal/micro/kernels/*.cc). States that the library's kernels
keep to themselves become states of the graph.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.ir import fresh_name, frozen_array
from iseul.graph.ops import framer
from iseul.graph.read import _flexbuffer
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import memory_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Node, Shape, Value
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


def _typed(op: Operation, number: int) -> Value:
    """The first input, whose type the option T must name."""
    x = op.input(0)
    known = 0 <= number < len(schema.TENSOR_TYPES)
    if not known or schema.TENSOR_TYPES[number] != x.dtype:
        raise DataError(f'{op.kind} "{op.name}" is for type {number}, its input is {x.dtype}')
    return x


def _transform(kind: str) -> Callable[[Operation], list[Node]]:
    def convert(op: Operation) -> list[Node]:
        given = _options(op, "T", "fft_length")
        return [op.node(kind, [_typed(op, given["T"])], length=given["fft_length"])]

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


def _delay(op: Operation) -> list[Node]:
    x, n = _rows(op), _options(op, "delay_length")["delay_length"]
    if n == 0:
        return [op.node("reshape", [x], shape=x.shape)]
    held, after = _held(op, (*x.shape[:-1], _positive(op, "delay_length", n)))
    return [op.node("delay", [x, held], [after])]


def _overlap_add(op: Operation) -> list[Node]:
    given = _options(op, "T", "frame_step")
    x = _typed(op, given["T"])
    if len(x.shape) < 2:
        raise DataError(f'{op.kind} "{op.name}": input has shape {list(x.shape)}, must be frames')
    held, after = _held(op, (*x.shape[:-2], x.shape[-1]))
    return [op.node("overlap_add", [x, held], [after], frame_step=given["frame_step"])]


def _framer(op: Operation) -> list[Node]:
    given, x = _options(op, "frame_size", "frame_step", "prefill"), _rows(op)
    size, step = (_positive(op, key, given[key]) for key in ("frame_size", "frame_step"))
    if given["prefill"] and size < step:
        raise DataError(f'{op.kind} "{op.name}" is filled with {size} - {step} zeros')
    attrs = {"frame_size": size, "frame_step": step}
    held, after = _held(op, (*x.shape[:-1], framer.capacity(framer.Attrs(**attrs))))
    count, counted = _counter(op, size - step if given["prefill"] else 0)
    return [op.node("framer", [x, held, count], [after, counted], **attrs)]


def _stacker(op: Operation) -> list[Node]:
    keys = ("num_channels", "stacker_left_context", "stacker_right_context", "stacker_step")
    channels, left, right, step = _options(op, *keys).values()
    x = _one_axis(op)
    if x.shape != (channels,) or min(left, right) < 0:
        raise DataError(f'{op.kind} "{op.name}": {channels} channels, input {list(x.shape)}')
    held, after = _held(op, (max(1, channels * (left + right)),))
    count, counted = _counter(op, -1)
    inputs, more = [x, held, count], [after, counted]
    return [op.node("stacker", inputs, more, left=left, right=right, step=step)]


def _rows(op: Operation) -> Value:
    """The first input, which must have an axis of samples."""
    x = op.input(0)
    if not x.shape:
        raise DataError(f'{op.kind} "{op.name}": input has no axis')
    return x


def _positive(op: Operation, key: str, n: int) -> int:
    if n < 1:
        raise DataError(f'{op.kind} "{op.name}" has {key} {n}, must be >= 1')
    return n


def _held(op: Operation, shape: Shape) -> tuple[Value, Value]:
    """A state of the first input's dtype and quantization, and what becomes it."""
    after = _between(op, "held_next", replace(op.input(0), shape=shape))
    return _state(op, "held", after, after), after


def _counter(op: Operation, first: int) -> tuple[Value, Value]:
    """A state that counts, and what becomes it."""
    like = replace(op.input(0), shape=(), dtype="int32", quant=None)
    after = _between(op, "count_next", like)
    count = _state(op, "count", after, after)
    op.file.resources["signal", count.name].initial = frozen_array(np.asarray(first, np.int32))
    return count, after


def _between(op: Operation, what: str, like: Value) -> Value:
    """A value that the file does not have."""
    name = fresh_name(op.file.taken, f"{op.name}_{what}")
    op.file.taken.add(name)
    value = replace(like, name=name, data=None)
    op.file.between.append(value)
    return value


def _state(op: Operation, what: str, like: Value, after: Value) -> Value:
    """A state that the kernel keeps to itself, 0 after reset; `after`: what it becomes."""
    name = fresh_name(op.file.taken, f"{op.name}_{what}")
    op.file.taken.add(name)
    memory = memory_of(replace(like, name=name, data=None))
    memory.now = after
    op.file.resources["signal", name] = memory
    return memory.value


CONVERTERS: dict[str, Entry] = {
    "CUSTOM(SignalDelay)": Entry(_delay, 1),
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
    "CUSTOM(SignalFramer)": Entry(_framer, 1, outputs=2),
    "CUSTOM(SignalIrfft)": Entry(_transform("irfft"), 1),
    "CUSTOM(SignalOverlapAdd)": Entry(_overlap_add, 1),
    "CUSTOM(SignalPCAN)": Entry(_plain("pcan", {"snr_shift": "snr_shift"}, 3), 3),
    "CUSTOM(SignalRfft)": Entry(_transform("rfft"), 1),
    "CUSTOM(SignalStacker)": Entry(_stacker, 1, outputs=2),
    "CUSTOM(SignalWindow)": Entry(_plain("window", {"shift": "shift"}, 2), 2),
}
