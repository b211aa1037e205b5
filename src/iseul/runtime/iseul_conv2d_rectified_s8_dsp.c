// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_rectified_s8_dsp: 2-D convolution with bias and requantization to zero point -128,
// by multiplications of pairs.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), three positions after the other: in this order it may
//          run over in
// scratch  3 strips of depth 16-bit values in turns, then depth bytes
// The windows of three positions become strips of pairs; then two output channels at a time,
// whose weights are joined, are multiplied with all three. Taps on padding are in_zero_point,
// which the bias takes off again. The clamp is that of int8; shift is -23 .. -2.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_strips.h"

// All output channels of up to three positions; the last one of an odd number by way of `few`.
// Results for positions that are not there are written first, where the right ones follow.
static void positions(const void *params, const uint32_t *strips, int32_t n, int8_t *out) {
  const iseul_conv_s8_dsp_t *const p = params;
  const int32_t c = p->window.out_c;
  const int8_t *w = p->channels;
  int32_t n_pairs = c / 2, y1 = n > 1 ? c : 0, y2 = n > 2 ? 2 * c : 0;
  int8_t few[6];
  int8_t *to = out;
  for (int32_t left = c; left > 0; left = to == few ? 0 : left & 1) {
    if (left == 1) {
      n_pairs = 1;
      y1 = 2;
      y2 = 4;
      to = few;
    }
    w = iseul_blocks_2x3(w, p->depth / 4, strips, -255, n_pairs, to, y1, y2, 1, 1, 0);
  }
  for (int32_t k = 0; to == few && k < n; ++k) {
    out[k * c + c - 1] = few[2 * k];
  }
}

void iseul_conv2d_rectified_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  const iseul_strips_t strips = {&p->window, p->depth, p->in_zero_point};
  iseul_in_threes(&strips, in, out, scratch, positions, p);
}
