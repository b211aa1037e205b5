// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_joined_s8_dsp: 2-D convolution with bias, requantization and clamp, by
// multiplications of pairs with joined weights.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), three positions after the other: in this order it may
//          run over in
// scratch  3 strips of depth 16-bit values in turns, then depth bytes
// The windows of three positions become strips of pairs; then two output channels at a time,
// whose weights are joined, are multiplied with all three. Taps on padding are in_zero_point,
// which the bias takes off again. shift is -23 .. -2.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_strips.h"

static ISEUL_NOINLINE void positions(const void *p, const uint32_t *strips, int32_t n,
                                     int8_t *out) {
  iseul_pairs_of_channels(p, strips, n, out, 1);
}

void iseul_conv2d_joined_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                int32_t *scratch) {
  const iseul_strips_t strips = {&p->window, p->depth, p->in_zero_point};
  iseul_in_threes(&strips, in, out, scratch, positions, p);
}
