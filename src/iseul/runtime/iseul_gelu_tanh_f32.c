// SPDX-License-Identifier: Apache-2.0
// iseul_gelu_tanh_f32: out[i] = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) of x = in[i].
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/gelu.py with approximate "tanh", up to rounding.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_gelu_tanh_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const float x = in[i];
    const float inner = 0.79788456f * (x + 0.044715f * x * x * x);
    out[i] = 0.5f * x * (1.0f + iseul_tanh(inner));
  }
}
