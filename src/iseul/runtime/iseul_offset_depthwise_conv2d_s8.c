// SPDX-License-Identifier: Apache-2.0
// iseul_offset_depthwise_conv2d_s8: depthwise convolution by weights with zero points, with bias,
// requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), out_c = in_c * group_out; not in
// scratch  none
// Weights are (kernel_h, kernel_w, out_c). With as many output as input channels four neighbours
// are computed together. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

// What one position needs of input and weights.
typedef struct {
  const int8_t *x;  // channel 0 of the first tap inside
  const int8_t *w;
  int32_t rows, columns;       // of the window inside
  int32_t x_row, w_row;        // from row to row
  int32_t x_column, w_column;  // from tap to tap
} patch_t;

static patch_t patch_at(const iseul_grouped_conv_s8_t *p, const int8_t *in, iseul_span_t rows,
                        int32_t column) {
  const iseul_window_t *const g = &p->window;
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  patch_t patch = {in, p->weights, 0, 0, 0, 0, 0, 0};
  if (rows.last <= rows.first || columns.last <= columns.first) {
    return patch;
  }
  patch.x = in + (rows.start * g->in_w + columns.start) * g->in_c;
  patch.w = p->weights + (rows.first * g->kernel_w + columns.first) * g->out_c;
  patch.rows = rows.last - rows.first;
  patch.columns = columns.last - columns.first;
  patch.x_row = g->dilation_h * g->in_w * g->in_c;
  patch.w_row = g->kernel_w * g->out_c;
  patch.x_column = g->dilation_w * g->in_c;
  patch.w_column = g->out_c;
  return patch;
}

static int32_t zero_of(const iseul_grouped_conv_s8_t *p, int32_t o) {
  return p->weights_zero_point[o * p->output.step];
}

// Channels c .. c + 3 of a convolution with one output channel per input channel.
static void four_channels(const iseul_grouped_conv_s8_t *p, const patch_t *patch, int32_t c,
                          int8_t *out) {
  const int32_t zero_point = p->in_zero_point;
  const int32_t zeros[4] = {zero_of(p, c), zero_of(p, c + 1), zero_of(p, c + 2), zero_of(p, c + 3)};
  const int8_t *x_row = patch->x + c;
  const int8_t *w_row = patch->w + c;
  int32_t acc[4] = {p->bias[c], p->bias[c + 1], p->bias[c + 2], p->bias[c + 3]};
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->columns; j > 0; --j) {
      acc[0] += (x[0] - zero_point) * (w[0] - zeros[0]);
      acc[1] += (x[1] - zero_point) * (w[1] - zeros[1]);
      acc[2] += (x[2] - zero_point) * (w[2] - zeros[2]);
      acc[3] += (x[3] - zero_point) * (w[3] - zeros[3]);
      x += patch->x_column;
      w += patch->w_column;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  iseul_finish4_s8(&p->output, acc, c, out);
}

// Output channel o, which reads input channel c.
static int8_t one_channel(const iseul_grouped_conv_s8_t *p, const patch_t *patch, int32_t c,
                          int32_t o) {
  const int32_t w_zero_point = zero_of(p, o);
  const int8_t *x_row = patch->x + c;
  const int8_t *w_row = patch->w + o;
  int32_t acc = p->bias[o];
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->columns; j > 0; --j) {
      acc += (*x - p->in_zero_point) * (*w - w_zero_point);
      x += patch->x_column;
      w += patch->w_column;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return iseul_finish_s8(&p->output, acc, o);
}

static void position(const iseul_grouped_conv_s8_t *p, const patch_t *patch, int8_t *out) {
  const int32_t in_c = p->window.in_c;
  const int32_t per_channel = p->groups.group_out;
  int32_t c = 0;
  if (per_channel == 1) {
    for (; c + 4 <= in_c; c += 4) {
      four_channels(p, patch, c, out + c);
    }
  }
  for (; c < in_c; ++c) {
    for (int32_t k = 0; k < per_channel; ++k) {
      const int32_t o = c * per_channel + k;
      out[o] = one_channel(p, patch, c, o);
    }
  }
}

void iseul_offset_depthwise_conv2d_s8(const iseul_grouped_conv_s8_t *p, const int8_t *in,
                                      int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const patch_t patch = patch_at(p, in, rows, x * g->stride_w - g->pad_left);
        position(p, &patch, out);
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
