// SPDX-License-Identifier: Apache-2.0
// iseul_average_pool2d_s16: average over windows, rounded half away from zero, clamped.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Taps on padding do not count, or all count `padding`; every window has at least one inside.
// Meaning: graph/ops/average_pool2d.py. Exact: all judges agree to the bit.
#include "iseul_pool.h"

static int32_t sum_of(const iseul_window_t *g, const int16_t *x, int32_t rows, int32_t columns) {
  int32_t sum = 0;
  for (int32_t i = rows; i > 0; --i) {
    const int16_t *tap = x;
    for (int32_t j = columns; j > 0; --j) {
      sum += *tap;
      tap += g->in_c;
    }
    x += g->in_w * g->in_c;
  }
  return sum;
}

void iseul_average_pool2d_s16(const iseul_average_pool_t *p, const int16_t *in, int16_t *out) {
  const iseul_window_t *const g = &p->pool.window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows = iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, 1, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, 1, g->in_w);
        const int32_t n_rows = rows.last - rows.first;
        const int32_t n_columns = columns.last - columns.first;
        const int32_t inside = n_rows * n_columns;
        const int32_t count = p->area > 0 ? p->area : inside;
        const int32_t more = (count - inside) * p->padding + count * p->offset;
        const int16_t *const first = in + (rows.start * g->in_w + columns.start) * g->in_c;
        for (int32_t c = 0; c < g->in_c; ++c) {
          const int32_t sum = sum_of(g, first + c, n_rows, n_columns) + more;
          const int32_t half = sum > 0 ? count / 2 : -(count / 2);
          const int32_t mean = (sum + half) / count - p->offset;
          *out++ = (int16_t)iseul_clamp(mean, p->pool.low, p->pool.high);
        }
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
