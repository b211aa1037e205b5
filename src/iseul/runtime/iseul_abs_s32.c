// SPDX-License-Identifier: Apache-2.0
// iseul_abs_s32: out[i] = |in[i]|; that of -2^31 wraps around to itself.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/abs.py. Exact.
#include "iseul_unary.h"

void iseul_abs_s32(const iseul_each_t *p, const int32_t *in, int32_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const uint32_t x = (uint32_t)in[i];
    out[i] = (int32_t)(in[i] < 0 ? 0u - x : x);
  }
}
