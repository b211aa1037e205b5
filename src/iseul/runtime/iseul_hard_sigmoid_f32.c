// SPDX-License-Identifier: Apache-2.0
// iseul_hard_sigmoid_f32: out[i] = min(max(alpha in[i] + beta, 0), 1).
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/hard_sigmoid.py, up to rounding.
#include "iseul_unary.h"

void iseul_hard_sigmoid_f32(const iseul_line_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = iseul_clamp_real(p->alpha * in[i] + p->beta, 0.0f, 1.0f);
  }
}
