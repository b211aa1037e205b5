// SPDX-License-Identifier: Apache-2.0
// iseul_mul_s8: a * b with broadcasting, requantization and clamp.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// Meaning: graph/ops/mul.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static int8_t product_of(const iseul_mul_t *p, int32_t a, int32_t b) {
  const int32_t product = (a - p->a_zero_point) * (b - p->b_zero_point);
  const int32_t q = iseul_requantize(product, p->multiplier, p->shift) + p->zero_point;
  return (int8_t)iseul_clamp(q, p->low, p->high);
}

void iseul_mul_s8(const iseul_mul_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = product_of(p, *x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
