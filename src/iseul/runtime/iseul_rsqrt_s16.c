// SPDX-License-Identifier: Apache-2.0
// iseul_rsqrt_s16: 1 / sqrt(x) of int16 with zero point 0; the largest int16 if x is not positive.
//
// in, out            n values; out may be in
// multiplier, shift  of 1 / (sqrt(s_in) s_out); shift -11 .. 29
// scratch            none
// 1 / sqrt of the integer by five Newton-Raphson steps in Q3.28, kept with 20 fractional bits.
// Meaning: graph/ops/rsqrt.py; numerics/fixed_point.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

#define FRACTION_BITS 20

static int32_t shifted_left(int32_t x, int32_t n) {
  const int64_t y = (int64_t)x * ((int64_t)1 << n);
  return y > INT32_MAX ? INT32_MAX : y < INT32_MIN ? INT32_MIN : (int32_t)y;
}

// 1 / sqrt(x) of 1 <= x < 2^15, with FRACTION_BITS fractional bits.
static int32_t inverse_root(int32_t x) {
  if (x == 1) {
    return (int32_t)1 << FRACTION_BITS;
  }
  int32_t pairs = 0;  // x moves up to 2^27 .. 2^29
  while (x < ((int32_t)1 << 27)) {
    x *= 4;
    ++pairs;
  }
  const int32_t half = iseul_divide_by_pot(x >> 1, 1);
  int32_t y = (int32_t)1 << 28;
  for (int32_t i = 0; i < 5; ++i) {
    const int32_t cube = shifted_left(iseul_high_mul(iseul_high_mul(y, y), y), 6);
    const int32_t next = iseul_high_mul(((int32_t)3 << 27), y) - iseul_high_mul(half, cube);
    y = shifted_left(next, 3);
  }
  y = iseul_high_mul(y, 1518500250);  // sqrt(1/2) in Q0.31
  return iseul_requantize(1, y, pairs - 11 + FRACTION_BITS);
}

void iseul_rsqrt_s16(const iseul_rsqrt_s16_t *p, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    int32_t q = INT16_MAX;
    if (in[i] > 0) {
      q = iseul_requantize(inverse_root(in[i]), p->multiplier, p->shift - FRACTION_BITS);
    }
    out[i] = (int16_t)iseul_clamp(q, INT16_MIN, INT16_MAX);
  }
}
