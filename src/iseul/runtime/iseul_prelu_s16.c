// SPDX-License-Identifier: Apache-2.0
// iseul_prelu_s16: x, or alpha * x below zero, with broadcasting of alpha and requantization.
//
// in, alpha  read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out        as many values as the sizes of `shape` multiply to; may be in
// scratch    none
// Meaning: graph/ops/prelu.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

void iseul_prelu_s16(const iseul_prelu_t *p, const int16_t *in, const int8_t *alpha, int16_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int16_t *x = in + run.at[0];
    const int8_t *y = alpha + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = (int16_t)iseul_clamp(iseul_prelu(p, *x, *y), INT16_MIN, INT16_MAX);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
