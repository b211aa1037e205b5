// SPDX-License-Identifier: Apache-2.0
// iseul_squared_difference_s32: (a - b)^2 with broadcasting; results wrap around.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/squared_difference.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static int32_t square_of(int32_t a, int32_t b) {
  const uint32_t difference = (uint32_t)a - (uint32_t)b;
  return (int32_t)(difference * difference);
}

void iseul_squared_difference_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b,
                                  int32_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int32_t *x = a + run.at[0];
    const int32_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = iseul_clamp(square_of(*x, *y), p->low, p->high);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
