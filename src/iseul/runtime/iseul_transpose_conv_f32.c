// SPDX-License-Identifier: Apache-2.0
// iseul_transpose_conv_f32: transposed convolution, in groups of channels, with bias and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// Each output gathers what reaches it, so nothing is stored in between: along each axis the taps
// that lead back to an input are every tap_step-th one.
// Meaning: graph/ops/transpose_conv.py, up to the order of the float32 sums.
#include "iseul_weighted.h"

static float sum_of(const iseul_transpose_conv_f32_t *p, const float *in, const float *weights,
                    const iseul_reach_t *rows, const iseul_reach_t *columns) {
  const iseul_spread_t *const s = &p->spread;
  float acc = 0.0f;
  for (int32_t i = 0; i < rows->n; ++i) {
    const int32_t y = rows->start - i * s->in_step_h;
    const float *const w_row =
        weights + (rows->tap + i * s->tap_step_h) * s->kernel_w * s->group_in;
    for (int32_t j = 0; j < columns->n; ++j) {
      const float *x = in + (y * s->in_w + columns->start - j * s->in_step_w) * s->in_c;
      const float *w = w_row + (columns->tap + j * s->tap_step_w) * s->group_in;
      for (int32_t k = 0; k < s->group_in; ++k) {
        acc += x[k] * w[k];
      }
    }
  }
  return acc;
}

static void position(const iseul_transpose_conv_f32_t *p, const float *in, iseul_reach_t rows,
                     iseul_reach_t columns, float *out) {
  const iseul_spread_t *const s = &p->spread;
  const float *w = p->weights;
  int32_t o = 0;
  for (; o < s->out_c; in += s->group_in) {
    for (int32_t k = 0; k < s->group_out; ++k) {
      const float acc = p->bias[o] + sum_of(p, in, w, &rows, &columns);
      out[o] = iseul_clamp_real(acc, p->low, p->high);
      w += s->kernel_h * s->kernel_w * s->group_in;
      ++o;
    }
  }
}

void iseul_transpose_conv_f32(const iseul_transpose_conv_f32_t *p, const float *in, float *out) {
  const iseul_spread_t *const s = &p->spread;
  for (int32_t n = 0; n < s->batch; ++n) {
    for (int32_t y = 0; y < s->out_h; ++y) {
      const iseul_reach_t rows = iseul_reach(y + s->cut_top, s->kernel_h, s->dilation_h,
                                             s->stride_h, s->tap_step_h, s->in_step_h, s->in_h);
      for (int32_t x = 0; x < s->out_w; ++x) {
        const iseul_reach_t columns =
            iseul_reach(x + s->cut_left, s->kernel_w, s->dilation_w, s->stride_w, s->tap_step_w,
                        s->in_step_w, s->in_w);
        position(p, in, rows, columns, out);
        out += s->out_c;
      }
    }
    in += s->in_h * s->in_w * s->in_c;
  }
}
