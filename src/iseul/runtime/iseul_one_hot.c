// SPDX-License-Identifier: Apache-2.0
// iseul_one_hot: `on` where an index names a place of the new axis, `off` elsewhere.
//
// indices  outer * inner of int32 or int64; those outside 0 .. depth - 1 name no place
// out      outer * depth * inner elements; not the indices
// on, off  the bits of one element of 1, 2, 4 or 8 bytes, repeated over 8 bytes
// scratch  none
// Meaning: graph/ops/one_hot.py. Exact: bits are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_one_hot(const iseul_one_hot_t *p, const void *indices, void *out) {
  uint8_t *const to = (uint8_t *)out;
  iseul_fill(to, p->outer * p->depth * p->inner * p->element, p->off[0], p->off[1]);
  for (int32_t o = 0; o < p->outer; ++o) {
    for (int32_t i = 0; i < p->inner; ++i) {
      const int32_t at = o * p->inner + i;
      const int32_t index = iseul_index_or_none(indices, at, p->index_bytes, p->depth);
      if (index >= 0) {
        const int32_t place = (o * p->depth + index) * p->inner + i;
        memcpy(to + place * p->element, p->on, (size_t)p->element);
      }
    }
  }
}
