// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_f32: exp(beta * x) / sum exp(beta * x) of each row.
//
// in, out  rows * size values; out may be in
// beta     > 0
// scratch  none
// Meaning: graph/ops/softmax.py, up to rounding.
#include "iseul_real.h"
#include "iseul_softmax.h"

void iseul_softmax_f32(const iseul_softmax_f32_t *p, const float *in, float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    float maximum = in[0];
    for (int32_t i = 1; i < p->size; ++i) {
      maximum = in[i] > maximum ? in[i] : maximum;
    }
    float sum = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] = iseul_exp((in[i] - maximum) * p->beta);
      sum += out[i];
    }
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] /= sum;
    }
    in += p->size;
    out += p->size;
  }
}
