// SPDX-License-Identifier: Apache-2.0
// iseul_fully_connected_s8: matrix times vector with bias, requantization and clamp.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  none
// Four outputs share each load of the input.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

void iseul_fully_connected_s8(const iseul_fully_connected_s8_t *p, const int8_t *in, int8_t *out) {
  const int32_t n = p->in_size;
  for (int32_t r = 0; r < p->rows; ++r) {
    const int8_t *w = p->weights;
    int32_t o = 0;
    for (; o + 4 <= p->out_size; o += 4) {
      int32_t acc[4] = {p->bias[o], p->bias[o + 1], p->bias[o + 2], p->bias[o + 3]};
      iseul_dot4_s8(acc, in, w, n, n, p->in_zero_point);
      iseul_finish4_s8(&p->output, acc, o, out + o);
      w += 4 * n;
    }
    for (; o < p->out_size; ++o) {
      const int32_t acc = p->bias[o] + iseul_dot_s8(in, w, n, p->in_zero_point);
      out[o] = iseul_finish_s8(&p->output, acc, o);
      w += n;
    }
    in += n;
    out += p->out_size;
  }
}
