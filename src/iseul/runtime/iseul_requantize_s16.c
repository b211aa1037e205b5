// SPDX-License-Identifier: Apache-2.0
// iseul_requantize_s16: int16 of one quantization as int16 of another, clamped.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/quantize.py, relu.py and its kin. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_requantize_s16(const iseul_requantize_t *p, const int16_t *in, int16_t *out) {
  const iseul_requantize_t r = *p;  // a copy, as out might be p for all that C knows
  for (int32_t i = 0; i < r.n; ++i) {
    out[i] = (int16_t)iseul_requantized(&r, in[i] - r.in_zero_point);
  }
}
