// SPDX-License-Identifier: Apache-2.0
// iseul_pick: runs of bytes from places that tables give, one behind the other.
//
// in       any type
// out      size[0] * .. * size[n_axes - 1] runs; not in
// offset   the place in the input is the sum of one offset per axis, in bytes
// scratch  none
// Meaning: graph/ops/mirror_pad.py, resize_nearest.py, batch_to_space_nd.py.
// Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_pick(const iseul_pick_t *p, const void *in, void *out) {
  const uint8_t *const source = (const uint8_t *)in;
  uint8_t *to = (uint8_t *)out;
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t axis;
  do {
    const int32_t *table = p->offset;
    int32_t from = 0;
    for (axis = 0; axis < p->n_axes; ++axis) {
      from += table[at[axis]];
      table += p->size[axis];
    }
    memcpy(to, source + from, (size_t)p->run);
    to += p->run;
    for (axis = p->n_axes - 1; axis >= 0 && ++at[axis] == p->size[axis]; --axis) {
      at[axis] = 0;
    }
  } while (axis >= 0);
}
