// SPDX-License-Identifier: Apache-2.0
// iseul_squared_difference_s8: (a - b)^2 with broadcasting and requantization.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/squared_difference.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static int8_t square_of(const iseul_aligned_t *p, int32_t a, int32_t b) {
  const int32_t difference = iseul_total(p, a, b);  // at most 2^15
  return (int8_t)iseul_from_common(p, difference * difference);
}

void iseul_squared_difference_s8(const iseul_aligned_t *p, const int8_t *a, const int8_t *b,
                                 int8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = square_of(p, *x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
