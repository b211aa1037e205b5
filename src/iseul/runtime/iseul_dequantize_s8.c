// SPDX-License-Identifier: Apache-2.0
// iseul_dequantize_s8: int8 to the reals that they stand for, scale * (in[i] - zero_point).
//
// in, out  n values; out not in
// scratch  none
// Meaning: graph/ops/dequantize.py. Exact: one float32 multiplication per value.
#include "iseul_unary.h"

void iseul_dequantize_s8(const iseul_affine_t *p, const int8_t *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = p->scale * (float)(in[i] - p->zero_point);
  }
}
