// SPDX-License-Identifier: Apache-2.0
// iseul_add_f32: a + b with broadcasting and clamp.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/add.py. Exact: one float32 addition per value.
#include "iseul_binary.h"

void iseul_add_f32(const iseul_real_pair_t *p, const float *a, const float *b, float *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const float *x = a + run.at[0];
    const float *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = iseul_clamp_real(*x + *y, p->low, p->high);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
