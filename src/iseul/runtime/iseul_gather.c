// SPDX-License-Identifier: Apache-2.0
// iseul_gather: slices of an axis by index.
//
// in       batch * outer * axis_size * run bytes of any type
// indices  batch * n_indices of int32 or int64; those beyond the axis are clamped to it
// out      batch * outer * n_indices * run bytes; neither in nor indices
// scratch  none
// Meaning: graph/ops/gather.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_gather(const iseul_gather_t *p, const void *in, const void *indices, void *out) {
  const size_t run = (size_t)p->run;
  const uint8_t *source = (const uint8_t *)in;
  uint8_t *to = (uint8_t *)out;
  for (int32_t b = 0; b < p->batch; ++b) {
    for (int32_t o = 0; o < p->outer; ++o) {
      for (int32_t i = 0; i < p->n_indices; ++i) {
        const int32_t at = b * p->n_indices + i;
        const int32_t index = iseul_index(indices, at, p->index_bytes, p->axis_size);
        memcpy(to, source + (size_t)index * run, run);
        to += run;
      }
      source += (size_t)p->axis_size * run;
    }
  }
}
