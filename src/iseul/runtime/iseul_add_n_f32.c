// SPDX-License-Identifier: Apache-2.0
// iseul_add_n_f32: sum of n_inputs values.
//
// in       n_inputs pointers to n floats each
// out      n values; may be one of the inputs
// scratch  none
// Meaning: graph/ops/add_n.py. Exact: float32 additions in the order of the inputs.
#include "iseul_binary.h"

void iseul_add_n_f32(const iseul_add_n_f32_t *p, const void *const *in, float *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    float total = 0.0f;
    for (int32_t k = 0; k < p->n_inputs; ++k) {
      total += ((const float *)in[k])[i];
    }
    out[i] = total;
  }
}
