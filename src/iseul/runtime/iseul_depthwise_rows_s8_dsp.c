// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_rows_s8_dsp: depthwise 3x3 convolution with bias and requantization, row by row;
// columns have stride 1 or 2.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), row by row; a row ends up to in_c bytes too late before
//          the next one: in this order it may run over in
// scratch  three padded rows of four channels, then a row of out_w + 1 bytes
// Four channels of the rows of a window at a time are taken apart into rows of one channel, with
// in_zero_point around them, which the bias takes off again. The clamp is that of int8, and
// zero_point is -128; shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

// Four channels of one output row; x: the first of them in input row `first`.
static void take_rows(const iseul_planes_s8_dsp_t *p, const int8_t *x, int32_t first, int32_t n,
                      int8_t *planes) {
  const iseul_window_t *const g = &p->window;
  for (int32_t i = 0; i < 3; ++i) {
    const int32_t y = first + i;
    int8_t *const row = planes + i * p->pitch;
    if (y >= 0 && y < g->in_h) {
      iseul_take_apart(x + y * g->in_w * g->in_c, g->in_c, n, g->in_w, row + g->pad_left,
                       p->plane);
    } else {
      for (int32_t k = 0; k < n; ++k) {
        memset(row + k * p->plane, p->in_zero_point, (size_t)p->pitch);
      }
    }
  }
}

// One channel of an output row. Two outputs at a time may be one too many: it lies where the next
// row begins, or in `spare`.
static ISEUL_NOINLINE void one_channel(const iseul_planes_s8_dsp_t *p, int32_t o,
                                       const int8_t *rows, int8_t *spare, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, n = g->out_w;
  const iseul_taps_3x3_t k =
      iseul_taps_3x3(p->weights + o, c, p->bias[o], iseul_scale_of(&p->output, o));
  if (g->stride_w == 2) {
    iseul_row_stride_2(&k, rows, n, p->pitch, out, c);
    return;
  }
  iseul_row_stride_1(&k, rows, (n + 1) & ~(int32_t)1, p->pitch, spare != NULL ? spare : out,
                     spare != NULL ? 1 : c);
  for (int32_t x = 0; spare != NULL && x < n; ++x) {
    out[x * c] = spare[x];
  }
}

void iseul_depthwise_rows_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch) {
  const iseul_window_t *const g = &p->window;
  int8_t *const planes = (int8_t *)scratch;
  memset(planes, p->in_zero_point, (size_t)(4 * p->plane));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const int32_t is_last = n + 1 == g->batch && y + 1 == g->out_h && g->out_w % 2 != 0;
      int8_t *const spare = is_last ? planes + 4 * p->plane : NULL;
      for (int32_t o = 0; o < g->in_c; o += 4) {
        const int32_t n_channels = g->in_c - o < 4 ? g->in_c - o : 4;
        take_rows(p, in + o, y * g->stride_h - g->pad_top, n_channels, planes);
        for (int32_t k = 0; k < n_channels; ++k) {
          one_channel(p, o + k, planes + k * p->plane, spare, out + o + k);
        }
      }
      out += g->out_w * g->in_c;
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
