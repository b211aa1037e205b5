// SPDX-License-Identifier: Apache-2.0
// iseul_leaky_relu_f32: out[i] = in[i] if it is positive, else alpha in[i].
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/leaky_relu.py. Exact: one multiplication.
#include "iseul_unary.h"

void iseul_leaky_relu_f32(const iseul_slope_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = in[i] > 0.0f ? in[i] : in[i] * p->alpha;
  }
}
