// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_s8_mul32: depthwise convolution with bias, requantization and clamp, two
// outputs per multiplication.
//
// in       (batch, in_h, in_w, channels)
// out      (batch, out_h, out_w, channels); may be in where no line is written before it is read
// scratch  weights of a channel up to a multiple of 4, ISEUL_RISE_WORDS, words of the columns of a
//          line's windows, three more
// Channel by channel and line by line, which are rows or columns; padding is in_zero_point, which
// the scales' starts take off again.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_pairs.h"

static void line(const iseul_pairs_t *s, const int32_t *x, int8_t *out, int32_t step, int32_t n,
                 int32_t together) {
  if (together != 0) {
    iseul_pairs_of_any(x, s->taps, s->n_taps, out, step, n, s->advance, 1, 0);
  } else {
    iseul_pairs_of_any(x, s->taps, s->n_taps, out, step, n, s->advance, 0, 0);
  }
}

void iseul_depthwise_conv2d_s8_mul32(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                     int8_t *out, int32_t *scratch) {
  iseul_by_lines(p, in, out, scratch, 0, 0, line);
}
