// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_dynamic: convolution of floats by int8 weights, in groups of channels; each sample
// becomes int8 first, so that sums are integers. With bias and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  in_h * in_w * in_c bytes: one sample in int8
// Padding contributes 0: taps on it are never visited.
// Meaning: graph/ops/_hybrid.py. Exact but for the last rounding of the scaled sum.
#include "iseul_hybrid.h"

static int32_t sum_of(const iseul_patch_t *patch, const int8_t *x_row, const int8_t *w_row,
                      int32_t zero_point) {
  int32_t acc = 0;
  for (int32_t i = patch->rows; i > 0; --i) {
    const int8_t *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      acc += iseul_dot_s8(x, w, patch->run, zero_point);
      x += patch->x_run;
      w += patch->run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return acc;
}

// All output channels of one position.
static void position(const iseul_conv_dynamic_t *p, const iseul_grid_t *grid,
                     const iseul_patch_t *patch, const int8_t *x, float *out) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w = p->weights + patch->w;
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    for (int32_t k = 0; k < p->groups.group_out; ++k) {
      const float factor = grid->scale * p->scale[o * p->step];
      const float real = (float)sum_of(patch, x, w, grid->zero_point) * factor;
      out[o] = iseul_clamp_real(real + p->bias[o], p->low, p->high);
      w += filter;
      ++o;
    }
  }
}

void iseul_conv2d_dynamic(const iseul_conv_dynamic_t *p, const float *in, float *out,
                          int8_t *scratch) {
  const iseul_window_t *const g = &p->window;
  const int32_t n_in = g->in_h * g->in_w * g->in_c;
  for (int32_t n = 0; n < g->batch; ++n) {
    const iseul_grid_t grid = iseul_quantize_sample(in, n_in, p->is_asymmetric, scratch);
    for (int32_t y = 0; y < g->out_h; ++y) {
      const iseul_span_t rows =
          iseul_span(y * g->stride_h - g->pad_top, g->kernel_h, g->dilation_h, g->in_h);
      for (int32_t x = 0; x < g->out_w; ++x) {
        const iseul_patch_t patch =
            iseul_patch_at(g, p->groups.group_in, rows, x * g->stride_w - g->pad_left);
        position(p, &grid, &patch, scratch, out);
        out += g->out_c;
      }
    }
    in += n_in;
  }
}
