// SPDX-License-Identifier: Apache-2.0
// iseul_logical: a function of two truths, with broadcasting.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many bytes, 0 or 1, as the sizes of `shape` multiply to; may be an operand
//          that is not repeated
// scratch  none
// Meaning: graph/ops/_logical.py, _comparing.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

void iseul_logical(const iseul_logical_t *p, const uint8_t *a, const uint8_t *b, uint8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  const int32_t truth = p->truth;
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const uint8_t *x = a + run.at[0];
    const uint8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = (uint8_t)((truth >> (2 * (*x != 0) + (*y != 0))) & 1);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
