// SPDX-License-Identifier: Apache-2.0
// iseul_fours_s4_dsp: rows times a matrix of int4 weights, with bias, requantization and clamp,
// four outputs at a time.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  depth values of 16 bits: a row of the input as pairs
// The bias takes in_zero_point off. shift is -22 .. -1; with zero point -128 and the clamp of
// int8 it may be 0.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_fours_s4.h"

void iseul_fours_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out,
                        int32_t *scratch) {
  uint32_t *const pairs = (uint32_t *)scratch, *const last = pairs + p->depth / 2;
  for (int32_t row = 0; row < p->rows; ++row) {
    for (uint32_t *x = iseul_widen(pairs, in, p->in_size); x != last; ++x) {
      *x = 0;
    }
    int32_t total = 0;
    for (const uint32_t *x = pairs; x != last; ++x) {
      total = iseul_dot_pair(*x, 0x00010001u, total);
    }
    iseul_fours_of_kind(p, (const int8_t *)pairs, total, out, 0);
    in += p->in_size;
    out += p->out_size;
  }
}
