// SPDX-License-Identifier: Apache-2.0
// iseul_requantize_s8_u8: int8 of one quantization as uint8 of another, clamped.
//
// in, out  n values; out not in
// scratch  none
// Meaning: graph/ops/quantize.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_requantize_s8_u8(const iseul_requantize_t *p, const int8_t *in, uint8_t *out) {
  const iseul_requantize_t r = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < r.n; ++i) {
    out[i] = (uint8_t)iseul_requantized(&r, in[i] - r.in_zero_point);
  }
}
