// SPDX-License-Identifier: Apache-2.0
// iseul_average_pool2d_factor_s8: average over windows, in reals, rounded half to even, clamped.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c); not in
// scratch  none
// Taps are added one by one, row by row, in float32. Taps on padding do not count, or all count
// real 0; every window has at least one inside.
// Meaning: graph/ops/average_pool2d.py, requantization "float". Exact: all judges agree to the
// bit.
#include "iseul_factor.h"

static float sum_of(const iseul_average_pool_factor_s8_t *p, const int8_t *x, int32_t rows,
                    int32_t columns) {
  const iseul_window_t *const g = &p->window;
  float sum = 0.0f;
  for (int32_t i = rows; i > 0; --i) {
    const int8_t *tap = x;
    for (int32_t j = columns; j > 0; --j) {
      const float real = p->in_scale * (float)(*tap - p->in_zero_point);
      sum += real;
      tap += g->in_c;
    }
    x += g->in_w * g->in_c;
  }
  return sum;
}

void iseul_average_pool2d_factor_s8(const iseul_average_pool_factor_s8_t *p, const int8_t *in,
                                    int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows = iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, 1, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, 1, g->in_w);
        const int32_t n_rows = rows.last - rows.first;
        const int32_t n_columns = columns.last - columns.first;
        const float count = (float)(p->area > 0 ? p->area : n_rows * n_columns);
        const int8_t *const first = in + (rows.start * g->in_w + columns.start) * g->in_c;
        for (int32_t c = 0; c < g->in_c; ++c) {
          const float mean = sum_of(p, first + c, n_rows, n_columns) / count;
          const float shifted = mean / p->scale + p->zero_point;
          *out++ = (int8_t)(iseul_to_whole(shifted, p->low, p->high) - p->offset);
        }
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
