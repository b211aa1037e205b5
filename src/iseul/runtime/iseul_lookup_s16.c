// SPDX-License-Identifier: Apache-2.0
// iseul_lookup_s16: any function of one int16 by straight lines between 513 of its results.
//
// in, out  n values; out may be in
// table    the op's own results at -32768, -32640 .. 32768
// scratch  none
// Meaning: that of the op whose table it is; numerics/lut.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

void iseul_lookup_s16(const iseul_lookup_s16_t *p, const int16_t *in, int16_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = iseul_interpolate(p->table, in[i]);
  }
}
