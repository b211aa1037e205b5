// SPDX-License-Identifier: Apache-2.0
// iseul_neg_s32: out[i] = -in[i]; that of -2^31 wraps around to itself.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/neg.py. Exact.
#include "iseul_unary.h"

void iseul_neg_s32(const iseul_each_t *p, const int32_t *in, int32_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = (int32_t)(0u - (uint32_t)in[i]);
  }
}
