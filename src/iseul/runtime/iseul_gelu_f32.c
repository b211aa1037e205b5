// SPDX-License-Identifier: Apache-2.0
// iseul_gelu_f32: out[i] = x / 2 (1 + erf(x / sqrt(2))) of x = in[i].
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/gelu.py with approximate "none", up to rounding.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_gelu_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const float x = in[i];
    out[i] = 0.5f * x * (1.0f + iseul_erf(x * 0.70710678f));
  }
}
