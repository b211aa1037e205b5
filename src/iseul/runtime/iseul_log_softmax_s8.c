// SPDX-License-Identifier: Apache-2.0
// iseul_log_softmax_s8: logarithm of the softmax of each row; scale 1/16, zero point 127.
//
// in, out       rows * size values, size <= 4095; out may be in
// exponentials  Q0.31 of the distances 0, -1, .. -255 to the row's maximum; 0 does not count
// scratch       none
// Meaning: graph/ops/log_softmax.py; numerics/fixed_point.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"

#define SQRT_HALF 1518500250    // sqrt(1/2) in Q0.31
#define ROOT_4_HALF 1805811301  // (1/2)^(1/4)

// ln(x) of x >= 1 in Q12.19; the result in Q5.26.
//
// Two mantissas r near 2^(-1/4), by the leading bit of x and by that of x sqrt(1/2); the smaller
// one goes into a rational approximation of ln r.
static int32_t log_of(int32_t x) {
  int32_t zeros = iseul_leading_zeros((uint32_t)x);
  const int32_t normal = (int32_t)((uint32_t)x << (zeros - 1));
  const int32_t r_a = iseul_saturate((int64_t)iseul_high_mul(normal, SQRT_HALF) * 2);
  // powers of two in Q6.25, a quarter above and below
  const int32_t power_a = (ISEUL_SUM_BITS - zeros) * ((int32_t)1 << 25) + ((int32_t)1 << 23);
  zeros = iseul_leading_zeros((uint32_t)iseul_high_mul(x, SQRT_HALF));
  const int32_t r_b = iseul_saturate((int64_t)x * ((int64_t)1 << (zeros - 1)));
  const int32_t power_b = (ISEUL_SUM_BITS + 1 - zeros) * ((int32_t)1 << 25) - ((int32_t)1 << 23);
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t power = power_a > power_b ? power_a : power_b;
  const int32_t p = (int32_t)(((int64_t)r + ROOT_4_HALF + 1) >> 1);
  const int32_t q = 2 * (r - ROOT_4_HALF);
  const int32_t square = iseul_high_mul(q, q);
  // coefficients: 11/240, 1/20, 2 / 2^(1/2) - 1 and 1/4, all times 2^(1/4), in Q0.31
  const int32_t numerator =
      iseul_high_mul(q, r) + iseul_high_mul(iseul_high_mul(q, square), 117049297);
  const int32_t inner = 1057819769 + q + iseul_high_mul(square, 127690142);
  const int32_t denominator = iseul_high_mul(p, inner) + iseul_high_mul(q, 638450708);
  const int32_t reciprocal = iseul_one_over_one_plus(denominator);
  const int32_t log_2 = 1488522236;
  const int64_t sum = (int64_t)iseul_high_mul(power, log_2) +
                      iseul_high_mul(iseul_divide_by_pot(numerator, 6), reciprocal);
  return iseul_saturate(sum * 2);
}

static void row_of(const iseul_log_softmax_s8_t *p, const int8_t *in, int8_t *out) {
  const int32_t maximum = iseul_maximum_s8(in, p->size);
  const int32_t log =
      log_of((int32_t)iseul_sum_of_exponentials(p->exponentials, in, p->size, maximum));
  int32_t least =
      iseul_requantize(log + INT32_MIN, p->reverse_multiplier, p->reverse_shift);
  least = least > p->smallest - 1 ? least : p->smallest - 1;
  for (int32_t i = 0; i < p->size; ++i) {
    const int32_t distance = in[i] - maximum;
    int32_t q = INT8_MIN;
    if (distance > least) {
      const int32_t x = iseul_requantize(distance, p->multiplier, p->shift);
      q = iseul_clamp(iseul_divide_by_pot(x - log, 22) + 127, INT8_MIN, INT8_MAX);
    }
    out[i] = (int8_t)q;
  }
}

void iseul_log_softmax_s8(const iseul_log_softmax_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    row_of(p, in, out);
    in += p->size;
    out += p->size;
  }
}
