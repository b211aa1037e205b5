// SPDX-License-Identifier: Apache-2.0
// iseul_div_s8: a / b with broadcasting, requantization and clamp.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// a is shifted left as far as it goes, multiplied by the reciprocal of b's mantissa and scaled to
// the output. b = 0 gives the end of the range that a's sign points to.
// Meaning: graph/ops/div.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

// Bits of x = 0 .. 255.
static int32_t bit_length(int32_t x) {
  int32_t n = 0;
  while (x >> n != 0) {
    ++n;
  }
  return n;
}

static int8_t quotient_of(const iseul_div_s8_t *p, int32_t a, int32_t b) {
  a -= p->a_zero_point;
  b -= p->b_zero_point;
  if (b == 0) {
    return (int8_t)(a < 0 ? p->low : a > 0 ? p->high : iseul_clamp(p->zero_point, p->low, p->high));
  }
  if (b < 0) {
    a = -a;
    b = -b;
  }
  // the bits that a leaves free between its sign and its first digit
  const int32_t headroom = 31 - bit_length(a < 0 ? -a - 1 : a);
  const int32_t shifted = (int32_t)((uint32_t)a << headroom);
  const int32_t product =
      iseul_high_mul(iseul_high_mul(shifted, p->reciprocals[b]), p->multiplier);
  const int32_t q = iseul_divide_by_pot(product, bit_length(b) - 1 + headroom - p->shift);
  return (int8_t)iseul_clamp(q + p->zero_point, p->low, p->high);
}

void iseul_div_s8(const iseul_div_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const int8_t *x = a + run.at[0];
    const int8_t *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = quotient_of(p, *x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
