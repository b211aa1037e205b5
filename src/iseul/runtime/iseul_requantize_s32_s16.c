// SPDX-License-Identifier: Apache-2.0
// iseul_requantize_s32_s16: int32 of one quantization as int16 of another, clamped.
//
// in, out  n values; out not in
// multiplier, shift  of less than 1/2, so that results fit into 32 bits; in_zero_point 0
// scratch  none
// Meaning: graph/ops/quantize.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_requantize_s32_s16(const iseul_requantize_t *p, const int32_t *in, int16_t *out) {
  const iseul_requantize_t r = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < r.n; ++i) {
    out[i] = (int16_t)iseul_requantized(&r, in[i] - r.in_zero_point);
  }
}
