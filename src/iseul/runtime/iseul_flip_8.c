// SPDX-License-Identifier: Apache-2.0
// iseul_flip_8: uint8 as the int8 that stand for the same reals, or back: the highest bit changes.
//
// in, out  n values; out may be in
// scratch  none
// Meaning: graph/ops/quantize.py where scales are equal and zero points differ by 128. Exact.
#include "iseul_unary.h"

void iseul_flip_8(const iseul_each_t *p, const void *in, void *out) {
  const uint8_t *const from = in;
  uint8_t *const to = out;
  const int32_t n = p->n;
  for (int32_t i = 0; i < n; ++i) {
    to[i] = (uint8_t)(from[i] ^ 0x80u);
  }
}
