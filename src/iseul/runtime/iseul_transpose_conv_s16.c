// SPDX-License-Identifier: Apache-2.0
// iseul_transpose_conv_s16: transposed convolution of int16 by int8 weights, in groups of
// channels, with bias, requantization and clamp.
//
// in       (batch, in_h, in_w, in_c), zero point 0
// out      (batch, out_h, out_w, out_c), zero point 0; not in
// scratch  none
// Each output gathers what reaches it, so nothing is stored in between: along each axis the taps
// that lead back to an input are every tap_step-th one. Sums have 64 bits; where the reference's
// have 32, they are taken modulo 2^32 at the end.
// Meaning: graph/ops/transpose_conv.py. Exact: all judges agree to the bit.
#include "iseul_weighted.h"

static int64_t sum_of(const iseul_transpose_conv_s16_t *p, const int16_t *in, const int8_t *weights,
                      const iseul_reach_t *rows, const iseul_reach_t *columns) {
  const iseul_spread_t *const s = &p->spread;
  int64_t acc = 0;
  for (int32_t i = 0; i < rows->n; ++i) {
    const int32_t y = rows->start - i * s->in_step_h;
    const int8_t *const w_row =
        weights + (rows->tap + i * s->tap_step_h) * s->kernel_w * s->group_in;
    for (int32_t j = 0; j < columns->n; ++j) {
      const int16_t *x = in + (y * s->in_w + columns->start - j * s->in_step_w) * s->in_c;
      const int8_t *w = w_row + (columns->tap + j * s->tap_step_w) * s->group_in;
      for (int32_t k = 0; k < s->group_in; ++k) {
        acc += x[k] * w[k];
      }
    }
  }
  return acc;
}

static void position(const iseul_transpose_conv_s16_t *p, const int16_t *in, iseul_reach_t rows,
                     iseul_reach_t columns, int16_t *out) {
  const iseul_spread_t *const s = &p->spread;
  const int8_t *w = p->weights;
  int32_t o = 0;
  for (; o < s->out_c; in += s->group_in) {
    for (int32_t k = 0; k < s->group_out; ++k) {
      const int64_t acc = iseul_bias_at(&p->bias, o) + sum_of(p, in, w, &rows, &columns);
      out[o] = iseul_finish_s16(&p->output, acc, o);
      w += s->kernel_h * s->kernel_w * s->group_in;
      ++o;
    }
  }
}

void iseul_transpose_conv_s16(const iseul_transpose_conv_s16_t *p, const int16_t *in,
                              int16_t *out) {
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
