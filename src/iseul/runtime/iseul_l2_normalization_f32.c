// SPDX-License-Identifier: Apache-2.0
// iseul_l2_normalization_f32: rows divided by their length, or by epsilon if they are shorter.
//
// in, out  rows * size values; out may be in
// scratch  none
// Meaning: graph/ops/l2_normalization.py, up to the order of the float32 sums.
#include "iseul_norm.h"
#include "iseul_real.h"

void iseul_l2_normalization_f32(const iseul_l2_normalization_f32_t *p, const float *in,
                                float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      sum += in[i] * in[i];
    }
    const float length = iseul_sqrt(sum);
    const float divisor = length > p->epsilon ? length : p->epsilon;
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] = in[i] / divisor;
    }
    in += p->size;
    out += p->size;
  }
}
