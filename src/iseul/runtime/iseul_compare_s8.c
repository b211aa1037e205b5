// SPDX-License-Identifier: Apache-2.0
// iseul_compare_s8: whether a relation holds between a and b, with broadcasting.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many bytes, 0 or 1, as the sizes of `shape` multiply to; not in a or b
// scratch  none
// Meaning: graph/ops/_comparing.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static uint8_t relation_of(const iseul_compare_scaled_t *p, int32_t a, int32_t b) {
  const int32_t unit = (int32_t)1 << p->left_shift;
  a = iseul_requantize((a - p->a_zero_point) * unit, p->a_multiplier, p->a_shift);
  b = iseul_requantize((b - p->b_zero_point) * unit, p->b_multiplier, p->b_shift);
  return iseul_is_wanted(p->wanted, a < b, a == b, a > b);
}

void iseul_compare_s8(const iseul_compare_scaled_t *p, const int8_t *a, const int8_t *b,
                      uint8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = relation_of(p, *x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
