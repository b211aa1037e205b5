// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_rectified_s8_mul32: 2-D convolution with bias, requantization and clamp, two
// channels per multiplication; results rise above a sum of 0 only.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), position by position: in its order it may run over in
// scratch  depth words
// The window of a position becomes a strip of words, which four output channels at a time are
// multiplied with. Taps on padding are in_zero_point, which the biases take off again.
// Meaning: graph/ops/conv2d.py, fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_mul32.h"

static void position(const iseul_conv_s8_mul32_t *p, const int32_t *x, int8_t *out) {
  iseul_fours_of_channels(p, x, out, 1);
}

void iseul_conv2d_rectified_s8_mul32(const iseul_conv_s8_mul32_t *p, const int8_t *in, int8_t *out,
                                     int32_t *scratch) {
  iseul_each_position(p, in, out, scratch, position);
}
