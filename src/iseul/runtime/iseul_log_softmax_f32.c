// SPDX-License-Identifier: Apache-2.0
// iseul_log_softmax_f32: x - max - ln(sum exp(x - max)) of each row.
//
// in, out  rows * size values; out may be in
// scratch  none
// Meaning: graph/ops/log_softmax.py, up to rounding.
#include "iseul_real.h"
#include "iseul_softmax.h"

void iseul_log_softmax_f32(const iseul_log_softmax_f32_t *p, const float *in, float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    float maximum = in[0];
    for (int32_t i = 1; i < p->size; ++i) {
      maximum = in[i] > maximum ? in[i] : maximum;
    }
    float sum = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      sum += iseul_exp(in[i] - maximum);
    }
    const float log = iseul_log(sum);
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] = in[i] - maximum - log;
    }
    in += p->size;
    out += p->size;
  }
}
