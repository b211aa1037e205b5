// SPDX-License-Identifier: Apache-2.0
// iseul_gather_nd: slices of the first axes by rows of indices.
//
// in       size[0] * .. * size[depth - 1] slices of `run` bytes of any type
// indices  n_rows rows of `depth` int32; those beyond an axis are clamped to it
// out      n_rows * run bytes; neither in nor indices
// scratch  none
// Meaning: graph/ops/gather_nd.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_gather_nd(const iseul_gather_nd_t *p, const void *in, const void *indices, void *out) {
  const size_t run = (size_t)p->run;
  const uint8_t *const source = (const uint8_t *)in;
  uint8_t *to = (uint8_t *)out;
  for (int32_t i = 0; i < p->n_rows; ++i) {
    size_t slice = 0;
    for (int32_t k = 0; k < p->depth; ++k) {
      const int32_t index = iseul_index(indices, i * p->depth + k, 4, p->size[k]);
      slice = slice * (size_t)p->size[k] + (size_t)index;
    }
    memcpy(to, source + slice * run, run);
    to += run;
  }
}
