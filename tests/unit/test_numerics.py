# SPDX-License-Identifier: Apache-2.0
"""The integer formulas against the original texts, over their whole domains."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cases import _scalar as scalar
from iseul.core.errors import ShapeError
from iseul.numerics import affine, fixed_point, requantize

INT32 = st.integers(-(2**31), 2**31 - 1)
POSITIVE = st.integers(0, 2**31 - 1)
MULTIPLIER = st.one_of(st.just(0), st.integers(2**30, 2**31 - 1))
EDGES = [-(2**31), -(2**31) + 1, -(2**30), -1, 0, 1, 2**30, 2**31 - 1]


def tensor(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int64)


# --- requantize


@given(INT32, POSITIVE)
@example(-(2**31), 2**31 - 1)
@example(2**31 - 1, 2**31 - 1)
@example(-1, 2**30)
def test_high_mul_of_the_nudge_form_is_the_truncating_one(x: int, multiplier: int) -> None:
    expected = scalar.high_mul(x, multiplier)
    assert requantize.rounding_doubling_high_mul(x, multiplier) == expected
    assert requantize.rounding_doubling_high_mul(np.int64(x), np.int64(multiplier)) == expected
    assert requantize.rounding_doubling_high_mul(tensor(x), tensor(multiplier)).item() == expected


@given(INT32, st.integers(0, 31))
def test_division_by_a_power_of_two_is_the_masked_one(x: int, exponent: int) -> None:
    expected = scalar.divide_by_pot(x, exponent)
    assert requantize.rounding_divide_by_pot(x, exponent) == expected
    assert requantize.rounding_divide_by_pot(np.int64(x), np.int64(exponent)) == expected
    assert requantize.rounding_divide_by_pot(tensor(x), tensor(exponent)).item() == expected


@pytest.mark.parametrize("exponent", range(32))
def test_division_by_a_power_of_two_at_ties(exponent: int) -> None:
    half = (1 << exponent) >> 1
    near = {k * (1 << exponent) + half + d for k in (-3, -1, 0, 2) for d in (-1, 0, 1)}
    for x in sorted({*near, *EDGES}):
        if -(2**31) <= x < 2**31:
            expected = scalar.divide_by_pot(x, exponent)
            assert requantize.rounding_divide_by_pot(x, exponent) == expected


@given(INT32, MULTIPLIER, st.integers(-31, 30))
def test_requantize_is_multiply_by_quantized_multiplier(
    x: int, multiplier: int, shift: int
) -> None:
    assume(-(2**31) <= x << max(shift, 0) < 2**31)  # else undefined in the reference
    expected = scalar.multiply(x, multiplier, shift)
    assert requantize.requantize(x, multiplier, shift) == expected
    arrays = (np.array([x]), np.array([multiplier]), np.array([shift]))
    assert requantize.requantize(*arrays)[0] == expected
    tensors = (tensor(x), tensor(multiplier), tensor(shift))
    assert requantize.requantize(*tensors).item() == expected


@given(INT32, st.integers(2**30, 2**31 - 1), st.integers(-31, -1))
def test_requantize_is_one_multiply_add_and_shift(x: int, multiplier: int, shift: int) -> None:
    """The identity that compiled code uses for right shifts."""
    n = -shift
    constant = (1 << 30) + (1 << (30 + n)) - ((1 << 31) if x < 0 else 0)
    assert requantize.requantize(x, multiplier, shift) == (x * multiplier + constant) >> (31 + n)


@given(st.floats(2.0**-40, 2.0**29, allow_nan=False))
@example(1.0)
@example(0.5)
@example(1.0 - 2.0**-40)
@example(2.0**-32)
@example(math.nextafter(2.0**-32, 0))
def test_quantize_multiplier(real: float) -> None:
    multiplier, shift = requantize.quantize_multiplier(real)
    assert (multiplier, shift) == scalar.quantize_multiplier(real)
    if multiplier:
        assert 2**30 <= multiplier < 2**31
        assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2.0**-31)
    else:
        assert real < 2.0**-31


def test_quantize_multiplier_of_zero_and_arrays() -> None:
    assert requantize.quantize_multiplier(0.0) == (0, 0)
    reals = np.array([0.3, 0.0, 7.0])
    multipliers, shifts = requantize.quantize_multipliers(reals)
    assert list(zip(multipliers, shifts, strict=True)) == [
        requantize.quantize_multiplier(real) for real in reals
    ]


# --- fixed point


@given(INT32, INT32)
@example(-(2**31), -(2**31))
@example(-(2**31), 2**31 - 1)
@example(-1, 2**30)
@example(1, -(2**30))
def test_high_mul_of_either_sign(a: int, b: int) -> None:
    expected = scalar.high_mul(a, b)
    assert fixed_point.high_mul(np.int64(a), np.int64(b)) == expected
    assert fixed_point.high_mul(tensor(a), tensor(b)).item() == expected


@given(INT32, st.integers(0, 31))
def test_saturating_shift(x: int, exponent: int) -> None:
    assert fixed_point.saturating_shift_left(np.int64(x), exponent) == scalar.multiply_by_pot(
        x, exponent
    )


@given(st.integers(-(2**31), 0), st.integers(0, 6))
def test_exp_is_gemmlowps(a: int, integer_bits: int) -> None:
    got = fixed_point.exp_on_negative_values(np.array([a]), integer_bits)
    assert got[0] == scalar.exp_negative(a, integer_bits)


@pytest.mark.parametrize("integer_bits", [0, 2, 5, 6])
def test_exp_is_exp(integer_bits: int) -> None:
    """Within the remainder of the Taylor series of order 4 around -1/8: (1/8)^5 / 5!."""
    a = np.linspace(-(2**31), 0, 40_001).astype(np.int64)
    real = a / 2.0 ** (31 - integer_bits)
    got = fixed_point.exp_on_negative_values(a, integer_bits) / 2.0**31
    assert np.abs(got - np.exp(real)).max() < 0.125**5 / 120


@given(st.integers(0, 2**31 - 1))
@example(0)
@example(2**31 - 1)
def test_reciprocal(a: int) -> None:
    got = int(fixed_point.one_over_one_plus_x(np.int64(a)))
    assert got == scalar.one_over_one_plus(a)
    assert got == fixed_point.one_over_one_plus_x(tensor(a)).item()
    assert abs(got / 2.0**31 - 1 / (1 + a / 2.0**31)) < 2.0**-28


# --- affine

SCALE = st.floats(2.0**-20, 2.0**10, width=32)


@given(st.floats(-(2.0**40), 2.0**40, width=32))
@example(float(np.nextafter(np.float32(0.5), np.float32(0))))
@example(float(np.nextafter(np.float32(-0.5), np.float32(0))))
@example(8388609.0)
@example(2.5)
@example(-3.5)
def test_rounding_is_half_away_from_zero(x: float) -> None:
    got = affine.round_half_away(np.array([x], np.float32))
    assert got.dtype == np.float32
    assert got[0] == scalar.c_round(x)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1), SCALE, st.integers(-128, 127))
def test_quantize_then_dequantize(xs: list[float], scale: float, zero: int) -> None:
    quant = affine.per_tensor(scale, zero)
    x = np.array(xs, np.float32)
    q = affine.quantize(x, quant, "int8")
    assert q.dtype == np.int8
    back = affine.dequantize(q, quant)
    low, high = affine.dequantize(np.array([-128, 127], np.int8), quant)
    inside = (x >= low) & (x <= high)
    assert (np.abs(back - x)[inside] <= quant.scale[0] * 0.5001 + 1e-6 * np.abs(x[inside])).all()
    np.testing.assert_array_equal(back[x < low], low)
    np.testing.assert_array_equal(back[x > high], high)
    np.testing.assert_array_equal(affine.quantize(back, quant, "int8"), q)


def test_quantize_per_channel() -> None:
    quant = affine.per_channel([0.5, 2.0], axis=0)
    x = np.array([[1.0, -1.25], [1.0, -3.0]], np.float32)
    q = affine.quantize(x, quant, "int8")
    np.testing.assert_array_equal(q, [[2, -3], [1, -2]])
    np.testing.assert_array_equal(affine.dequantize(q, quant), [[1.0, -1.5], [2.0, -4.0]])
    assert quant.per_channel
    assert not affine.per_tensor(1.0).per_channel


@given(SCALE, st.integers(-128, 127), st.sampled_from(["none", "relu", "relu6", "relu_n1_to_1"]))
def test_activation_range(scale: float, zero: int, activation: affine.Activation) -> None:
    quant = affine.per_tensor(scale, zero)
    low, high = affine.activation_range(activation, quant, "int8")
    ends = {"none": (-128, 127), "relu": (max(-128, zero), 127)}
    assert (low, high) == ends.get(activation, (low, high))
    assert -128 <= low <= 127
    if activation == "relu6":
        assert low == max(-128, zero)
        assert high == min(127, zero + scalar.c_round(float(np.float32(6.0) / np.float32(scale))))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_scale_must_be_positive_and_finite(scale: float) -> None:
    with pytest.raises(ShapeError, match="finite and > 0"):
        affine.per_tensor(scale)


def test_as_many_zero_points_as_scales() -> None:
    with pytest.raises(ShapeError, match="2 scales and 1 zero points"):
        affine.Quantization((0.1, 0.2), (0,))


def test_int4_is_kept_in_int8() -> None:
    assert affine.storage("int4") == np.int8
    q = affine.quantize(np.array([9.0, -9.0], np.float32), affine.per_tensor(1.0), "int4")
    np.testing.assert_array_equal(q, [7, -8])
