// SPDX-License-Identifier: Apache-2.0
// iseul_elu_f32: out[i] = in[i] if it is positive, else alpha (exp(in[i]) - 1).
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/elu.py, up to rounding.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_elu_f32(const iseul_slope_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const float x = in[i];
    out[i] = x < 0.0f ? p->alpha * iseul_expm1(x) : x;
  }
}
