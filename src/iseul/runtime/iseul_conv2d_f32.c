// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_f32: 2-D convolution with bias and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// Taps on padding are never visited.
// Meaning: graph/ops/conv2d.py, up to the order of the float32 sums.
#include "iseul_weighted.h"

static float sum_of(const iseul_conv_f32_t *p, const float *in, const float *w, iseul_span_t rows,
                    iseul_span_t columns) {
  const iseul_window_t *const g = &p->window;
  float acc = 0.0f;
  if (columns.last <= columns.first) {
    return acc;  // on padding only
  }
  for (int32_t i = rows.first; i < rows.last; ++i) {
    const int32_t y = rows.start + (i - rows.first) * g->dilation_h;
    const float *x = in + (y * g->in_w + columns.start) * g->in_c;
    const float *tap = w + (i * g->kernel_w + columns.first) * g->in_c;
    for (int32_t j = columns.first; j < columns.last; ++j) {
      for (int32_t c = 0; c < g->in_c; ++c) {
        acc += x[c] * *tap++;
      }
      x += g->dilation_w * g->in_c;
    }
  }
  return acc;
}

void iseul_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t filter = g->kernel_h * g->kernel_w * g->in_c;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, g->dilation_w, g->in_w);
        for (int32_t o = 0; o < g->out_c; ++o) {
          const float acc = sum_of(p, in, p->weights + o * filter, rows, columns) + p->bias[o];
          *out++ = iseul_clamp_real(acc, p->low, p->high);
        }
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
