// SPDX-License-Identifier: Apache-2.0
// iseul_place: the input's runs of bytes at places that tables give, a border elsewhere.
//
// in       size[0] * .. * size[n_axes - 1] runs of any type
// out      n_bytes bytes; not in
// offset   the place in the output is the sum of one offset per axis, in bytes
// border   the bits of one element of 1, 2, 4 or 8 bytes, repeated over 8 bytes
// scratch  none
// Meaning: graph/ops/space_to_batch_nd.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_place(const iseul_place_t *p, const void *in, void *out) {
  const uint8_t *source = (const uint8_t *)in;
  uint8_t *const to = (uint8_t *)out;
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t axis;
  iseul_fill(to, p->n_bytes, p->border, p->high);
  do {
    const int32_t *table = p->offset;
    int32_t place = 0;
    for (axis = 0; axis < p->n_axes; ++axis) {
      place += table[at[axis]];
      table += p->size[axis];
    }
    memcpy(to + place, source, (size_t)p->run);
    source += p->run;
    for (axis = p->n_axes - 1; axis >= 0 && ++at[axis] == p->size[axis]; --axis) {
      at[axis] = 0;
    }
  } while (axis >= 0);
}
