// SPDX-License-Identifier: Apache-2.0
// iseul_arg_s8: index of the largest or smallest of int8 along an axis, the first of equals.
//
// in       outer * size * inner values
// out      outer * inner indices, int32 or int64
// scratch  none
// Meaning: graph/ops/_arg.py. Exact.
#include "iseul_softmax.h"

static int32_t index_of(const int8_t *in, int32_t size, int32_t step, int32_t is_largest) {
  int8_t extreme = in[0];
  int32_t index = 0;
  for (int32_t i = 1; i < size; ++i) {
    in += step;
    if (is_largest ? *in > extreme : *in < extreme) {
      extreme = *in;
      index = i;
    }
  }
  return index;
}

void iseul_arg_s8(const iseul_arg_t *p, const int8_t *in, void *out) {
  for (int32_t o = 0; o < p->outer; ++o, in += p->size * p->inner) {
    for (int32_t i = 0; i < p->inner; ++i) {
      const int32_t index = index_of(in + i, p->size, p->inner, p->is_largest);
      iseul_put_index(out, p->is_wide, o * p->inner + i, index);
    }
  }
}
