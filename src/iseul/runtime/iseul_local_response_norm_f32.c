// SPDX-License-Identifier: Apache-2.0
// iseul_local_response_norm_f32: x / (bias + alpha * sum of squares of near channels)^beta.
//
// in       rows * channels values
// out      as many; not in
// bias     > 0
// scratch  none
// Meaning: graph/ops/local_response_norm.py, up to rounding.
#include "iseul_norm.h"
#include "iseul_real.h"

void iseul_local_response_norm_f32(const iseul_local_response_norm_f32_t *p, const float *in,
                                   float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t c = 0; c < p->channels; ++c) {
      const int32_t first = c > p->before ? c - p->before : 0;
      const int32_t behind = p->channels - 1 - c;
      const int32_t last = c + (behind < p->after ? behind : p->after);
      float sum = 0.0f;
      for (int32_t i = first; i <= last; ++i) {
        sum += in[i] * in[i];
      }
      out[c] = in[c] * iseul_exp(-p->beta * iseul_log(p->bias + p->alpha * sum));
    }
    in += p->channels;
    out += p->channels;
  }
}
