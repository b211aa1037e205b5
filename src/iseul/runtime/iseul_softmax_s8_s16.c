// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_s8_s16: softmax of each row; outputs have scale 2^-16 and zero point -32768.
//
// in, out       rows * size values, size <= 4095
// exponentials  Q0.31 of the distances 0, -1, .. -255 to the row's maximum; 0 does not count
// scratch       none
// The sum is kept in Q12.19.
// Meaning: graph/ops/softmax.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"

static void row_of(const int32_t *exponentials, int32_t size, const int8_t *in, int16_t *out) {
  const int32_t maximum = iseul_maximum_s8(in, size);
  const uint32_t sum = iseul_sum_of_exponentials(exponentials, in, size, maximum);
  const int32_t headroom = iseul_leading_zeros(sum);
  const int32_t reciprocal = iseul_one_over_one_plus((int32_t)((sum << headroom) & 0x7FFFFFFFu));
  const int32_t exponent = ISEUL_SUM_BITS - headroom + 31 - 16;
  for (int32_t i = 0; i < size; ++i) {
    const int32_t product = iseul_high_mul(reciprocal, exponentials[maximum - in[i]]);
    const int32_t q = iseul_divide_by_pot(product, exponent) - 32768;
    out[i] = (int16_t)iseul_clamp(q, INT16_MIN, INT16_MAX);
  }
}

void iseul_softmax_s8_s16(const iseul_softmax_s8_t *p, const int8_t *in, int16_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    row_of(p->exponentials, p->size, in, out);
    in += p->size;
    out += p->size;
  }
}
