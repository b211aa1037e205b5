// SPDX-License-Identifier: Apache-2.0
// iseul_fours_direct_s4_dsp: as iseul_fours_s4_dsp, whose pairs of inputs are made anew for each
// block: a little slower, and without scratch.
//
// in       (rows, in_size), in_size a multiple of 8
// out      (rows, out_size); not in
// scratch  none
// The bias takes in_zero_point off. shift is -22 .. -1; with zero point -128 and the clamp of
// int8 it may be 0.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_fours_s4.h"

void iseul_fours_direct_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out) {
  for (int32_t row = 0; row < p->rows; ++row) {
    int32_t total = 0;
    for (int32_t i = 0; i < p->in_size; i += 4) {
      const uint32_t v = iseul_load4(in + i);
      total = iseul_dot_pair(iseul_even_pair(v), 0x00010001u, total);
      total = iseul_dot_pair(iseul_odd_pair(v), 0x00010001u, total);
    }
    iseul_fours_of_kind(p, in, total, out, 1);
    in += p->in_size;
    out += p->out_size;
  }
}
