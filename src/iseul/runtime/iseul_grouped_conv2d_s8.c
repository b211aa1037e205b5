// SPDX-License-Identifier: Apache-2.0
// iseul_grouped_conv2d_s8: convolution in groups of channels, by weights with or without zero
// points, with bias, requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// The general one: depthwise convolutions are groups of one channel, fully connected ones windows
// of one tap. A zero point of weights times the sum of the inputs under the window is taken off
// the bias; that sum is the same for all channels of a group. Four output channels of a group
// share each load of the input. Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/conv2d.py, depthwise_conv2d.py, fully_connected.py. Exact: all judges agree
// to the bit.
#include "iseul_weighted.h"

// Sum of x - zero_point under the window, for one group.
static int32_t sum_of_inputs(const iseul_patch_t *patch, const int8_t *x_row, int32_t zero_point) {
  int32_t sum = -patch->rows * patch->runs * patch->run * zero_point;
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      for (int32_t k = 0; k < patch->run; ++k) {
        sum += x[k];
      }
      x += patch->x_run;
    }
    x_row += patch->x_row;
  }
  return sum;
}

static int32_t start_of(const iseul_grouped_conv_s8_t *p, int32_t inputs, int32_t o) {
  return p->bias[o] - inputs * p->weights_zero_point[o * p->output.step];
}

// Channels o .. o + 3 of a group whose inputs start at x_row.
static ISEUL_NOINLINE void four_channels(const iseul_grouped_conv_s8_t *p,
                                         const iseul_patch_t *patch, const int8_t *x_row,
                                         int32_t inputs, int32_t o, int8_t *out) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w_row = p->weights + o * filter + patch->w;
  int32_t acc[4] = {start_of(p, inputs, o), start_of(p, inputs, o + 1),
                    start_of(p, inputs, o + 2), start_of(p, inputs, o + 3)};
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

static int8_t one_channel(const iseul_grouped_conv_s8_t *p, const iseul_patch_t *patch,
                          const int8_t *x_row, int32_t inputs, int32_t o) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w_row = p->weights + o * filter + patch->w;
  int32_t acc = start_of(p, inputs, o);
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

// All output channels of one position; x: the sample.
static void position(const iseul_grouped_conv_s8_t *p, const iseul_patch_t *patch, const int8_t *x,
                     int8_t *out) {
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    const int32_t inputs = sum_of_inputs(patch, x, p->in_zero_point);
    const int32_t end = o + p->groups.group_out;
    for (; o + 4 <= end; o += 4) {
      four_channels(p, patch, x, inputs, o, out + o);
    }
    for (; o < end; ++o) {
      out[o] = one_channel(p, patch, x, inputs, o);
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
