// SPDX-License-Identifier: Apache-2.0
// iseul_add_linear_s8: a + b or a - b of int8 by one multiplication each.
//
// a, b     n values
// out      n values; may be a or b
// scratch  none
// clamp((a_factor a + b_factor b + constant) >> shift); sums stay within 32 bits.
// Meaning: graph/ops/add.py, sub.py; factors are only emitted where compile/prove.py has gone
// through all pairs. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

static inline int32_t value(const iseul_linear_t *p, int32_t a, int32_t b) {
  return (a * p->a_factor + p->constant + b * p->b_factor) >> p->shift;
}

void iseul_add_linear_s8(const iseul_linear_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  const iseul_linear_t k = *p;  // a store through int8_t * might change *p
  int32_t n = k.n;
  if (k.low == -128 && k.high == 127) {
    for (; n >= 4; n -= 4) {
      out[0] = (int8_t)iseul_to_int8(value(&k, a[0], b[0]));
      out[1] = (int8_t)iseul_to_int8(value(&k, a[1], b[1]));
      out[2] = (int8_t)iseul_to_int8(value(&k, a[2], b[2]));
      out[3] = (int8_t)iseul_to_int8(value(&k, a[3], b[3]));
      a += 4;
      b += 4;
      out += 4;
    }
  }
  for (; n > 0; --n) {
    *out++ = (int8_t)iseul_clamp(value(&k, *a++, *b++), k.low, k.high);
  }
}
