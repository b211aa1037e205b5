// SPDX-License-Identifier: Apache-2.0
// iseul_average_pool2d_f32: average over windows, clamped.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Taps on padding do not count, or all count as 0; every window has at least one inside.
// Meaning: graph/ops/average_pool2d.py, up to the order of the float32 sums.
#include "iseul_pool.h"

static float sum_of(const iseul_window_t *g, const float *x, int32_t rows, int32_t columns) {
  float sum = 0.0f;
  for (int32_t i = rows; i > 0; --i) {
    const float *tap = x;
    for (int32_t j = columns; j > 0; --j) {
      sum += *tap;
      tap += g->in_c;
    }
    x += g->in_w * g->in_c;
  }
  return sum;
}

void iseul_average_pool2d_f32(const iseul_average_pool_f32_t *p, const float *in, float *out) {
  const iseul_window_t *const g = &p->pool.window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows = iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, 1, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, 1, g->in_w);
        const int32_t n_rows = rows.last - rows.first;
        const int32_t n_columns = columns.last - columns.first;
        const float count = (float)(p->area > 0 ? p->area : n_rows * n_columns);
        const float *const first = in + (rows.start * g->in_w + columns.start) * g->in_c;
        for (int32_t c = 0; c < g->in_c; ++c) {
          const float sum = sum_of(g, first + c, n_rows, n_columns);
          *out++ = iseul_clamp_real(sum / count, p->pool.low, p->pool.high);
        }
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
