// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_s8: softmax of each row; outputs have scale 1/256 and zero point -128.
//
// in, out       rows * size values, size <= 511; out may be in
// exponentials  Q0.31 of the distances 0, -1, .. -255 to the row's maximum; 0 does not count
// scratch       none
// The sum is kept in Q12.19 and inverted by three Newton-Raphson steps (gemmlowp's
// one_over_one_plus_x_for_x_in_0_1).
// Meaning: graph/ops/softmax.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"

#define SUM_BITS 12  // integer bits of the sum

static int32_t saturate(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

// 1 / (1 + a) for a in [0, 1) in Q0.31.
static int32_t one_over_one_plus(int32_t a) {
  const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
  // 48/17 and -32/17 in Q2.29
  int32_t x = 1515870810 + iseul_high_mul(half_denominator, -1010580540);
  for (int i = 0; i < 3; ++i) {
    const int32_t rest = ((int32_t)1 << 29) - iseul_high_mul(half_denominator, x);
    x += saturate((int64_t)iseul_high_mul(x, rest) * 4);
  }
  return saturate((int64_t)x * 2);
}

static void row_of(const int32_t *exponentials, int32_t size, const int8_t *in, int8_t *out) {
  int32_t maximum = INT8_MIN;
  for (int32_t i = 0; i < size; ++i) {
    maximum = in[i] > maximum ? in[i] : maximum;
  }
  uint32_t sum = 0;
  for (int32_t i = 0; i < size; ++i) {
    sum += (uint32_t)iseul_divide_by_pot(exponentials[maximum - in[i]], SUM_BITS);
  }
  int32_t headroom = 0;  // leading zeros; the maximum itself contributes, so sum > 0
  while ((sum & 0x80000000u) == 0) {
    sum <<= 1;
    ++headroom;
  }
  const int32_t reciprocal = one_over_one_plus((int32_t)(sum & 0x7FFFFFFFu));
  const int32_t exponent = SUM_BITS - headroom + 31 - 8;
  for (int32_t i = 0; i < size; ++i) {
    const int32_t product = iseul_high_mul(reciprocal, exponentials[maximum - in[i]]);
    const int32_t q = iseul_divide_by_pot(product, exponent) - 128;
    out[i] = (int8_t)iseul_clamp(q, INT8_MIN, INT8_MAX);
  }
}

void iseul_softmax_s8(const iseul_softmax_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    row_of(p->exponentials, p->size, in, out);
    in += p->size;
    out += p->size;
  }
}
