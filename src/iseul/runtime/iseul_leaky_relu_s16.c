// SPDX-License-Identifier: Apache-2.0
// iseul_leaky_relu_s16: int16 of one quantization as those of another, alpha times if negative.
//
// in, out  n values; out may be in
// scratch  none
// The multiplier of negative values has the sign of alpha.
// Meaning: graph/ops/leaky_relu.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

static int32_t scaled(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t high = iseul_high_mul((int32_t)((uint32_t)x << left), multiplier);
  return iseul_divide_by_pot(high, left - shift);
}

void iseul_leaky_relu_s16(const iseul_leaky_relu_s16_t *p, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t x = in[i] - p->in_zero_point;
    const int32_t q = x < 0 ? scaled(x, p->alpha_multiplier, p->alpha_shift)
                            : iseul_requantize(x, p->multiplier, p->shift);
    out[i] = (int16_t)iseul_clamp(q + p->zero_point, INT16_MIN, INT16_MAX);
  }
}
