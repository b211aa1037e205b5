// SPDX-License-Identifier: Apache-2.0
// iseul_log_f32: out[i] = ln(in[i]).
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/log.py, up to rounding.
#include "iseul_real.h"
#include "iseul_unary.h"

void iseul_log_f32(const iseul_each_t *p, const float *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = iseul_log(in[i]);
  }
}
