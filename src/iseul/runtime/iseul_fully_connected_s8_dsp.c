// SPDX-License-Identifier: Apache-2.0
// iseul_fully_connected_s8_dsp: rows times a matrix, with bias, requantization and clamp, four
// outputs at a time.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  none
// The bias takes in_zero_point off. shift is -23 .. -2.
// Meaning: graph/ops/fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

static void one_row(const iseul_fully_connected_s8_dsp_t *p, const int8_t *x, int8_t *out) {
  const iseul_output_s8_t *const to = &p->output;
  const int32_t n = p->in_size;
  const int32_t *bias = p->bias;
  const int8_t *w = p->weights;
  const iseul_scale_t first = iseul_scale_of(to, 0);
  for (int32_t o = 0; o < p->out_size; o += 4) {
    int32_t acc[4] = {bias[0], bias[1], bias[2], bias[3]};
    bias += 4;
    w = iseul_sums_4x1(acc, x, n, w);
    iseul_finish_four(to, &first, acc, o, p->out_size, out);
    out += 4;
  }
}

void iseul_fully_connected_s8_dsp(const iseul_fully_connected_s8_dsp_t *p, const int8_t *in,
                                  int8_t *out) {
  for (int32_t row = 0; row < p->rows; ++row) {
    one_row(p, in, out);
    in += p->in_size;
    out += p->out_size;
  }
}
