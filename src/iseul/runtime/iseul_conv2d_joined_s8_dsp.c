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

// All output channels of up to three positions, all pairs of channels at once, or pair by pair
// by way of `few` where there is more to do. Results for positions that are not there are
// written first, where the right ones follow.
static void positions(const void *params, const uint32_t *strips, int32_t n, int8_t *out) {
  const iseul_conv_s8_dsp_t *const p = params;
  const int32_t c = p->window.out_c;
  const int32_t low = p->low, high = p->high;
  const int32_t is_saturated = low == -128 && high == 127;
  const int8_t *w = p->channels;
  int32_t left = c;
  while (left > 0) {
    int8_t few[6];
    const int32_t whole = is_saturated ? left / 2 : 0;
    const int32_t y1 = whole == 0 ? 2 : n > 1 ? c : 0;
    const int32_t y2 = whole == 0 ? 4 : n > 2 ? 2 * c : 0;
    w = iseul_blocks_2x3(w, p->depth / 4, strips, 1 + 2 * p->zero_point,
                         whole == 0 ? 1 : whole, whole == 0 ? few : out, y1, y2, 0, 1);
    for (int32_t k = 0; whole == 0 && k < 2 * n; ++k) {
      if (k % 2 < left) {
        out[k / 2 * c + k % 2] = (int8_t)iseul_clamp(few[k], low, high);
      }
    }
    out += whole == 0 ? 2 : 2 * whole;
    left -= whole == 0 ? 2 : 2 * whole;
  }
}

void iseul_conv2d_joined_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch) {
  const iseul_strips_t strips = {&p->window, p->depth, p->in_zero_point};
  iseul_in_threes(&strips, in, out, scratch, positions, p);
}
