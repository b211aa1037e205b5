// SPDX-License-Identifier: Apache-2.0
// iseul_joined_wide_s8_dsp: as iseul_joined_rows_s8_dsp, with a row's values widened once.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  a row as 16-bit values, filled up to fours
// The bias takes in_zero_point off. shift is -23 .. -2.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_joined.h"

static void one_row(const iseul_joined_rows_s8_dsp_t *p, const uint32_t *x, int8_t *out) {
  const iseul_scale_t first = iseul_scale_of(&p->output, 0);
  const int32_t *w = p->weights;
  for (int32_t o = 0; o < p->out_size; o += 4) {
    int32_t sums[4];
    w = iseul_joined_4x1(w, (p->in_size + 3) / 4, x, sums);
    iseul_finish_four(&p->output, &first, sums, o, p->out_size, out);
    out += 4;
  }
}

void iseul_joined_wide_s8_dsp(const iseul_joined_rows_s8_dsp_t *p, const int8_t *in, int8_t *out,
                              int32_t *scratch) {
  for (int32_t row = 0; row < p->rows; ++row) {
    iseul_widen((uint32_t *)scratch, in, p->in_size);
    one_row(p, (const uint32_t *)scratch, out);
    in += p->in_size;
    out += p->out_size;
  }
}
