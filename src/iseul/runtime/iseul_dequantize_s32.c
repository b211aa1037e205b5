// SPDX-License-Identifier: Apache-2.0
// iseul_dequantize_s32: int32 to the reals that they stand for, scale * in[i].
//
// in, out  n values; out may be in
// scratch  none
// zero_point is 0: what is subtracted from an int32 may not fit into one.
// Meaning: graph/ops/dequantize.py. Exact: one conversion and one multiplication in float32.
#include "iseul_unary.h"

void iseul_dequantize_s32(const iseul_affine_t *p, const int32_t *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = p->scale * (float)in[i];
  }
}
