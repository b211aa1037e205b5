// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_factor_s8_dsp: 2-D convolution with bias, scaled by float32 factors, rounded half
// to even, clamped; by multiplications of pairs.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), three positions after the other: in this order it may
//          run over in
// scratch  3 strips of depth 16-bit values in turns, then depth bytes
// As iseul_conv2d_s8_dsp, but for what becomes of the sums.
// Meaning: graph/ops/conv2d.py, requantization "float". Exact: all judges agree to the bit.
#include "iseul_factor_dsp.h"
#include "iseul_strips.h"

static inline float load_factor(const int8_t *w) {
  float factor;
  memcpy(&factor, w, sizeof factor);
  return factor;
}

// Results for positions that are not there, and for a channel that is not, are written first,
// where the right ones follow.
static void positions(const void *params, const uint32_t *strips, int32_t n, int8_t *out) {
  const iseul_conv_factor_s8_dsp_t *const p = params;
  const iseul_range_s8_t to = p->output;
  const int32_t c = p->window.out_c, steps = p->depth / 4;
  const int32_t y1 = n > 1 ? c : 0, y2 = n > 2 ? 2 * c : 0;
  const int8_t *w = p->channels;
  for (int32_t left = c; left > 0; left -= 2) {
    int32_t acc[6];
    w = iseul_sums_2x3(acc, w, steps, strips);
    const float a = load_factor(w), b = load_factor(w + 4);
    const int32_t next = left > 1 ? 1 : 0;
    out[y2 + next] = iseul_scale_s8(acc[5], b, &to);
    out[y2] = iseul_scale_s8(acc[2], a, &to);
    out[y1 + next] = iseul_scale_s8(acc[4], b, &to);
    out[y1] = iseul_scale_s8(acc[1], a, &to);
    out[next] = iseul_scale_s8(acc[3], b, &to);
    out[0] = iseul_scale_s8(acc[0], a, &to);
    out += 2;
    w += 8;
  }
}

void iseul_conv2d_factor_s8_dsp(const iseul_conv_factor_s8_dsp_t *p, const int8_t *in,
                                int8_t *out, int32_t *scratch) {
  const iseul_strips_t strips = {&p->window, p->depth, p->in_zero_point};
  iseul_in_threes(&strips, in, out, scratch, positions, p);
}
