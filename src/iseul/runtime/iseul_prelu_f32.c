// SPDX-License-Identifier: Apache-2.0
// iseul_prelu_f32: x, or alpha * x below zero, with broadcasting of alpha.
//
// in, alpha  read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out        as many values as the sizes of `shape` multiply to; may be in
// scratch    none
// Meaning: graph/ops/prelu.py. Exact: one float32 multiplication per value at most.
#include "iseul_binary.h"

void iseul_prelu_f32(const iseul_pair_t *p, const float *in, const float *alpha, float *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const float *x = in + run.at[0];
    const float *y = alpha + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = *x >= 0.0f ? *x : *x * *y;
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
