// SPDX-License-Identifier: Apache-2.0
// iseul_quantize_even_u8: reals to uint8: in[i] / scale rounded half to even, + zero_point,
// saturated.
//
// in, out  n values; out not in
// scratch  none
// NaN becomes the lowest uint8.
// Meaning: graph/ops/quantize.py for float inputs, rounding "even". Exact: the division is a
// float32 operation.
#include "iseul_factor.h"

void iseul_quantize_even_u8(const iseul_affine_t *p, const float *in, uint8_t *out) {
  const float low = (float)(0 - p->zero_point);
  const float high = (float)(UINT8_MAX - p->zero_point);
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = (uint8_t)(iseul_to_whole(in[i] / p->scale, low, high) + p->zero_point);
  }
}
