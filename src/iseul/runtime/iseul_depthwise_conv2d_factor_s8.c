// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_factor_s8: depthwise convolution with bias, scaled by float32 factors,
// rounded half to even, clamped.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), out_c a multiple of in_c; not in
// scratch  none
// Weights have zero point 0. With as many output as input channels four neighbours are computed
// together. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/depthwise_conv2d.py, requantization "float". Exact: all judges agree to the
// bit.
#include "iseul_factor.h"

// What one position needs of input and weights.
typedef struct {
  const int8_t *x;  // channel 0 of the first tap inside
  const int8_t *w;
  int32_t rows, columns;       // of the window inside
  int32_t x_row, w_row;        // from row to row
  int32_t x_column, w_column;  // from tap to tap
} taps_t;

static taps_t taps_at(const iseul_conv_factor_s8_t *p, const int8_t *in, iseul_span_t rows,
                      int32_t column) {
  const iseul_window_t *const g = &p->window;
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  taps_t taps = {in, p->weights, 0, 0, 0, 0, 0, 0};
  if (rows.last <= rows.first || columns.last <= columns.first) {
    return taps;
  }
  taps.x = in + (rows.start * g->in_w + columns.start) * g->in_c;
  taps.w = p->weights + (rows.first * g->kernel_w + columns.first) * g->out_c;
  taps.rows = rows.last - rows.first;
  taps.columns = columns.last - columns.first;
  taps.x_row = g->dilation_h * g->in_w * g->in_c;
  taps.w_row = g->kernel_w * g->out_c;
  taps.x_column = g->dilation_w * g->in_c;
  taps.w_column = g->out_c;
  return taps;
}

// Channels c .. c + 3 of a convolution with one output channel per input channel.
static void four_channels(const iseul_conv_factor_s8_t *p, const taps_t *taps, int32_t c,
                          int8_t *out) {
  const int32_t zero_point = p->in_zero_point;
  const int8_t *x_row = taps->x + c;
  const int8_t *w_row = taps->w + c;
  int32_t acc[4] = {p->bias[c], p->bias[c + 1], p->bias[c + 2], p->bias[c + 3]};
  for (int32_t i = taps->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = taps->columns; j > 0; --j) {
      acc[0] += (x[0] - zero_point) * w[0];
      acc[1] += (x[1] - zero_point) * w[1];
      acc[2] += (x[2] - zero_point) * w[2];
      acc[3] += (x[3] - zero_point) * w[3];
      x += taps->x_column;
      w += taps->w_column;
    }
    x_row += taps->x_row;
    w_row += taps->w_row;
  }
  iseul_finish4_factor_s8(&p->output, acc, c, out);
}

// Output channel o, which reads input channel c.
static int8_t one_channel(const iseul_conv_factor_s8_t *p, const taps_t *taps, int32_t c,
                          int32_t o) {
  const int8_t *x_row = taps->x + c;
  const int8_t *w_row = taps->w + o;
  int32_t acc = p->bias[o];
  for (int32_t i = taps->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = taps->columns; j > 0; --j) {
      acc += (*x - p->in_zero_point) * *w;
      x += taps->x_column;
      w += taps->w_column;
    }
    x_row += taps->x_row;
    w_row += taps->w_row;
  }
  return iseul_finish_factor_s8(&p->output, acc, o);
}

static void position(const iseul_conv_factor_s8_t *p, const taps_t *taps, int8_t *out) {
  const int32_t in_c = p->window.in_c;
  const int32_t per_channel = p->window.out_c / in_c;
  int32_t c = 0;
  if (per_channel == 1) {
    for (; c + 4 <= in_c; c += 4) {
      four_channels(p, taps, c, out + c);
    }
  }
  for (; c < in_c; ++c) {
    for (int32_t k = 0; k < per_channel; ++k) {
      const int32_t o = c * per_channel + k;
      out[o] = one_channel(p, taps, c, o);
    }
  }
}

void iseul_depthwise_conv2d_factor_s8(const iseul_conv_factor_s8_t *p, const int8_t *in,
                                      int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const taps_t taps = taps_at(p, in, rows, x * g->stride_w - g->pad_left);
        position(p, &taps, out);
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
