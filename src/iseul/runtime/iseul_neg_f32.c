// SPDX-License-Identifier: Apache-2.0
// iseul_neg_f32: out[i] = -in[i].
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/neg.py. Exact.
#include "iseul_unary.h"

void iseul_neg_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = -in[i];
  }
}
