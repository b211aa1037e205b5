// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_f32: depthwise convolution with bias and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), out_c a multiple of in_c; not in
// scratch  none
// Output channel o reads input channel o / (out_c / in_c). Taps on padding are never visited.
// Meaning: graph/ops/depthwise_conv2d.py, up to the order of the float32 sums.
#include "iseul_weighted.h"

// x, w: input channel and output channel of the window's first tap inside
static float sum_of(const iseul_window_t *g, const float *x, const float *w, int32_t rows,
                    int32_t columns) {
  float acc = 0.0f;
  for (int32_t i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < columns; ++j) {
      const int32_t at = (i * g->dilation_h * g->in_w + j * g->dilation_w) * g->in_c;
      acc += x[at] * w[(i * g->kernel_w + j) * g->out_c];
    }
  }
  return acc;
}

static void position(const iseul_conv_f32_t *p, const float *in, iseul_span_t rows,
                     iseul_span_t columns, float *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t per_channel = g->out_c / g->in_c;
  // a window that lies on padding only has no first tap
  const int has_taps = rows.last > rows.first && columns.last > columns.first;
  const int32_t n_rows = has_taps ? rows.last - rows.first : 0;
  const float *const x = has_taps ? in + (rows.start * g->in_w + columns.start) * g->in_c : in;
  const float *const w =
      p->weights + (has_taps ? (rows.first * g->kernel_w + columns.first) * g->out_c : 0);
  for (int32_t c = 0; c < g->in_c; ++c) {
    for (int32_t k = 0; k < per_channel; ++k) {
      const int32_t o = c * per_channel + k;
      const float acc = sum_of(g, x + c, w + o, n_rows, columns.last - columns.first);
      out[o] = iseul_clamp_real(acc + p->bias[o], p->low, p->high);
    }
  }
}

void iseul_depthwise_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, g->dilation_w, g->in_w);
        position(p, in, rows, columns, out);
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
