// SPDX-License-Identifier: Apache-2.0
// iseul_paired_direct_s8_dsp: as iseul_paired_s8_dsp, whose pairs of inputs are made anew for each
// block: a little slower, and without scratch.
//
// in       (rows, in_size), in_size a multiple of 8
// out      (rows, out_size); not in
// scratch  none
// The bias takes in_zero_point off. shift is -23 .. -2.
// Meaning: graph/ops/fully_connected.py, conv2d.py. Exact: all judges agree to the bit.
#include "iseul_blocks_dsp.h"

void iseul_paired_direct_s8_dsp(const iseul_paired_s8_dsp_t *p, const int8_t *in, int8_t *out) {
  const int kind = iseul_kind_of(&p->to);
  for (int32_t row = 0; row < p->rows; ++row) {
    if (kind == ISEUL_RECTIFIED) {
      iseul_paired_row(p, in, out, ISEUL_RECTIFIED, 1);
    } else if (kind == ISEUL_SATURATED) {
      iseul_paired_row(p, in, out, ISEUL_SATURATED, 1);
    } else {
      iseul_paired_row(p, in, out, ISEUL_CLAMPED, 1);
    }
    in += p->in_size;
    out += p->out_size;
  }
}
