// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_s16: softmax of each row; outputs have scale 2^-15 and zero point 0.
//
// in, out       rows * size values, size <= 65536; out may be in
// exponentials, reciprocals  tables of 513, between which lines are straight
// scratch       none
// Meaning: graph/ops/softmax.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"
#include "iseul_unary.h"

static void row_of(const iseul_softmax_s16_t *p, const int16_t *in, int16_t *out) {
  int32_t maximum = INT16_MIN;
  for (int32_t i = 0; i < p->size; ++i) {
    maximum = in[i] > maximum ? in[i] : maximum;
  }
  uint32_t sum = 0;  // Q16.15
  for (int32_t i = 0; i < p->size; ++i) {
    const int32_t x = iseul_requantize(in[i] - maximum, p->multiplier, p->shift) + 32767;
    const int32_t e = iseul_interpolate(p->exponentials, iseul_clamp(x, INT16_MIN, INT16_MAX));
    out[i] = (int16_t)e;
    sum += (uint32_t)e;
  }
  const int32_t headroom = iseul_leading_zeros(sum);
  // the sum as 1 + a in Q1.16, and a from the table's lower end
  const int32_t normal = (int32_t)(((sum << (headroom - 1)) + ((uint32_t)1 << 13)) >> 14);
  const int32_t a = iseul_clamp(normal - ((int32_t)3 << 15), INT16_MIN, INT16_MAX);
  const int32_t reciprocal = iseul_interpolate(p->reciprocals, a);
  const int32_t right = 31 - headroom;
  const int32_t half = (int32_t)1 << (right - 1);
  for (int32_t i = 0; i < p->size; ++i) {
    const int32_t share = (out[i] * reciprocal + half) >> right;
    out[i] = (int16_t)iseul_clamp(share, 0, INT16_MAX);
  }
}

void iseul_softmax_s16(const iseul_softmax_s16_t *p, const int16_t *in, int16_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    row_of(p, in, out);
    in += p->size;
    out += p->size;
  }
}
