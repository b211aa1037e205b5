// SPDX-License-Identifier: Apache-2.0
// iseul_planes_dsp.h: depthwise 3x3 convolutions whose channels are taken apart into planes: the
// loops that kernels of int8 and of int4 weights share. What is made of a plane is a function.
#ifndef ISEUL_PLANES_DSP_H
#define ISEUL_PLANES_DSP_H

#include "iseul_dsp.h"

typedef void (*iseul_turned_t)(const iseul_planes_s8_dsp_t *p, int32_t o, const int8_t *plane,
                               int8_t *out);

// All channels, four at a time, by columns. planes: four of them
static inline void iseul_by_columns(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                    int8_t *planes, iseul_turned_t channel) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c;
  memset(planes, p->in_zero_point, (size_t)(4 * p->plane));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t o = 0; o < c; o += 4) {
      const int32_t n_channels = c - o < 4 ? c - o : 4;
      int8_t *column = planes + g->pad_left * p->pitch + g->pad_top;
      for (int32_t x = 0; x < g->in_w; ++x) {
        iseul_take_apart(in + x * c + o, g->in_w * c, n_channels, g->in_h, column, p->plane);
        column += p->pitch;
      }
      for (int32_t k = 0; k < n_channels; ++k) {
        channel(p, o + k, planes + k * p->plane, out + o + k);
      }
    }
    in += g->in_h * g->in_w * c;
    out += g->out_h * g->out_w * c;
  }
}

typedef void (*iseul_rows_t)(const iseul_planes_s8_dsp_t *p, int32_t o, int32_t n_rows,
                             const int8_t *x, int8_t *spare, int8_t *out);

// n_rows input rows of up to four channels to planes; x: the first of the channels.
static inline void iseul_fill_rows(const iseul_planes_s8_dsp_t *p, const int8_t *x, int32_t first,
                                   int32_t n_rows, int32_t n_channels, int8_t *planes) {
  const iseul_window_t *const g = &p->window;
  const int32_t x_row = g->in_w * g->in_c;
  for (int32_t y = first; y < first + n_rows; ++y) {
    if (y >= 0 && y < g->in_h) {
      iseul_take_apart(x + y * x_row, g->in_c, n_channels, g->in_w, planes + g->pad_left,
                       p->plane);
    } else {
      for (int32_t k = 0; k < n_channels; ++k) {
        memset(planes + k * p->plane, p->in_zero_point, (size_t)p->pitch);
      }
    }
    planes += p->pitch;
  }
}

// All outputs, some rows of four channels at a time. planes: four of them, then a row of out_w + 1
static inline void iseul_by_rows(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                 int8_t *planes, iseul_rows_t channel) {
  const iseul_window_t *const g = &p->window;
  memset(planes, p->in_zero_point, (size_t)(4 * p->plane));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; y += p->rows) {
      const int32_t left = g->out_h - y, n_rows = left < p->rows ? left : p->rows;
      const int32_t is_last = n + 1 == g->batch && left == n_rows && g->stride_w == 1;
      int8_t *const spare = is_last && g->out_w % 2 != 0 ? planes + 4 * p->plane : NULL;
      for (int32_t o = 0; o < g->in_c; o += 4) {
        const int32_t n_channels = g->in_c - o < 4 ? g->in_c - o : 4;
        iseul_fill_rows(p, in + o, y * g->stride_h - g->pad_top, (n_rows - 1) * g->stride_h + 3,
                        n_channels, planes);
        for (int32_t k = 0; k < n_channels; ++k) {
          channel(p, o + k, n_rows, planes + k * p->plane, spare, out + o + k);
        }
      }
      out += n_rows * g->out_w * g->in_c;
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}

#endif
