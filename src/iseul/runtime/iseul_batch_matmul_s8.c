// SPDX-License-Identifier: Apache-2.0
// iseul_batch_matmul_s8: products of matrices, for each of a batch, with requantization and clamp.
//
// a        (..., rows, depth), or its last two axes swapped: steps say which
// b        (..., depth, columns), or its last two axes swapped
// out      (..., rows, columns); not a, not b
// scratch  none
// Meaning: graph/ops/batch_matmul.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

static int32_t sum_of(const iseul_batch_matmul_t *p, const int8_t *a, const int8_t *b) {
  int32_t acc = 0;
  for (int32_t k = p->matrices.depth; k > 0; --k) {
    acc += (*a - p->a_zero_point) * (*b - p->b_zero_point);
    a += p->matrices.a_step;
    b += p->matrices.b_step;
  }
  return acc;
}

void iseul_batch_matmul_s8(const iseul_batch_matmul_t *p, const int8_t *a, const int8_t *b,
                           int8_t *out) {
  const iseul_matrices_t *const m = &p->matrices;
  int32_t place[4] = {0, 0, 0, 0};
  for (int32_t n = m->size[0] * m->size[1] * m->size[2] * m->size[3]; n > 0; --n) {
    const int8_t *row = a + iseul_matrix_at(place, m->a_next);
    for (int32_t i = 0; i < m->rows; ++i) {
      const int8_t *column = b + iseul_matrix_at(place, m->b_next);
      for (int32_t j = 0; j < m->columns; ++j) {
        const int32_t acc = sum_of(p, row, column);
        const int32_t q = iseul_requantize(acc, p->multiplier, p->shift) + p->zero_point;
        *out++ = (int8_t)iseul_clamp(q, p->low, p->high);
        column += m->b_column;
      }
      row += m->a_row;
    }
    iseul_next_place(place, m->size);
  }
}
