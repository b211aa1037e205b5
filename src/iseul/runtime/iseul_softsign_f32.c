// SPDX-License-Identifier: Apache-2.0
// iseul_softsign_f32: out[i] = in[i] / (1 + |in[i]|).
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/softsign.py, up to rounding.
#include "iseul_unary.h"

void iseul_softsign_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = in[i] / (1.0f + (in[i] < 0.0f ? -in[i] : in[i]));
  }
}
