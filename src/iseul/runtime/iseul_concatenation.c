// SPDX-License-Identifier: Apache-2.0
// iseul_concatenation: values one behind the other along an axis.
//
// in       n_inputs values of one type; input i has outer * run[i] bytes
// out      outer * (run[0] + .. + run[n_inputs - 1]) bytes; none of in
// scratch  none
// Meaning: graph/ops/concatenation.py, pack.py. Exact: bytes are copied.
#include <string.h>

#include "iseul_move.h"

void iseul_concatenation(const iseul_concatenation_t *p, const void *const *in, void *out) {
  uint8_t *to = (uint8_t *)out;
  for (int32_t o = 0; o < p->outer; ++o) {
    for (int32_t i = 0; i < p->n_inputs; ++i) {
      const size_t n = (size_t)p->run[i];
      memcpy(to, (const uint8_t *)in[i] + (size_t)o * n, n);
      to += n;
    }
  }
}
