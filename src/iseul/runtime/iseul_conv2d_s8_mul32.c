// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s8_mul32: 2-D convolution with bias, requantization and clamp, two channels per
// multiplication.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), position by position: in its order it may run over in
// scratch  depth words per strip
// The window of a position becomes a strip of words, which four output channels at a time are
// multiplied with. Up to three bytes behind a position are written before those of the next one.
// Taps on padding are in_zero_point, which the scales' starts take off again.
// Meaning: graph/ops/conv2d.py, fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_mul32.h"

static void groups(const int32_t *w, const int32_t *w_end, const int32_t *x, int32_t depth,
                   int8_t *out, int32_t n, int32_t gap) {
  iseul_groups_4x1(w, w_end, x, depth, out, n, gap, 0);
}

void iseul_conv2d_s8_mul32(const iseul_conv_s8_mul32_t *p, const int8_t *in, int8_t *out,
                           int32_t *scratch) {
  iseul_each_position(p, in, out, scratch, groups);
}
