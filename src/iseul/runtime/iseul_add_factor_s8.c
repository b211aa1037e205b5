// SPDX-License-Identifier: Apache-2.0
// iseul_add_factor_s8: a + b with broadcasting, scaled by float32 factors, rounded half to even,
// clamped.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be a or b where that one is
//          not repeated
// scratch  none
// Both products are added as fused multiply-adds would: first b's to the constant, then a's.
// Meaning: graph/ops/add.py, requantization "float". Exact: all judges agree to the bit.
#include "iseul_factor.h"

void iseul_add_factor_s8(const iseul_add_factor_s8_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      const float inner = iseul_fused((float)(*y + p->offset), &p->b, p->constant);
      const float total = iseul_fused((float)(*x + p->offset), &p->a, inner);
      *out++ = (int8_t)(iseul_to_whole(total, p->low, p->high) - p->offset);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
