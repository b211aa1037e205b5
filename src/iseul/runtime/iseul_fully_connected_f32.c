// SPDX-License-Identifier: Apache-2.0
// iseul_fully_connected_f32: matrix times vector with bias and clamp.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  none
// Meaning: graph/ops/fully_connected.py, up to the order of the float32 sums.
#include "iseul_weighted.h"

void iseul_fully_connected_f32(const iseul_fully_connected_f32_t *p, const float *in, float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    const float *w = p->weights;
    for (int32_t o = 0; o < p->out_size; ++o) {
      float acc = 0.0f;
      for (int32_t i = 0; i < p->in_size; ++i) {
        acc += in[i] * *w++;
      }
      *out++ = iseul_clamp_real(acc + p->bias[o], p->low, p->high);
    }
    in += p->in_size;
  }
}
