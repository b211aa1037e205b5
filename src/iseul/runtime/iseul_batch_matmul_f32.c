// SPDX-License-Identifier: Apache-2.0
// iseul_batch_matmul_f32: products of matrices, for each of a batch, with a clamp.
//
// a        (..., rows, depth), or its last two axes swapped: steps say which
// b        (..., depth, columns), or its last two axes swapped
// out      (..., rows, columns); not a, not b
// scratch  none
// Meaning: graph/ops/batch_matmul.py, up to the order of the float32 sums.
#include "iseul_weighted.h"

static float sum_of(const iseul_batch_matmul_f32_t *p, const float *a, const float *b) {
  float acc = 0.0f;
  for (int32_t k = p->matrices.depth; k > 0; --k) {
    acc += *a * *b;
    a += p->matrices.a_step;
    b += p->matrices.b_step;
  }
  return acc;
}

void iseul_batch_matmul_f32(const iseul_batch_matmul_f32_t *p, const float *a, const float *b,
                            float *out) {
  const iseul_matrices_t *const m = &p->matrices;
  int32_t place[4] = {0, 0, 0, 0};
  for (int32_t n = m->size[0] * m->size[1] * m->size[2] * m->size[3]; n > 0; --n) {
    const float *row = a + iseul_matrix_at(place, m->a_next);
    for (int32_t i = 0; i < m->rows; ++i) {
      const float *column = b + iseul_matrix_at(place, m->b_next);
      for (int32_t j = 0; j < m->columns; ++j) {
        *out++ = iseul_clamp_real(sum_of(p, row, column), p->low, p->high);
        column += m->b_column;
      }
      row += m->a_row;
    }
    iseul_next_place(place, m->size);
  }
}
