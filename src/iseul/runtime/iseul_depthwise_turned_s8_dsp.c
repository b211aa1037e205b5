// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_turned_s8_dsp: depthwise 3x3 convolution, stride 1, with bias and
// requantization; two outputs of a column at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c); may be in where it has in's size
// scratch  four planes of one channel each
// As iseul_depthwise_planes_s8_dsp, but a plane's rows are the input's columns, and weights are
// (3, 3, in_c) with columns first: for images that are higher than wide.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_planes_dsp.h"

// One channel, column by column.
static ISEUL_NOINLINE void channel(const iseul_planes_s8_dsp_t *p, int32_t o, const int8_t *plane,
                                   int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, step = g->out_w * c, n = g->out_h & ~(int32_t)1;
  const iseul_taps_3x3_t k =
      iseul_taps_3x3(p->weights + o, c, p->bias[o], iseul_scale_of(&p->output, o));
  for (int32_t x = g->out_w; x > 0; --x) {
    if (n > 0) {
      iseul_row_stride_1(&k, plane, n, p->pitch, out, step);
    }
    if (n < g->out_h) {
      iseul_row_stride_2(&k, plane + n, 1, p->pitch, out + n * step, step);
    }
    plane += p->pitch;
    out += c;
  }
}

void iseul_depthwise_turned_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  iseul_by_columns(p, in, out, (int8_t *)scratch, channel);
}
