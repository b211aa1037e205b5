# SPDX-License-Identifier: Apache-2.0
"""The FlexBuffers reader: numbers of maps, and bytes that are no map."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from iseul.core.errors import DataError
from iseul.graph.read import _flexbuffer, tflite
from unit._flexbuffer_bytes import encode
from unit._tflite_bytes import Model

NUMBERS = {"T": 7, "clamping": True, "fft_length": 512, "least": -(2**31), "share": 0.25}


def test_numbers_of_a_map() -> None:
    assert _flexbuffer.numbers(encode(NUMBERS)) == NUMBERS
    assert _flexbuffer.numbers(encode({})) == {}
    assert _flexbuffer.numbers(b"") == {}


def test_every_width_and_indirect_numbers() -> None:
    """{"a": n} by hand: in 1 to 8 bytes, and behind an offset."""
    for width, form in ((1, "b"), (2, "h"), (4, "i"), (8, "q")):
        size = form.upper()
        keys = b"a\0" + bytes(6) + struct.pack(f"<{size}", 1) + struct.pack(f"<{size}", 8 + width)
        front = struct.pack(f"<{size * 3}", width, width, 1)  # place and width of keys, length
        kind = width.bit_length() - 1
        value = struct.pack(f"<{form}", -3)
        data = keys + front + value + bytes([1 << 2 | kind])
        root = bytes([len(value) + 1, 9 << 2 | kind, 1])
        assert _flexbuffer.numbers(data + root) == {"a": -3}
    keys = b"a\0" + bytes(2) + struct.pack("<I", 1) + struct.pack("<I", 8)
    number = struct.pack("<q", -(2**40))
    front = struct.pack("<III", len(number) + 4, 4, 1)
    far = struct.pack("<I", 12 + len(number))
    data = keys + number + front + far + bytes([6 << 2 | 3])
    assert _flexbuffer.numbers(data + bytes([5, 9 << 2 | 2, 1])) == {"a": -(2**40)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x01", "outside"),
        (b"\x00\x04\x01", "no map"),
        (b"\x00\x24\x03", "no map"),
        (b"\xff\x24\x01", "outside"),
        (encode(NUMBERS)[7:], "corrupt"),
    ],
)
def test_what_is_no_map(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _flexbuffer.numbers(data)


def test_mutated_bytes_end_in_numbers_or_an_error() -> None:
    rng = np.random.default_rng(4)
    whole, refused = encode(NUMBERS), 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(int(rng.integers(1, 6))):
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
        try:
            found = _flexbuffer.numbers(bytes(data[: int(rng.integers(1, len(data) + 1))]))
        except DataError:
            refused += 1
        else:
            assert all(isinstance(number, int | float) for number in found.values())
    assert 0 < refused < 3000


def read(tmp_path: Path, net: Model, x: int, y: int) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(net.encode([x], [y]))
    tflite.read(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (b"", "no option T, fft_length"),
        (encode({"T": 7}), "no option fft_length"),
        (encode({"T": 7, "fft_length": 0.5}), "no option fft_length"),
        (encode({"T": 0, "fft_length": 16}), "is for type 0, its input is int16"),
        (encode({"T": 7, "fft_length": 0}), "length"),
        (encode({"T": 7, "fft_length": 2**31 - 1}), "length"),
    ],
)
def test_options_of_a_custom_op_are_checked(tmp_path: Path, options: bytes, message: str) -> None:
    net = Model()
    x, y = net.tensor((16,), "int16"), net.tensor((18,), "int16")
    net.custom("SignalRfft", [x], [y], options)
    with pytest.raises(DataError, match=message):
        read(tmp_path, net, x, y)
