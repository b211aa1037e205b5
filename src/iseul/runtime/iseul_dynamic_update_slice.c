// SPDX-License-Identifier: Apache-2.0
// iseul_dynamic_update_slice: the input with an update written over a part of it.
//
// in       n_bytes bytes of any type
// update   size[0] * .. * size[n_axes - 1] runs of it
// first    where the update begins along each of `rank` axes, moved inside: int32 or int64
// out      n_bytes bytes; none of the inputs
// scratch  none
// Meaning: graph/ops/dynamic_update_slice.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_dynamic_update_slice(const iseul_dynamic_update_slice_t *p, const void *in,
                                const void *update, const void *first, void *out) {
  const uint8_t *from = (const uint8_t *)update;
  uint8_t *const to = (uint8_t *)out;
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t place = 0;
  for (int32_t axis = 0; axis < p->rank; ++axis) {
    place += iseul_index(first, axis, p->index_bytes, p->last[axis] + 1) * p->stride[axis];
  }
  memcpy(to, in, (size_t)p->n_bytes);
  do {
    memcpy(to + place, from, (size_t)p->run);
    from += p->run;
  } while (iseul_walk(p->n_axes, p->size, p->step, at, &place));
}
