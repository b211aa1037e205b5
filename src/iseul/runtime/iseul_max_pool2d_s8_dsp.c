// SPDX-License-Identifier: Apache-2.0
// iseul_max_pool2d_s8_dsp: maximum over windows, clamped; four channels at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), position by position: in its order it may run over in
// scratch  none
// Taps on padding do not count; every window has at least one inside.
// Meaning: graph/ops/max_pool2d.py. Exact: all judges agree to the bit.
#include "iseul_pool_dsp.h"

static int32_t maximum_of(const iseul_window_t *g, const int8_t *x, int32_t rows,
                          int32_t columns) {
  int32_t best = INT8_MIN;
  for (int32_t i = rows; i > 0; --i) {
    for (int32_t j = 0; j < columns; ++j) {
      best = x[j * g->in_c] > best ? x[j * g->in_c] : best;
    }
    x += g->in_w * g->in_c;
  }
  return best;
}

// All channels of a window whose first tap inside is at x.
static void window(const iseul_pool_t *p, const int8_t *x, int32_t rows, int32_t columns,
                   int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const uint32_t low = (uint8_t)p->low * 0x01010101u, high = (uint8_t)p->high * 0x01010101u;
  int32_t c = 0;
  for (; c + 4 <= g->in_c; c += 4) {
    const uint32_t best = iseul_four_maxima(g, x + c, rows, columns);
    const uint32_t above = iseul_larger_bytes(best, low);
    iseul_store4(out + c, ~iseul_larger_bytes(~above, ~high));  // ~ turns the order around
  }
  for (; c < g->in_c; ++c) {
    out[c] = (int8_t)iseul_clamp(maximum_of(g, x + c, rows, columns), p->low, p->high);
  }
}

void iseul_max_pool2d_s8_dsp(const iseul_pool_t *p, const int8_t *in, int8_t *out) {
  const iseul_window_t *const g = &p->window;
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
