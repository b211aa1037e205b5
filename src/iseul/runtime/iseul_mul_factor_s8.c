// SPDX-License-Identifier: Apache-2.0
// iseul_mul_factor_s8: a * b with broadcasting, scaled by a float32 factor, rounded half to even,
// clamped.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be a or b where that one is
//          not repeated
// scratch  none
// Meaning: graph/ops/mul.py, requantization "float". Exact: all judges agree to the bit.
#include "iseul_factor.h"

void iseul_mul_factor_s8(const iseul_mul_factor_s8_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      const float scaled = (float)((*x - p->a_zero_point) * (*y - p->b_zero_point)) * p->factor;
      const float shifted = scaled + p->zero_point;
      *out++ = (int8_t)(iseul_to_whole(shifted, p->low, p->high) - p->offset);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
