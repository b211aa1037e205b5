// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s8_mve: 2-D convolution with bias, requantization and clamp, three positions and
// four channels at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); the windows of `together` positions of a row, or of three
//          rows, are read whole, then their outputs are written, before the next ones
// scratch  windows one behind the other; or, where neighbours share columns, a row of windows:
//          for each column the values of its rows one behind the other; or three rows of these
// Taps on padding are in_zero_point, which the bias takes off again. shift is -31 .. -1.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_mve.h"

// The window whose first tap is at (row, column), some taps on padding or apart.
static ISEUL_NOINLINE void window(const iseul_conv_s8_mve_t *p, const int8_t *in, int32_t row,
                                  int32_t column, int8_t *to) {
  const iseul_window_t *const g = &p->window;
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t c = g->in_c, is_dense = g->dilation_w == 1;
  const int32_t n = columns.last - columns.first;
  const int32_t n_runs = is_dense ? (n > 0 ? 1 : 0) : n, run = is_dense ? n * c : c;
  iseul_fill_mve(to, p->in_zero_point, g->kernel_h * g->kernel_w * c);
  for (int32_t i = 0; i < g->kernel_h; ++i) {
    if (row >= 0 && row < g->in_h) {
      const int8_t *const x = in + (row * g->in_w + columns.start) * c;
      iseul_rows_mve(to + columns.first * c, x, g->dilation_w * c, run, n_runs);
    }
    to += g->kernel_w * c;
    row += g->dilation_h;
  }
}

// n windows of a row, the first tap of the first one at (row, column).
static void windows(const iseul_conv_s8_mve_t *p, const int8_t *in, int32_t row, int32_t column,
                    int32_t n, int8_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t is_dense = g->dilation_w == 1 || g->kernel_w == 1;
  const int32_t run = g->kernel_w * g->in_c, x_row = g->dilation_h * g->in_w * g->in_c;
  const int32_t last_row = g->in_h - 1 - (g->kernel_h - 1) * g->dilation_h;
  const int32_t last_column = g->in_w - g->kernel_w;  // of first taps of windows inside
  const int32_t step = g->stride_w * g->in_c;
  while (n > 0) {
    int32_t some = 1;
    if (is_dense && row >= 0 && row <= last_row && column >= 0 && column <= last_column) {
      const int32_t inside = (last_column - column) / g->stride_w + 1;
      const int8_t *x = in + (row * g->in_w + column) * g->in_c;
      some = inside < n ? inside : n;
      if (run <= 16) {
        iseul_windows_mve(to, p->pitch, x, step, x_row, run, g->kernel_h, some);
      } else {
        for (int32_t i = 0; i < some; ++i) {
          iseul_rows_mve(to + i * p->pitch, x, x_row, run, g->kernel_h);
          x += step;
        }
      }
    } else {
      window(p, in, row, column, to);
    }
    to += some * p->pitch;
    column += some * g->stride_w;
    n -= some;
  }
}

// All columns of a row of windows whose first row is `row`.
static void columns(const iseul_conv_s8_mve_t *p, const int8_t *in, int32_t row, int8_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, tall = g->kernel_h * c;
  const int32_t left = g->pad_left < p->columns ? g->pad_left : p->columns;
  const int32_t n = p->columns - left < g->in_w ? p->columns - left : g->in_w;
  int8_t padding[16];
  iseul_fill_mve(padding, p->in_zero_point, 16);
  iseul_fill_mve(to, p->in_zero_point, left * tall);
  to += left * tall;
  for (int32_t i = 0; i < g->kernel_h; ++i) {
    const int32_t is_inside = row >= 0 && row < g->in_h;
    for (int32_t k = 0; k < c; k += 16) {
      const int8_t *const x = is_inside ? in + (row * g->in_w * c + k) : padding;
      iseul_pieces_mve(to + i * c + k, tall, x, is_inside ? c : 0, c - k < 16 ? c - k : 16, n);
    }
    row += g->dilation_h;
  }
  iseul_fill_mve(to + n * tall, p->in_zero_point, (p->columns - left - n) * tall);
}

// Windows of output row y from x on, and, for b, all their outputs.
static void piece(const iseul_conv_s8_mve_t *p, iseul_blocks_mve_t *b, const int8_t *in, int32_t y,
                  int32_t x, int8_t *out, int8_t *strip) {
  const iseul_window_t *const g = &p->window;
  const int32_t row = y * g->stride_h - g->pad_top;
  const int32_t some = g->out_w - x < p->together ? g->out_w - x : p->together;
  if (p->columns > 0) {
    columns(p, in, row, strip);
  } else {
    windows(p, in, row, x * g->stride_w - g->pad_left, some, strip);
  }
  if (b != NULL) {
    iseul_positions_mve(b, &p->output, strip, p->pitch, g->out_c, some, out);
  }
}

void iseul_conv2d_s8_mve(const iseul_conv_s8_mve_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch) {
  const iseul_window_t *const g = &p->window;
  int8_t *const strip = (int8_t *)scratch;
  const int32_t y_row = g->out_w * g->out_c;
  iseul_blocks_mve_t b = iseul_blocks_of(&p->output, p->channels, p->depth, g->out_c);
  iseul_fill_mve(strip, 0, p->rows * p->row_bytes);
  for (int32_t n = 0; n < g->batch; ++n) {
    int32_t y = 0;
    // one position of each of three rows in a block
    for (; p->rows == 3 && y + 3 <= g->out_h; y += 3) {
      for (int32_t i = 0; i < 3; ++i) {
        b.x[i] = strip + i * p->row_bytes;
        piece(p, NULL, in, y + i, 0, out, strip + i * p->row_bytes);
      }
      b.y[0] = y_row;
      b.y[1] = 2 * y_row;
      b.out = out;
      b.blocks = g->out_w;
      b.x_step = p->pitch;
      b.out_step = g->out_c;
      iseul_threes_of(&b, &p->output);
      out += 3 * y_row;
    }
    for (; y < g->out_h; ++y) {
      for (int32_t x = 0; x < g->out_w; x += p->together) {
        piece(p, &b, in, y, x, out + x * g->out_c, strip);
      }
      out += y_row;
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
