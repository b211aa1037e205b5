// SPDX-License-Identifier: Apache-2.0
// iseul_square_f32: out[i] = in[i]^2.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/square.py. Exact: one multiplication.
#include "iseul_unary.h"

void iseul_square_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = in[i] * in[i];
  }
}
