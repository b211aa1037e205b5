// SPDX-License-Identifier: Apache-2.0
// iseul_transpose_conv_s8: transposed convolution, in groups of channels, with bias,
// requantization and clamp.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c); not in
// scratch  none
// Each output gathers what reaches it, so nothing is stored in between: along each axis the taps
// that lead back to an input are every tap_step-th one.
// Meaning: graph/ops/transpose_conv.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

static int32_t sum_of(const iseul_transpose_conv_s8_t *p, const int8_t *in, const int8_t *weights,
                      int32_t w_zero_point, const iseul_reach_t *rows,
                      const iseul_reach_t *columns) {
  const iseul_spread_t *const s = &p->spread;
  int32_t acc = 0;
  for (int32_t i = 0; i < rows->n; ++i) {
    const int32_t y = rows->start - i * s->in_step_h;
    const int8_t *const w_row =
        weights + (rows->tap + i * s->tap_step_h) * s->kernel_w * s->group_in;
    for (int32_t j = 0; j < columns->n; ++j) {
      const int8_t *x = in + (y * s->in_w + columns->start - j * s->in_step_w) * s->in_c;
      const int8_t *w = w_row + (columns->tap + j * s->tap_step_w) * s->group_in;
      for (int32_t k = 0; k < s->group_in; ++k) {
        acc += (x[k] - p->in_zero_point) * (w[k] - w_zero_point);
      }
    }
  }
  return acc;
}

static void position(const iseul_transpose_conv_s8_t *p, const int8_t *in, iseul_reach_t rows,
                     iseul_reach_t columns, int8_t *out) {
  const iseul_spread_t *const s = &p->spread;
  const int8_t *w = p->weights;
  int32_t o = 0;
  for (; o < s->out_c; in += s->group_in) {
    for (int32_t k = 0; k < s->group_out; ++k) {
      const int32_t w_zero_point = p->weights_zero_point[o * p->output.step];
      const int32_t acc = p->bias[o] + sum_of(p, in, w, w_zero_point, &rows, &columns);
      out[o] = iseul_finish_s8(&p->output, acc, o);
      w += s->kernel_h * s->kernel_w * s->group_in;
      ++o;
    }
  }
}

void iseul_transpose_conv_s8(const iseul_transpose_conv_s8_t *p, const int8_t *in, int8_t *out) {
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
