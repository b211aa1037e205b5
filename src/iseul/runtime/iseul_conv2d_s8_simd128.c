// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s8_simd128: 2-D convolution with bias, requantization and clamp; eight output
// channels of four positions at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), four positions after each other's windows are read
// scratch  4 * depth values of 16 bits: the windows of four positions
// Windows follow each other in raster order. Taps on padding are in_zero_point, which the bias
// takes off again; behind the values of a window weights are 0.
// Meaning: graph/ops/conv2d.py, fully_connected.py. Exact: all judges agree to the bit.
#include "iseul_simd128.h"

// The next window, and the sample that it lies in.
typedef struct {
  const int8_t *in;
  int32_t y, x;
} place_t;

// A window as numbers of 16 bits; the place moves on by one.
static void next_window(const iseul_conv_s8_simd128_t *p, place_t *at, int16_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t row = at->y * g->stride_h - g->pad_top;
  const int32_t column = at->x * g->stride_w - g->pad_left;
  const iseul_span_t rows = iseul_span(row, g->kernel_h, g->dilation_h, g->in_h);
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t n_columns = columns.last - columns.first;
  const int32_t is_dense = g->dilation_w == 1;
  const int32_t runs = is_dense ? 1 : n_columns;
  const int32_t run = is_dense ? n_columns * g->in_c : g->in_c;
  if (rows.last - rows.first < g->kernel_h || n_columns < g->kernel_w) {
    iseul_fill_simd128(to, p->in_zero_point, g->kernel_h * g->kernel_w * g->in_c);
  }
  for (int32_t i = rows.first; i < rows.last; ++i) {
    const int32_t y = row + i * g->dilation_h;
    const int8_t *x = at->in + (y * g->in_w + columns.start) * g->in_c;
    int16_t *w = to + (i * g->kernel_w + columns.first) * g->in_c;
    for (int32_t j = 0; j < runs && n_columns > 0; ++j) {
      iseul_widen_simd128(w, x, run);
      w += run;
      x += g->dilation_w * g->in_c;
    }
  }
  if (++at->x == g->out_w) {
    at->x = 0;
    if (++at->y == g->out_h) {
      at->y = 0;
      at->in += g->in_h * g->in_w * g->in_c;
    }
  }
}

// One pair of values of four windows, times weights of eight channels.
#define FOUR_PAIRS(i)                                                               \
  do {                                                                              \
    const iseul_s8x16_t both = iseul_load_s8x16(w + 16 * (i));                      \
    const iseul_s16x8_t low = iseul_low_s16x8(both), high = iseul_high_s16x8(both); \
    const iseul_s16x8_t p0 = ISEUL_PAIR_S16X8(x0, i), p1 = ISEUL_PAIR_S16X8(x1, i); \
    const iseul_s16x8_t p2 = ISEUL_PAIR_S16X8(x2, i), p3 = ISEUL_PAIR_S16X8(x3, i); \
    a0 = iseul_mac_simd128(a0, p0, p0, low, high);                                  \
    a1 = iseul_mac_simd128(a1, p1, p1, low, high);                                  \
    a2 = iseul_mac_simd128(a2, p2, p2, low, high);                                  \
    a3 = iseul_mac_simd128(a3, p3, p3, low, high);                                  \
  } while (0)

static void four_positions(const iseul_conv_s8_simd128_t *p, const int16_t *windows, int8_t *out) {
  const int32_t depth = p->depth, out_c = p->window.out_c;
  const int8_t *w = p->weights;
  const int32_t *scales = p->scales;
  for (int32_t c = 0; c < out_c; c += 8) {
    iseul_sums_t a0 = iseul_biases_simd128(scales);
    iseul_sums_t a1 = a0, a2 = a0, a3 = a0;
    const int16_t *x = windows;
    for (int32_t k = depth; k > 0; k -= 8) {
      const iseul_s16x8_t x0 = iseul_load_s16x8(x);
      const iseul_s16x8_t x1 = iseul_load_s16x8(x + depth);
      const iseul_s16x8_t x2 = iseul_load_s16x8(x + 2 * depth);
      const iseul_s16x8_t x3 = iseul_load_s16x8(x + 3 * depth);
      FOUR_PAIRS(0);
      FOUR_PAIRS(1);
      FOUR_PAIRS(2);
      FOUR_PAIRS(3);
      x += 8;
      w += 64;
    }
    const int32_t n = out_c - c;
    // nothing is written before all is read: a store of bytes might change the scales
    const iseul_s16x8_t q0 = iseul_finish_simd128(a0, scales, &p->output);
    const iseul_s16x8_t q1 = iseul_finish_simd128(a1, scales, &p->output);
    const iseul_s16x8_t q2 = iseul_finish_simd128(a2, scales, &p->output);
    const iseul_s16x8_t q3 = iseul_finish_simd128(a3, scales, &p->output);
    iseul_some_simd128(out + c, q0, n);
    iseul_some_simd128(out + (out_c + c), q1, n);
    iseul_some_simd128(out + (2 * out_c + c), q2, n);
    iseul_some_simd128(out + (3 * out_c + c), q3, n);
    scales += ISEUL_SCALES_SIMD128;
  }
}

#define ONE_PAIR(i)                                                                 \
  do {                                                                              \
    const iseul_s8x16_t both = iseul_load_s8x16(w + 16 * (i));                      \
    const iseul_s16x8_t low = iseul_low_s16x8(both), high = iseul_high_s16x8(both); \
    const iseul_s16x8_t pair = ISEUL_PAIR_S16X8(x0, i);                             \
    a0 = iseul_mac_simd128(a0, pair, pair, low, high);                              \
  } while (0)

static void one_position(const iseul_conv_s8_simd128_t *p, const int16_t *window, int8_t *out) {
  const int32_t out_c = p->window.out_c;
  const int8_t *w = p->weights;
  const int32_t *scales = p->scales;
  for (int32_t c = 0; c < out_c; c += 8) {
    iseul_sums_t a0 = iseul_biases_simd128(scales);
    for (int32_t k = 0; k < p->depth; k += 8) {
      const iseul_s16x8_t x0 = iseul_load_s16x8(window + k);
      ONE_PAIR(0);
      ONE_PAIR(1);
      ONE_PAIR(2);
      ONE_PAIR(3);
      w += 64;
    }
    iseul_some_simd128(out + c, iseul_finish_simd128(a0, scales, &p->output), out_c - c);
    scales += ISEUL_SCALES_SIMD128;
  }
}

void iseul_conv2d_s8_simd128(const iseul_conv_s8_simd128_t *p, const int8_t *in, int8_t *out,
                             int16_t *scratch) {
  const iseul_window_t *const g = &p->window;
  place_t at = {in, 0, 0};
  iseul_fill_simd128(scratch, 0, 4 * p->depth);
  for (int32_t n = g->batch * g->out_h * g->out_w; n > 0; n -= 4) {
    const int32_t some = n < 4 ? n : 4;
    for (int32_t i = 0; i < some; ++i) {
      next_window(p, &at, scratch + i * p->depth);
    }
    if (some == 4) {
      four_positions(p, scratch, out);
    } else {
      for (int32_t i = 0; i < some; ++i) {
        one_position(p, scratch + i * p->depth, out + i * g->out_c);
      }
    }
    out += 4 * g->out_c;
  }
}
