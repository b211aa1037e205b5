// SPDX-License-Identifier: Apache-2.0
// iseul_square_root_u64: square roots of 64-bit integers, rounded, then shifted right.
//
// in       n values
// bits     how far, 0 .. 31
// out      n values; not in
// scratch  none
// A root that would round up beyond 16 bits (below 2^32) or 32 bits is cut off.
// Meaning: graph/ops/filter_bank_square_root.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

// Bit by bit: `rest` is what is left of x, `root` the root so far, shifted left.
static uint32_t root_of(uint64_t x, uint64_t most) {
  uint64_t bit = (uint64_t)1 << 62, rest = x, root = 0;
  while (bit > x) {
    bit >>= 2;
  }
  for (; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return (uint32_t)(rest > root && root != most ? root + 1 : root);
}

void iseul_square_root_u64(const iseul_square_root_t *p, const uint64_t *in, const int32_t *bits,
                           uint32_t *out) {
  const int32_t shift = *bits & 31;
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = root_of(in[i], in[i] >> 32 == 0 ? UINT16_MAX : UINT32_MAX) >> shift;
  }
}
