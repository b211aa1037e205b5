// SPDX-License-Identifier: Apache-2.0
// iseul_l2_normalization_s8: rows divided by their length, in steps of 1/128.
//
// in, out  rows * size values; out may be in
// scratch  none
// The inverse length comes from five Newton-Raphson steps in Q3.28.
// Meaning: graph/ops/l2_normalization.py. Exact: all judges agree to the bit.
#include "iseul_norm.h"

static int32_t shift_left(int32_t x, int32_t exponent) {
  const int64_t wide = (int64_t)x * ((int64_t)1 << exponent);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

// 1 / sqrt(x) = result * 2^(*shift - 31); 0 counts as 1.
static int32_t inverse_sqrt(int32_t x, int32_t *shift) {
  *shift = 0;
  if (x <= 1) {
    return INT32_MAX;
  }
  int32_t right = 11;
  if (x >= (int32_t)1 << 29) {
    x /= 4;
    ++right;
  }
  while (x < (int32_t)1 << 27) {
    x *= 4;
    --right;
  }
  const int32_t half = iseul_divide_by_pot(x >> 1, 1);
  const int32_t three_halves = 402653184;  // 1.5 in Q3.28
  int32_t root = (int32_t)1 << 28;         // 1
  for (int32_t i = 0; i < 5; ++i) {
    const int32_t cube = shift_left(iseul_high_mul(iseul_high_mul(root, root), root), 6);
    root = shift_left(iseul_high_mul(root, three_halves) - iseul_high_mul(half, cube), 3);
  }
  const int32_t result = iseul_high_mul(root, 1518500250);  // sqrt(2) / 2 in Q0.31
  if (right < 0) {
    return result * ((int32_t)1 << -right);
  }
  *shift = -right;
  return result;
}

void iseul_l2_normalization_s8(const iseul_l2_normalization_s8_t *p, const int8_t *in,
                               int8_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->size; ++i) {
      const int32_t x = in[i] - p->zero_point;
      sum += x * x;
    }
    int32_t shift;
    const int32_t multiplier = inverse_sqrt(sum, &shift);
    for (int32_t i = 0; i < p->size; ++i) {
      const int32_t q = iseul_requantize(in[i] - p->zero_point, multiplier, shift + 7);
      out[i] = (int8_t)iseul_clamp(q, INT8_MIN, INT8_MAX);
    }
    in += p->size;
    out += p->size;
  }
}
