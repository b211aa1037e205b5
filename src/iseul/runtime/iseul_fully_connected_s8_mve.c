// SPDX-License-Identifier: Apache-2.0
// iseul_fully_connected_s8_mve: rows times a matrix with bias, requantization and clamp, four
// outputs at a time.
//
// in   (rows, in_size)
// out  (rows, out_size), no byte of it in in
// shift is -31 .. -1; the input's zero point is in the bias.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_mve.h"

void iseul_fully_connected_s8_mve(const iseul_fully_connected_s8_mve_t *p, const int8_t *in,
                                  int8_t *out) {
  const iseul_clamp_mve_t *const o = &p->output;
  const int32_t is_full = iseul_is_full_s8(o), is_rectified = iseul_is_rectified_s8(o);
  const int32_t more = (p->in_size - 1) / 16, tail = p->in_size - 16 * more;
  iseul_blocks_mve_t b = iseul_blocks_of(o, p->channels, 16 * more + 16, p->out_size);
  for (int32_t i = 0; i < p->rows; ++i) {
    b.x[0] = in + 16 * more;
    b.x[1] = in;
    b.out = out;
    if (!is_full) {
      iseul_one_mve(&b, tail, 1, 0);
    } else if (is_rectified) {
      iseul_one_mve(&b, tail, 0, 1);
    } else {
      iseul_one_mve(&b, tail, 1, 1);
    }
    in += p->in_size;
    out += p->out_size;
  }
}
