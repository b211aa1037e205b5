// SPDX-License-Identifier: Apache-2.0
// iseul_quantize_even_s8: reals to int8: in[i] / scale rounded half to even, + zero_point,
// saturated.
//
// in, out  n values; out not in
// scratch  none
// NaN becomes the lowest int8.
// Meaning: graph/ops/quantize.py for float inputs, rounding "even". Exact: the division is a
// float32 operation.
#include "iseul_factor.h"

void iseul_quantize_even_s8(const iseul_affine_t *p, const float *in, int8_t *out) {
  const float low = (float)(INT8_MIN - p->zero_point);
  const float high = (float)(INT8_MAX - p->zero_point);
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = (int8_t)(iseul_to_whole(in[i] / p->scale, low, high) + p->zero_point);
  }
}
