// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_s8_dsp: depthwise 2-D convolution with bias, requantization and clamp,
// four channels at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Padding contributes 0: taps on it are never visited. shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

// A function of its own: the block of taps needs all registers.
static ISEUL_NOINLINE void four_channels(const iseul_depthwise_s8_dsp_t *p, const iseul_taps_t *t,
                                         const int8_t *x, int32_t o, uint32_t minus,
                                         int8_t *out) {
  int32_t acc[4] = {p->bias[o], p->bias[o + 1], p->bias[o + 2], p->bias[o + 3]};
  const int8_t *w = p->weights + t->w + o;
  for (int32_t i = t->runs; i > 0; --i) {
    iseul_taps4(acc, x, w, t->x_step, t->w_step, t->n, minus);
    x += t->x_run;
    w += t->w_run;
  }
  const iseul_output_s8_t *const to = &p->output;
  const iseul_scale_t s0 = iseul_scale_of(to, o), s1 = iseul_scale_of(to, o + 1);
  const iseul_scale_t s2 = iseul_scale_of(to, o + 2), s3 = iseul_scale_of(to, o + 3);
  if (iseul_is_saturated(to)) {
    out[0] = iseul_finish_saturated(s0, acc[0]);
    out[1] = iseul_finish_saturated(s1, acc[1]);
    out[2] = iseul_finish_saturated(s2, acc[2]);
    out[3] = iseul_finish_saturated(s3, acc[3]);
  } else {
    const int32_t low = to->low, high = to->high;
    out[0] = iseul_finish_clamped(s0, acc[0], low, high);
    out[1] = iseul_finish_clamped(s1, acc[1], low, high);
    out[2] = iseul_finish_clamped(s2, acc[2], low, high);
    out[3] = iseul_finish_clamped(s3, acc[3], low, high);
  }
}

static int8_t one_channel(const iseul_depthwise_s8_dsp_t *p, const iseul_taps_t *t, const int8_t *x,
                          int32_t o) {
  int32_t acc = p->bias[o];
  const int8_t *w = p->weights + t->w + o;
  for (int32_t i = 0; i < t->runs; ++i) {
    for (int32_t j = 0; j < t->n; ++j) {
      acc += (x[j * t->x_step] - p->in_zero_point) * w[j * t->w_step];
    }
    x += t->x_run;
    w += t->w_run;
  }
  const iseul_output_s8_t *const to = &p->output;
  return iseul_finish_clamped(iseul_scale_of(to, o), acc, to->low, to->high);
}

void iseul_depthwise_conv2d_s8_dsp(const iseul_depthwise_s8_dsp_t *p, const int8_t *in,
                                   int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const uint32_t minus = iseul_pair_of(-p->in_zero_point, -p->in_zero_point);
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_taps_t t = iseul_taps_at(g, rows, x * g->stride_w - g->pad_left);
        int32_t o = 0;
        for (; o + 4 <= g->in_c; o += 4) {
          four_channels(p, &t, in + t.x + o, o, minus, out + o);
        }
        for (; o < g->in_c; ++o) {
          out[o] = one_channel(p, &t, in + t.x + o, o);
        }
        out += g->in_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
