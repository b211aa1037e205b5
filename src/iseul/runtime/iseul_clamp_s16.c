// SPDX-License-Identifier: Apache-2.0
// iseul_clamp_s16: out[i] = min(max(in[i], low), high).
//
// in, out    n values of the same quantization; out may be in
// low, high  the int16 that stand for the activation's bounds
// scratch    none
// Meaning: graph/ops/relu.py and its kin where input and output have the same quantization.
// Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_clamp_s16(const iseul_clamp_t *p, const int16_t *in, int16_t *out) {
  const iseul_clamp_t c = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < c.n; ++i) {
    out[i] = (int16_t)iseul_clamp(in[i], c.low, c.high);
  }
}
