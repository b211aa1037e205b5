// SPDX-License-Identifier: Apache-2.0
// iseul_abs_s16: |in[i] - in_zero_point| as int16 of another quantization, clamped.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/abs.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_abs_s16(const iseul_requantize_t *p, const int16_t *in, int16_t *out) {
  const iseul_requantize_t r = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < r.n; ++i) {
    const int32_t x = in[i] - r.in_zero_point;
    out[i] = (int16_t)iseul_requantized(&r, x < 0 ? -x : x);
  }
}
