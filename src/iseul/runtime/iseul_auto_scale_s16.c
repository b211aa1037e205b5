// SPDX-License-Identifier: Apache-2.0
// iseul_auto_scale_s16: signals shifted left as far as 15 bits hold the largest magnitude.
//
// in, out  n values; out may be in
// bits     how far
// scratch  none
// -2^15 has no magnitude in 16 bits; values behind it count then.
// Meaning: graph/ops/fft_auto_scale.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

void iseul_auto_scale_s16(const iseul_auto_scale_t *p, const int16_t *in, int16_t *out,
                          int32_t *bits) {
  int16_t largest = 0;
  for (int32_t i = 0; i < p->n; ++i) {
    if (in[i] > largest) {
      largest = in[i];
    } else if (-in[i] > largest) {
      largest = (int16_t)-in[i];
    }
  }
  const int32_t used = largest < 0 ? 15 : iseul_bit_length((uint32_t)largest);
  const int32_t shift = 15 - used;
  for (int32_t i = 0; i < p->n; ++i) {
    out[i] = (int16_t)(in[i] * (1 << shift));
  }
  *bits = shift;
}
