// SPDX-License-Identifier: Apache-2.0
// iseul_compare_s32: whether a relation holds between a and b, with broadcasting.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many bytes, 0 or 1, as the sizes of `shape` multiply to; not in a or b
// scratch  none
// Meaning: graph/ops/_comparing.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

void iseul_compare_s32(const iseul_compare_t *p, const int32_t *a, const int32_t *b, uint8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  const int32_t wanted = p->wanted;
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int32_t *x = a + run.at[0];
    const int32_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = iseul_is_wanted(wanted, *x < *y, *x == *y, *x > *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
