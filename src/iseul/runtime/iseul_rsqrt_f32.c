// SPDX-License-Identifier: Apache-2.0
// iseul_rsqrt_f32: out[i] = 1 / sqrt(in[i]).
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/rsqrt.py. Exact: both operations are rounded once.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_rsqrt_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = 1.0f / iseul_sqrt(in[i]);
  }
}
