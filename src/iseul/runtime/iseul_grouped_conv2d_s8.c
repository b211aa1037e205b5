// SPDX-License-Identifier: Apache-2.0
// iseul_grouped_conv2d_s8: convolution in groups of channels, by weights with or without zero
// points, with bias, requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// The general one: depthwise convolutions are groups of one channel, fully connected ones windows
// of one tap. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py, depthwise_conv2d.py, fully_connected.py. Exact: all judges agree
// to the bit.
#include "iseul_weighted.h"

static int32_t sum_of(const iseul_patch_t *patch, const int8_t *x_row, const int8_t *w_row,
                      int32_t x_zero_point, int32_t w_zero_point) {
  int32_t acc = 0;
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      for (int32_t k = 0; k < patch->run; ++k) {
        acc += (x[k] - x_zero_point) * (*w++ - w_zero_point);
      }
      x += patch->x_run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return acc;
}

// All output channels of one position.
static void position(const iseul_grouped_conv_s8_t *p, const iseul_patch_t *patch, const int8_t *x,
                     int8_t *out) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w = p->weights + patch->w;
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    for (int32_t k = 0; k < p->groups.group_out; ++k) {
      const int32_t zero_point = p->weights_zero_point[o * p->output.step];
      const int32_t acc = p->bias[o] + sum_of(patch, x, w, p->in_zero_point, zero_point);
      out[o] = iseul_finish_s8(&p->output, acc, o);
      w += filter;
      ++o;
    }
  }
}

void iseul_grouped_conv2d_s8(const iseul_grouped_conv_s8_t *p, const int8_t *in, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_patch_t patch =
            iseul_patch_at(g, p->groups.group_in, rows, x * g->stride_w - g->pad_left);
        position(p, &patch, in, out);
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
