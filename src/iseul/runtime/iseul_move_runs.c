// SPDX-License-Identifier: Apache-2.0
// iseul_move_runs: runs of bytes from anywhere in the input, one behind the other.
//
// in       any type
// out      size[0] * .. * size[n_axes - 1] runs; not in
// step, start, run  in bytes
// scratch  none
// Meaning: graph/ops/transpose.py, slice.py, tile.py and others that walk. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_move_runs(const iseul_move_t *p, const void *in, void *out) {
  const uint8_t *const source = (const uint8_t *)in;
  uint8_t *to = (uint8_t *)out;
  int32_t at[ISEUL_MOST_AXES] = {0};
  int32_t from = p->start;
  do {
    memcpy(to, source + from, (size_t)p->run);
    to += p->run;
  } while (iseul_walk(p->n_axes, p->size, p->step, at, &from));
}
