// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s16: convolution of int16 by int8 weights, in groups of channels, with bias,
// requantization and clamp.
//
// in       (batch, in_h, in_w, in_c), zero point 0
// out      (batch, out_h, out_w, out_c), zero point 0; not in
// scratch  none
// Sums have 64 bits; where the reference's have 32, they are taken modulo 2^32 at the end. Padding
// contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

static int64_t sum_of(const iseul_patch_t *patch, const int16_t *x_row, const int8_t *w_row) {
  int64_t acc = 0;
  for (int32_t i = patch->rows; i > 0; --i) {
    const int16_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      for (int32_t k = 0; k < patch->run; ++k) {
        acc += x[k] * *w++;
      }
      x += patch->x_run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return acc;
}

// All output channels of one position.
static void position(const iseul_conv_s16_t *p, const iseul_patch_t *patch, const int16_t *x,
                     int16_t *out) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w = p->weights + patch->w;
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    for (int32_t k = 0; k < p->groups.group_out; ++k) {
      const int64_t acc = iseul_bias_at(&p->bias, o) + sum_of(patch, x, w);
      out[o] = iseul_finish_s16(&p->output, acc, o);
      w += filter;
      ++o;
    }
  }
}

void iseul_conv2d_s16(const iseul_conv_s16_t *p, const int16_t *in, int16_t *out) {
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
