// SPDX-License-Identifier: Apache-2.0
// iseul_requantize_s8: integers of one quantization as those of another, clamped.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/quantize.py for int8 inputs, relu.py, relu6.py. Exact: all judges agree to
// the bit.
#include "iseul_unary.h"

void iseul_requantize_s8(const iseul_requantize_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t q = iseul_requantize(in[i] - p->in_zero_point, p->multiplier, p->shift);
    out[i] = (int8_t)iseul_clamp(q + p->zero_point, p->low, p->high);
  }
}
