// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s4: convolution of int8 by int4 weights, in groups of channels, with bias,
// requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// Weights stay packed: each is taken out of its byte where it is used, two from one load. Padding
// contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py, depthwise_conv2d.py, fully_connected.py. Exact: all judges agree
// to the bit.
#include "iseul_weighted.h"

static int32_t low_half(uint8_t byte) { return (int8_t)(uint8_t)(byte << 4) >> 4; }

static int32_t high_half(uint8_t byte) { return (int8_t)byte >> 4; }

// Sum over k of (x[k] - x_zero_point) * (weight[at + k] - w_zero_point), k = 0 .. n - 1.
static int32_t dot(const int8_t *x, int32_t x_zero_point, const uint8_t *weights, int32_t at,
                   int32_t w_zero_point, int32_t n) {
  const int8_t *const end = x + n;
  const uint8_t *pair = weights + (at >> 1);
  int32_t acc = 0;
  if ((at & 1) != 0 && x != end) {
    acc += (*x++ - x_zero_point) * (high_half(*pair++) - w_zero_point);
  }
  while (end - x >= 2) {
    const uint8_t byte = *pair++;
    acc += (*x++ - x_zero_point) * (low_half(byte) - w_zero_point);
    acc += (*x++ - x_zero_point) * (high_half(byte) - w_zero_point);
  }
  if (x != end) {
    acc += (*x - x_zero_point) * (low_half(*pair) - w_zero_point);
  }
  return acc;
}

// Output channel o, whose group's inputs start at x.
static int32_t sum_of(const iseul_conv_s4_t *p, const iseul_patch_t *patch, const int8_t *x_row,
                      int32_t o) {
  const int32_t filter = p->window.kernel_h * patch->w_row;
  const int32_t w_zero_point = p->weights_zero_point[o * p->output.step];
  int32_t w_row = o * filter + patch->w;
  int32_t acc = p->bias[o];
  for (int32_t i = patch->rows; i > 0; --i) {
    for (int32_t j = 0; j < patch->runs; ++j) {
      acc += dot(x_row + j * patch->x_run, p->in_zero_point, p->weights, w_row + j * patch->run,
                 w_zero_point, patch->run);
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return acc;
}

// All output channels of one position.
static void position(const iseul_conv_s4_t *p, const iseul_patch_t *patch, const int8_t *x,
                     int8_t *out) {
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    for (int32_t k = 0; k < p->groups.group_out; ++k) {
      out[o] = iseul_finish_s8(&p->output, sum_of(p, patch, x, o), o);
      ++o;
    }
  }
}

void iseul_conv2d_s4(const iseul_conv_s4_t *p, const int8_t *in, int8_t *out) {
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
