// SPDX-License-Identifier: Apache-2.0
// iseul_average_pool2d_s8_dsp: average over windows of up to 256 taps, rounded half away from
// zero, clamped; four channels at a time in pairs of 16 bits.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Taps on padding do not count, or all count `padding`; every window has at least one inside.
// Meaning: graph/ops/average_pool2d.py. Exact: all judges agree to the bit.
#include "iseul_pool_dsp.h"

static int32_t sum_of(const iseul_window_t *g, const int8_t *x, int32_t rows, int32_t columns) {
  int32_t sum = 0;
  for (int32_t i = rows; i > 0; --i) {
    for (int32_t j = 0; j < columns; ++j) {
      sum += x[j * g->in_c];
    }
    x += g->in_w * g->in_c;
  }
  return sum;
}

// The average of one channel from the sum of its taps inside.
static ISEUL_NOINLINE int8_t average(const iseul_average_pool_t *p, int32_t sum, int32_t count,
                                     int32_t more) {
  sum += more;
  const int32_t half = sum > 0 ? count / 2 : -(count / 2);
  return (int8_t)iseul_clamp((sum + half) / count - p->offset, p->pool.low, p->pool.high);
}

// All channels of a window whose first tap inside is at x.
static void window(const iseul_average_pool_t *p, const int8_t *x, int32_t rows, int32_t columns,
                   int8_t *out) {
  const iseul_window_t *const g = &p->pool.window;
  const int32_t inside = rows * columns, count = p->area > 0 ? p->area : inside;
  const int32_t more = (count - inside) * p->padding + count * p->offset;
  int32_t c = 0;
  for (; c + 4 <= g->in_c; c += 4) {
    const iseul_four_sums_t sums = iseul_four_sums(g, x + c, rows, columns);
    for (int32_t k = 0; k < 4; ++k) {
      const uint32_t pair = k % 2 == 0 ? sums.even : sums.odd;
      out[c + k] = average(p, (int16_t)(pair >> 8 * (k & 2)), count, more);
    }
  }
  for (; c < g->in_c; ++c) {
    out[c] = average(p, sum_of(g, x + c, rows, columns), count, more);
  }
}

void iseul_average_pool2d_s8_dsp(const iseul_average_pool_t *p, const int8_t *in, int8_t *out) {
  const iseul_window_t *const g = &p->pool.window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows = iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, 1, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_span_t columns =
            iseul_span(x * g->stride_w - g->pad_left, g->kernel_w, 1, g->in_w);
        const int8_t *const first = in + (rows.start * g->in_w + columns.start) * g->in_c;
        window(p, first, rows.last - rows.first, columns.last - columns.first, out);
        out += g->in_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
