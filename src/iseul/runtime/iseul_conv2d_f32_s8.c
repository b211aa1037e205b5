// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_f32_s8: convolution of floats by int8 weights that stand for reals, in groups of
// channels, with bias and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// The scale is applied to the sum. Taps on padding are never visited.
// Meaning: graph/ops/_hybrid.py, up to the order of the float32 sums.
#include "iseul_hybrid.h"

static float sum_of(const iseul_patch_t *patch, const float *x_row, const int8_t *w_row,
                    int32_t zero_point) {
  float acc = 0.0f;
  for (int32_t i = patch->rows; i > 0; --i) {
    const float *x = x_row;
    const int8_t *w = w_row;
    for (int32_t j = patch->runs; j > 0; --j) {
      for (int32_t k = 0; k < patch->run; ++k) {
        acc += x[k] * (float)(*w++ - zero_point);
      }
      x += patch->x_run;
    }
    x_row += patch->x_row;
    w_row += patch->w_row;
  }
  return acc;
}

// All output channels of one position.
static void position(const iseul_conv_f32_s8_t *p, const iseul_patch_t *patch, const float *x,
                     float *out) {
  const int32_t filter = p->window.kernel_h * p->window.kernel_w * p->groups.group_in;
  const int8_t *w = p->weights + patch->w;
  int32_t o = 0;
  for (x += patch->x; o < p->window.out_c; x += p->groups.group_in) {
    for (int32_t k = 0; k < p->groups.group_out; ++k) {
      const int32_t i = o * p->step;
      const float real = sum_of(patch, x, w, p->zero_point[i]) * p->scale[i];
      out[o] = iseul_clamp_real(real + p->bias[o], p->low, p->high);
      w += filter;
      ++o;
    }
  }
}

void iseul_conv2d_f32_s8(const iseul_conv_f32_s8_t *p, const float *in, float *out) {
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
