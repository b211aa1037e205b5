// SPDX-License-Identifier: Apache-2.0
// iseul_div_s32: a / b with broadcasting and clamp, rounded towards zero.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// a / 0 is 0, and -2^31 / -1 is -2^31: what a Cortex-M divides to, but undefined in C.
// Meaning: graph/ops/div.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static int32_t quotient_of(int32_t a, int32_t b) {
  if (b == 0) {
    return 0;
  }
  return b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b;
}

void iseul_div_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b, int32_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int32_t *x = a + run.at[0];
    const int32_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = iseul_clamp(quotient_of(*x, *y), p->low, p->high);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
