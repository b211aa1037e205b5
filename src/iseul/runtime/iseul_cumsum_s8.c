// SPDX-License-Identifier: Apache-2.0
// iseul_cumsum_s8: sums of the elements up to each along an axis, requantized.
//
// in, out  outer * size * inner values; out may be in
// scratch  none
// q - zero_point is shifted left by 19 and summed in 32 bits, which wrap around; a sum starts at
// integer 0, as the reference's.
// Meaning: graph/ops/cumsum.py. Exact: all judges agree to the bit.
#include "iseul_softmax.h"

static uint32_t shifted(int32_t centred) { return (uint32_t)centred << 19; }

void iseul_cumsum_s8(const iseul_cumsum_s8_t *p, const int8_t *in, int8_t *out) {
  const iseul_cumsum_s8_t c = *p;  // a copy, as out might be p for all that C knows
  const iseul_cumsum_t *const s = &c.axis;
  const int32_t step = s->is_reverse ? -s->inner : s->inner;
  for (int32_t o = 0; o < s->outer; ++o) {
    for (int32_t k = 0; k < s->inner; ++k) {
      int32_t at = (o * s->size + (s->is_reverse ? s->size - 1 : 0)) * s->inner + k;
      uint32_t sum = shifted(-c.in_zero_point);
      for (int32_t i = 0; i < s->size; ++i, at += step) {
        const uint32_t next = sum + shifted(in[at] - c.in_zero_point);
        const int32_t total = (int32_t)(s->is_exclusive ? sum : next);
        const int32_t q = iseul_requantize(total, c.multiplier, c.shift) + c.zero_point;
        out[at] = (int8_t)iseul_clamp(q, INT8_MIN, INT8_MAX);
        sum = next;
      }
    }
  }
}
