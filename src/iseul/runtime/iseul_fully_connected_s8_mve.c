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
  const iseul_clamp_s8_t *const o = &p->output;
  const int32_t is_full = iseul_is_full_s8(o), is_rectified = iseul_is_rectified_s8(o);
  for (int32_t i = 0; i < p->rows; ++i) {
    const int8_t *w = p->channels;
    for (int32_t left = p->out_size; left > 0;) {
      int8_t few[4];
      const int32_t whole = left / 4, n = whole == 0 ? 1 : whole;
      int8_t *const to = whole == 0 ? few : out;
      if (!is_full) {
        w = iseul_quads_1(w, p->in_size, in, o, n, to, 1, 0);
      } else if (is_rectified) {
        w = iseul_quads_1(w, p->in_size, in, o, n, to, 0, 1);
      } else {
        w = iseul_quads_1(w, p->in_size, in, o, n, to, 1, 1);
      }
      const int32_t made = whole == 0 ? left : 4 * whole;
      for (int32_t k = 0; whole == 0 && k < left; ++k) {
        out[k] = few[k];
      }
      out += made;
      left -= made;
    }
    in += p->in_size;
  }
}
