// SPDX-License-Identifier: Apache-2.0
// iseul_clamp_f32: out[i] = min(max(in[i], low), high).
//
// in, out    n values; out may be in
// low, high  bounds of the activation, infinite where it has none
// scratch    none
// Meaning: graph/ops/relu.py, relu6.py. Exact.
#include "iseul_unary.h"

void iseul_clamp_f32(const iseul_clamp_f32_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = iseul_clamp_real(in[i], p->low, p->high);
  }
}
