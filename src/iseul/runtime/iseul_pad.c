// SPDX-License-Identifier: Apache-2.0
// iseul_pad: a border around the input.
//
// in       size[0] * .. * size[n_axes - 1] runs of any type
// out      n_bytes bytes; not in
// border   the bits of one element of 1, 2, 4 or 8 bytes, repeated over 8 bytes
// scratch  none
// Meaning: graph/ops/pad.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_pad(const iseul_pad_t *p, const void *in, void *out) {
  const uint8_t *source = (const uint8_t *)in;
  uint8_t *const to = (uint8_t *)out;
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t place = p->start;
  iseul_fill(to, p->n_bytes, p->border, p->high);
  do {
    memcpy(to + place, source, (size_t)p->run);
    source += p->run;
  } while (iseul_walk(p->n_axes, p->size, p->step, at, &place));
}
