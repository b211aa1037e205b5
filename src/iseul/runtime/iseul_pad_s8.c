// SPDX-License-Identifier: Apache-2.0
// iseul_pad_s8: a border around the input.
//
// in       in_size[0] * .. * in_size[3] values
// out      out_size[0] * .. * out_size[3] values; not in
// before   thickness of the border in front of each axis; behind it follows from the sizes
// border   the int8 that stands for the border
// scratch  none
// Meaning: graph/ops/pad.py. Exact: values are copied.
#include "iseul_move.h"

static int inside(const iseul_pad_s8_t *p, int32_t axis, int32_t i) {
  return i >= p->before[axis] && i < p->before[axis] + p->in_size[axis];
}

void iseul_pad_s8(const iseul_pad_s8_t *p, const int8_t *in, int8_t *out) {
  for (int32_t i = 0; i < p->out_size[0]; ++i) {
    for (int32_t j = 0; j < p->out_size[1]; ++j) {
      for (int32_t k = 0; k < p->out_size[2]; ++k) {
        const int is_row = inside(p, 0, i) && inside(p, 1, j) && inside(p, 2, k);
        for (int32_t l = 0; l < p->out_size[3]; ++l) {
          *out++ = is_row && inside(p, 3, l) ? *in++ : (int8_t)p->border;
        }
      }
    }
  }
}
