// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_rectified_s4_dsp: 2-D convolution by int4 weights with bias and requantization to
// zero point -128, by multiplications of pairs.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), three positions after the other: in this order it may
//          run over in if all channels are one group
// scratch  3 strips of depth 16-bit values in turns, then depth bytes, then the channels of a
//          group with weights of 8 bits
// Weights leave their nibbles once per call; then all is as in iseul_conv2d_joined_s8_dsp, with
// sums that come doubled. The clamp is that of int8; shift is -22 .. 0.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_nibbles.h"

static ISEUL_NOINLINE void positions(const void *group, const uint32_t *strips, int32_t n,
                                     int8_t *out) {
  iseul_group_of_channels(group, strips, n, out, 1);
}

void iseul_conv2d_rectified_s4_dsp(const iseul_conv_s4_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  iseul_in_groups(p, in, out, scratch, positions);
}
