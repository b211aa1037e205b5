// SPDX-License-Identifier: Apache-2.0
// iseul_hard_swish_f32: out[i] = in[i] min(max(in[i] + 3, 0), 6) / 6.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/hard_swish.py, up to rounding.
#include "iseul_unary.h"

void iseul_hard_swish_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = in[i] * iseul_clamp_real(in[i] + 3.0f, 0.0f, 6.0f) / 6.0f;
  }
}
