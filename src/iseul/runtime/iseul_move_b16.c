// SPDX-License-Identifier: Apache-2.0
// iseul_move_b16: elements of 16 bits from anywhere in the input, one behind the other.
//
// in       int16
// out      size[0] * .. * size[n_axes - 1] elements; not in
// step, start  in elements
// scratch  none
// Meaning: graph/ops/transpose.py, slice.py, tile.py and others that walk. Exact: bits are copied.
#include "iseul_move.h"

void iseul_move_b16(const iseul_move_t *p, const void *in, void *out) {
  const iseul_b16_t *const source = (const iseul_b16_t *)in;
  iseul_b16_t *to = (iseul_b16_t *)out;
  const int32_t last = p->n_axes - 1, n = p->size[last], step = p->step[last];
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t from = p->start;
  do {
    int32_t k = from;
    for (int32_t i = 0; i < n; ++i) {
      *to++ = source[k];
      k += step;
    }
  } while (iseul_walk(last, p->size, p->step, at, &from));
}
