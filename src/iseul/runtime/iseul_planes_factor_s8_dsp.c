// SPDX-License-Identifier: Apache-2.0
// iseul_planes_factor_s8_dsp: depthwise 3x3 convolution, stride 1, with bias, scaled by float32
// factors, rounded half to even, clamped; two outputs of a row at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c); may be in where it has in's size
// scratch  four planes of one channel each, then a row of out_w + 1 bytes
// As iseul_depthwise_planes_s8_dsp, but for what becomes of the sums.
// Meaning: graph/ops/depthwise_conv2d.py, requantization "float". Exact: all judges agree to the
// bit.
#include "iseul_factor_dsp.h"

// One channel. An odd row's last output and one too many are made at once; the next row puts that
// one right, and the last row goes by way of `spare`.
static void channel(const void *params, int32_t o, const int8_t *plane, int8_t *spare,
                    int8_t *out) {
  const iseul_planes_factor_s8_dsp_t *const p = params;
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, n = (g->out_w + 1) & ~(int32_t)1;
  const int32_t in_place = g->out_h - (g->out_w & 1);
  const int32_t pitch = p->pitch, out_row = g->out_w * c;
  const iseul_scale_t none = {0, 0, 0};
  const iseul_taps_3x3_t k = iseul_taps_3x3(p->weights + o, c, p->bias[o], none);
  const float factor = p->factor[o];
  for (int32_t y = 0; y < in_place; ++y) {
    iseul_row_by_factor(&k, factor, &p->output, plane, n, pitch, out, c);
    plane += pitch;
    out += out_row;
  }
  if (in_place < g->out_h) {
    iseul_row_by_factor(&k, factor, &p->output, plane, n, pitch, spare, 1);
    for (int32_t x = 0; x < g->out_w; ++x) {
      out[x * c] = spare[x];
    }
  }
}

void iseul_planes_factor_s8_dsp(const iseul_planes_factor_s8_dsp_t *p, const int8_t *in,
                                int8_t *out, int32_t *scratch) {
  const iseul_planes_t planes = {&p->window, p->pitch, p->plane, p->in_zero_point};
  iseul_by_planes(&planes, in, out, (int8_t *)scratch, channel, p);
}
