// SPDX-License-Identifier: Apache-2.0
// iseul_split: the pieces of a value along an axis.
//
// in       outer * (run[0] + .. + run[n_outputs - 1]) bytes
// out      n_outputs values; output i has outer * run[i] bytes; none of them in
// scratch  none
// Meaning: graph/ops/split.py, unpack.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_split(const iseul_split_t *p, const void *in, void *const *out) {
  const uint8_t *from = (const uint8_t *)in;
  for (int32_t o = 0; o < p->outer; ++o) {
    for (int32_t i = 0; i < p->n_outputs; ++i) {
      const size_t n = (size_t)p->run[i];
      memcpy((uint8_t *)out[i] + (size_t)o * n, from, n);
      from += n;
    }
  }
}
