// SPDX-License-Identifier: Apache-2.0
// iseul_lookup_s8: out[i] = table[in[i] + 128], for any function of one int8.
//
// in, out  n values; out may be in
// table    256 results of the op's own meaning, that of -128 first
// scratch  none
// Meaning: that of the op whose table it is. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_lookup_s8(const iseul_lookup_s8_t *p, const int8_t *in, int8_t *out) {
  const int8_t *const middle = p->table + 128;
  const int32_t n = p->n;
  for (int32_t i = 0; i < n; ++i) {
    out[i] = middle[in[i]];
  }
}
