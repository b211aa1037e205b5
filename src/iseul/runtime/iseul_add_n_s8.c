// SPDX-License-Identifier: Apache-2.0
// iseul_add_n_s8: sum of n_inputs values of one quantization, with requantization and clamp.
//
// in       n_inputs pointers to n int8 values each
// out      n values; may be one of the inputs
// start    what the sum begins with: the reference scales -zero_point, not 0
// scratch  none
// Meaning: graph/ops/add_n.py. Exact: all judges agree to the bit.
#include "iseul_binary.h"

#define LEFT_SHIFT 20

void iseul_add_n_s8(const iseul_add_n_s8_t *p, const void *const *in, int8_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    int32_t total = p->start;
    for (int32_t k = 0; k < p->n_inputs; ++k) {
      const int32_t x = ((const int8_t *)in[k])[i] - p->in_zero_point;
      total += iseul_requantize(x * ((int32_t)1 << LEFT_SHIFT), p->in_multiplier, p->in_shift);
    }
    const int32_t q = iseul_requantize(total, p->multiplier, p->shift) + p->zero_point;
    out[i] = (int8_t)iseul_clamp(q, p->low, p->high);
  }
}
