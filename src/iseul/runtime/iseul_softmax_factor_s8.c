// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_factor_s8: softmax of rows by a table of float32 exponentials, rounded half to
// even, clamped.
//
// in, out  rows * size values; out may be in
// scratch  none
// Exponentials are added one by one, in float32.
// Meaning: graph/ops/softmax.py, requantization "float". Exact: all judges agree to the bit.
#include "iseul_factor.h"

void iseul_softmax_factor_s8(const iseul_softmax_factor_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    const int32_t maximum = iseul_maximum_s8(in, p->size);
    float sum = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      sum += p->exponentials[maximum - in[i]];
    }
    for (int32_t i = 0; i < p->size; ++i) {
      const float scaled = p->exponentials[maximum - in[i]] * p->factor;
      const int32_t q = iseul_to_whole(scaled / sum, p->low, p->high);
      out[i] = (int8_t)(q + p->zero_point);
    }
    in += p->size;
    out += p->size;
  }
}
