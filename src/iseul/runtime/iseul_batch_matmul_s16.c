// SPDX-License-Identifier: Apache-2.0
// iseul_batch_matmul_s16: products of matrices of int16 for each of a batch, requantized, clamped.
//
// a        (..., rows, depth), or its last two axes swapped: steps say which
// b        (..., depth, columns), or its last two axes swapped
// out      (..., rows, columns); not a, not b
// scratch  none
// Meaning: graph/ops/batch_matmul.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

static int64_t sum_of(const iseul_batch_matmul_t *p, const int16_t *a, const int16_t *b) {
  int64_t acc = 0;
  for (int32_t k = p->matrices.depth; k > 0; --k) {
    acc += *a * *b;
    a += p->matrices.a_step;
    b += p->matrices.b_step;
  }
  return acc;
}

void iseul_batch_matmul_s16(const iseul_batch_matmul_t *p, const int16_t *a, const int16_t *b,
                            int16_t *out) {
  const iseul_matrices_t *const m = &p->matrices;
  int32_t place[4] = {0, 0, 0, 0};
  for (int32_t n = m->size[0] * m->size[1] * m->size[2] * m->size[3]; n > 0; --n) {
    const int16_t *row = a + iseul_matrix_at(place, m->a_next);
    for (int32_t i = 0; i < m->rows; ++i) {
      const int16_t *column = b + iseul_matrix_at(place, m->b_next);
      for (int32_t j = 0; j < m->columns; ++j) {
        const int64_t acc = sum_of(p, row, column);
        const int32_t q = iseul_requantize_wide(acc, p->multiplier, p->shift) + p->zero_point;
        *out++ = (int16_t)iseul_clamp(q, p->low, p->high);
        column += m->b_column;
      }
      row += m->a_row;
    }
    iseul_next_place(place, m->size);
  }
}
