// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s8: 2-D convolution with bias, requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// The part of each window that lies inside the input is found once per position; along a row
// its taps and channels are one run of bytes in the input and in the weights (OHWI). Four output
// channels share each load of the input. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

// What one position needs of input and weights, the same for all output channels.
typedef struct {
  const int8_t *x;      // first tap inside
  int32_t w_offset;     // of that tap in a channel's weights
  int32_t rows, runs;   // rows of the window inside; runs of bytes per row
  int32_t run;          // bytes per run
  int32_t x_row, w_row;  // bytes from row to row
  int32_t x_run;        // bytes from run to run in the input
} patch_t;

static patch_t patch_at(const iseul_window_t *g, const int8_t *in, iseul_span_t rows,
                        int32_t column) {
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t n_rows = rows.last - rows.first;
  const int32_t n_columns = columns.last - columns.first;
  const int32_t dense = g->dilation_w == 1;
  patch_t patch = {in, 0, 0, 0, 0, 0, 0, 0};
  if (n_rows <= 0 || n_columns <= 0) {
    return patch;
  }
  patch.x = in + (rows.start * g->in_w + columns.start) * g->in_c;
  patch.w_offset = (rows.first * g->kernel_w + columns.first) * g->in_c;
  patch.rows = n_rows;
  patch.runs = dense ? 1 : n_columns;
  patch.run = dense ? n_columns * g->in_c : g->in_c;
  patch.x_row = g->dilation_h * g->in_w * g->in_c;
  patch.w_row = g->kernel_w * g->in_c;
  patch.x_run = g->dilation_w * g->in_c;
  return patch;
}

// A function of its own: inlined into the loops over positions, the compiler runs out of
// registers in the innermost loop.
static ISEUL_NOINLINE void four_channels(const iseul_conv_s8_t *p, const patch_t *patch, int32_t o,
                                         int8_t *out) {
  const int32_t filter = p->window.kernel_h * patch->w_row;
  const int8_t *x_row = patch->x;
  const int8_t *w_row = p->weights + o * filter + patch->w_offset;
  int32_t acc[4] = {p->bias[o], p->bias[o + 1], p->bias[o + 2], p->bias[o + 3]};
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      iseul_dot4_s8(acc, x, w, filter, patch->run, p->in_zero_point);
      x += patch->x_run;
      w += patch->run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  iseul_finish4_s8(&p->output, acc, o, out);
}

static int8_t one_channel(const iseul_conv_s8_t *p, const patch_t *patch, int32_t o) {
  const int8_t *x_row = patch->x;
  const int8_t *w_row =
      p->weights + o * p->window.kernel_h * patch->w_row + patch->w_offset;
  int32_t acc = p->bias[o];
  for (int32_t i = patch->rows; i > 0; --i) {
    for (int32_t j = 0; j < patch->runs; ++j) {
      acc += iseul_dot_s8(x_row + j * patch->x_run, w_row + j * patch->run, patch->run,
                          p->in_zero_point);
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return iseul_finish_s8(&p->output, acc, o);
}

void iseul_conv2d_s8(const iseul_conv_s8_t *p, const int8_t *in, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const patch_t patch = patch_at(g, in, rows, x * g->stride_w - g->pad_left);
        int32_t o = 0;
        for (; o + 4 <= g->out_c; o += 4) {
          four_channels(p, &patch, o, out + o);
        }
        for (; o < g->out_c; ++o) {
          out[o] = one_channel(p, &patch, o);
        }
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
