// SPDX-License-Identifier: Apache-2.0
// iseul_add_s8: a + b with broadcasting, requantization and clamp.
//
// a, b     read with the steps of `shape`; a step of 0 repeats the operand along that axis
// out      size[0] * .. * size[3] values; may be a or b where that one is not repeated
// scratch  none
// Both operands are shifted left by `left_shift` and scaled to twice the larger of their scales;
// the sum is scaled to the output.
// Meaning: graph/ops/add.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

static int8_t sum_of(const iseul_add_s8_t *p, int32_t a, int32_t b) {
  const int32_t unit = (int32_t)1 << p->left_shift;
  const int32_t sum =
      iseul_requantize((a - p->a_zero_point) * unit, p->a_multiplier, p->a_shift) +
      iseul_requantize((b - p->b_zero_point) * unit, p->b_multiplier, p->b_shift);
  const int32_t q = iseul_requantize(sum, p->multiplier, p->shift) + p->zero_point;
  return (int8_t)iseul_clamp(q, p->low, p->high);
}

void iseul_add_s8(const iseul_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  const iseul_broadcast_t *const s = &p->shape;
  const int8_t *a0 = a, *b0 = b;
  for (int32_t i = 0; i < s->size[0]; ++i, a0 += s->a_step[0], b0 += s->b_step[0]) {
    const int8_t *a1 = a0, *b1 = b0;
    for (int32_t j = 0; j < s->size[1]; ++j, a1 += s->a_step[1], b1 += s->b_step[1]) {
      const int8_t *a2 = a1, *b2 = b1;
      for (int32_t k = 0; k < s->size[2]; ++k, a2 += s->a_step[2], b2 += s->b_step[2]) {
        const int8_t *a3 = a2, *b3 = b2;
        for (int32_t l = 0; l < s->size[3]; ++l, a3 += s->a_step[3], b3 += s->b_step[3]) {
          *out++ = sum_of(p, *a3, *b3);
        }
      }
    }
  }
}
