// SPDX-License-Identifier: Apache-2.0
// iseul_fours_s4_dsp: rows times a matrix of int4 weights, with bias, requantization and clamp,
// four outputs at a time.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  depth values of 16 bits: a row of the input as pairs
// The bias takes in_zero_point off. shift is -19 .. -1; with zero point -128 and the clamp of
// int8 up to 2.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_fours_s4.h"

static ISEUL_NOINLINE const int32_t *sums_of(int32_t sums[4], const int32_t *w, const int8_t *x,
                                             int32_t n_words) {
  return iseul_nibble_sums(sums, w, x, n_words, 0);
}

void iseul_fours_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out,
                        int32_t *scratch) {
  uint32_t *const pairs = (uint32_t *)scratch, *const last = pairs + p->depth / 2;
  for (int32_t row = 0; row < p->rows; ++row) {
    uint32_t *to = pairs;
    const int8_t *x = in;
    int32_t total = 0;
    for (int32_t left = p->in_size; left > 0; left -= 4) {
      const uint32_t v = left >= 4 ? iseul_load4(x) : iseul_load_few(x, left);
      to[0] = iseul_even_pair(v);
      to[1] = iseul_odd_pair(v);
      total = iseul_add_four(total, to[0], to[1]);
      to += 2;
      x += 4;
    }
    for (; to != last; ++to) {
      *to = 0;
    }
    iseul_fours_of_kind(p, (const int8_t *)pairs, total, out, sums_of);
    in += p->in_size;
    out += p->out_size;
  }
}
