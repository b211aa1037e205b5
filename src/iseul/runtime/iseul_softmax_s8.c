// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_s8: softmax of each row; outputs have scale 1/256 and zero point -128.
//
// in, out       rows * size values; out may be in
// exponentials  Q0.31 of the distances 0, -1, .. -255 to the row's maximum; 0 does not count
// scratch       none
// The sum is kept in Q12.19; from 512 on, every share is below half a step.
// Meaning: graph/ops/softmax.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"

static void row_of(const int32_t *exponentials, int32_t size, const int8_t *in, int8_t *out) {
  const int32_t maximum = iseul_maximum_s8(in, size);
  const uint32_t sum = iseul_sum_of_exponentials(exponentials, in, size, maximum);
  const int32_t headroom = iseul_leading_zeros(sum);  // the maximum contributes, so sum > 0
  const int32_t reciprocal = iseul_one_over_one_plus((int32_t)((sum << headroom) & 0x7FFFFFFFu));
  const int32_t exponent = ISEUL_SUM_BITS - headroom + 31 - 8;
  for (int32_t i = 0; i < size; ++i) {
    const int32_t product = iseul_high_mul(reciprocal, exponentials[maximum - in[i]]);
    const int32_t q = exponent < 32 ? iseul_divide_by_pot(product, exponent) : 0;
    out[i] = (int8_t)iseul_clamp(q - 128, INT8_MIN, INT8_MAX);
  }
}

void iseul_softmax_s8(const iseul_softmax_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    row_of(p->exponentials, p->size, in, out);
    in += p->size;
    out += p->size;
  }
}
