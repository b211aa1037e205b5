// SPDX-License-Identifier: Apache-2.0
// iseul_sign_f32: out[i] = -1, 0 or 1: the sign of in[i]; NaN stays.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/sign.py. Exact.
#include "iseul_unary.h"

void iseul_sign_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const float x = in[i];
    out[i] = x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
  }
}
