// SPDX-License-Identifier: Apache-2.0
// iseul_add_linear_s8_mve: a + b or a - b of int8 by one multiplication each, four at a time.
//
// a, b     n values
// out      n values; may be a or b
// scratch  none
// clamp((a_factor a + b_factor b + constant) >> shift); sums stay within 32 bits.
// Meaning: graph/ops/add.py, sub.py; factors are only emitted where compile/prove.py has gone
// through all pairs. Exact: all judges agree to the bit.
#include "iseul_mve.h"

void iseul_add_linear_s8_mve(const iseul_linear_t *p, const int8_t *a, const int8_t *b,
                             int8_t *out) {
  iseul_linear_mve(p, a, b, out);
}
