// SPDX-License-Identifier: Apache-2.0
// iseul_cumsum_s32: sums of the elements up to each along an axis; they wrap around.
//
// in, out  outer * size * inner values; out may be in
// scratch  none
// Meaning: graph/ops/cumsum.py. Exact.
#include "iseul_softmax.h"

void iseul_cumsum_s32(const iseul_cumsum_t *p, const int32_t *in, int32_t *out) {
  const int32_t step = p->is_reverse ? -p->inner : p->inner;
  for (int32_t o = 0; o < p->outer; ++o) {
    for (int32_t k = 0; k < p->inner; ++k) {
      int32_t at = (o * p->size + (p->is_reverse ? p->size - 1 : 0)) * p->inner + k;
      uint32_t sum = 0;
      for (int32_t i = 0; i < p->size; ++i, at += step) {
        const uint32_t x = (uint32_t)in[at];
        out[at] = (int32_t)(p->is_exclusive ? sum : sum + x);
        sum += x;
      }
    }
  }
}
