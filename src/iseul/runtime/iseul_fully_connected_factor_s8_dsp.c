// SPDX-License-Identifier: Apache-2.0
// iseul_fully_connected_factor_s8_dsp: rows times a matrix, with bias, scaled by float32 factors,
// rounded half to even, clamped; four outputs at a time.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  none
// The bias takes in_zero_point off.
// Meaning: graph/ops/fully_connected.py, requantization "float". Exact: all judges agree to the
// bit.
#include "iseul_factor_dsp.h"

// Outputs that are not there are written first, where right ones follow.
static void one_row(const iseul_rows_factor_s8_dsp_t *p, const int8_t *x, int8_t *out) {
  const iseul_range_s8_t to = p->output;
  const float *factor = p->factor;
  const int32_t *bias = p->bias;
  const int8_t *w = p->weights;
  for (int32_t left = p->out_size; left > 0; left -= 4) {
    int32_t acc[4] = {bias[0], bias[1], bias[2], bias[3]};
    w = iseul_sums_4x1(acc, x, p->in_size, w);
    for (int32_t k = 3; k >= 0; --k) {
      out[k < left ? k : left - 1] = iseul_scale_s8(acc[k], factor[k], &to);
    }
    bias += 4;
    factor += 4;
    out += 4;
  }
}

void iseul_fully_connected_factor_s8_dsp(const iseul_rows_factor_s8_dsp_t *p, const int8_t *in,
                                         int8_t *out) {
  for (int32_t row = 0; row < p->rows; ++row) {
    one_row(p, in, out);
    in += p->in_size;
    out += p->out_size;
  }
}
