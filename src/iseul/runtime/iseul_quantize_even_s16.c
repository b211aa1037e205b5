// SPDX-License-Identifier: Apache-2.0
// iseul_quantize_even_s16: reals to int16: in[i] / scale rounded half to even, + zero_point,
// saturated.
//
// in, out  n values; out not in
// scratch  none
// NaN becomes the lowest int16.
// Meaning: graph/ops/quantize.py for float inputs, rounding "even". Exact: the division is a
// float32 operation.
#include "iseul_factor.h"

void iseul_quantize_even_s16(const iseul_affine_t *p, const float *in, int16_t *out) {
  const float low = (float)(INT16_MIN - p->zero_point);
  const float high = (float)(INT16_MAX - p->zero_point);
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = (int16_t)(iseul_to_whole(in[i] / p->scale, low, high) + p->zero_point);
  }
}
