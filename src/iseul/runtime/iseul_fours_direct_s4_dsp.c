// SPDX-License-Identifier: Apache-2.0
// iseul_fours_direct_s4_dsp: as iseul_fours_s4_dsp, whose pairs of inputs are made anew for each
// block: a little slower, and without scratch.
//
// in       (rows, in_size), in_size a multiple of 8
// out      (rows, out_size); not in
// scratch  none
// The bias takes in_zero_point off. shift is -19 .. -1; with zero point -128 and the clamp of
// int8 up to 2.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_fours_s4.h"

static ISEUL_NOINLINE const int32_t *sums_of(int32_t sums[4], const int32_t *w, const int8_t *x,
                                             int32_t n_words) {
  return iseul_nibble_sums(sums, w, x, n_words, 1);
}

void iseul_fours_direct_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out) {
  for (int32_t row = 0; row < p->rows; ++row) {
    iseul_fours_of_kind(p, in, iseul_total_of(in, p->in_size), out, sums_of);
    in += p->in_size;
    out += p->out_size;
  }
}
