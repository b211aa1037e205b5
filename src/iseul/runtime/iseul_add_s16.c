// SPDX-License-Identifier: Apache-2.0
// iseul_add_s16: a + b or a - b with broadcasting, requantization and clamp.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/add.py, sub.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

void iseul_add_s16(const iseul_aligned_t *p, const int16_t *a, const int16_t *b, int16_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int16_t *x = a + run.at[0];
    const int16_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = (int16_t)iseul_from_common(p, iseul_total(p, *x, *y));
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
