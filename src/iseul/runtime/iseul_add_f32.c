// SPDX-License-Identifier: Apache-2.0
// iseul_add_f32: a + b with broadcasting and clamp.
//
// a, b     read with the steps of `shape`; a step of 0 repeats the operand along that axis
// out      size[0] * .. * size[3] values; may be a or b where that one is not repeated
// scratch  none
// Meaning: graph/ops/add.py. Exact: one float32 addition per value.
#include "iseul_binary.h"

void iseul_add_f32(const iseul_add_f32_t *p, const float *a, const float *b, float *out) {
  const iseul_broadcast_t *const s = &p->shape;
  const float *a0 = a, *b0 = b;
  for (int32_t i = 0; i < s->size[0]; ++i, a0 += s->a_step[0], b0 += s->b_step[0]) {
    const float *a1 = a0, *b1 = b0;
    for (int32_t j = 0; j < s->size[1]; ++j, a1 += s->a_step[1], b1 += s->b_step[1]) {
      const float *a2 = a1, *b2 = b1;
      for (int32_t k = 0; k < s->size[2]; ++k, a2 += s->a_step[2], b2 += s->b_step[2]) {
        const float *a3 = a2, *b3 = b2;
        for (int32_t l = 0; l < s->size[3]; ++l, a3 += s->a_step[3], b3 += s->b_step[3]) {
          *out++ = iseul_clamp_real(*a3 + *b3, p->low, p->high);
        }
      }
    }
  }
}
