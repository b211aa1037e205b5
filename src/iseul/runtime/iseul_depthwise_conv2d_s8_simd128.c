// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_conv2d_s8_simd128: depthwise convolution with bias, requantization and clamp;
// eight channels at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c), row by row
// scratch  values of 16 bits: kernel_h rows of `columns` places, of in_c channels rounded up to
//          a multiple of 8 each
// The rows that the windows of an output row lie in are widened first, with padding, which is
// in_zero_point, so that all windows are whole; the bias takes the zero point off again.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_simd128.h"

// Columns of input row x: those on padding, those inside, those on padding.
static void widen_row(const iseul_depthwise_s8_simd128_t *p, const int8_t *x, int16_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t wide = (g->in_c + 7) / 8 * 8;
  const int32_t left = g->pad_left < p->columns ? g->pad_left : p->columns;
  const int32_t most = p->columns - left;
  const int32_t n = g->in_w < most ? g->in_w : most;
  iseul_fill_simd128(to, p->in_zero_point, left * wide);
  to += left * wide;
  if (wide == g->in_c) {
    iseul_widen_simd128(to, x, n * wide);
  } else {
    for (int32_t i = 0; i < n; ++i) {
      iseul_widen_simd128(to + i * wide, x + i * g->in_c, g->in_c);
    }
  }
  iseul_fill_simd128(to + n * wide, p->in_zero_point, (most - n) * wide);
}

static void widen_rows(const iseul_depthwise_s8_simd128_t *p, const int8_t *in, int32_t row,
                       int16_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t n = p->columns * ((g->in_c + 7) / 8 * 8);
  for (int32_t i = 0; i < g->kernel_h; ++i) {
    if (row >= 0 && row < g->in_h) {
      widen_row(p, in + row * g->in_w * g->in_c, to);
    } else {
      iseul_fill_simd128(to, p->in_zero_point, n);
    }
    row += g->dilation_h;
    to += n;
  }
}

// An output row of up to eight channels. x: of its first window.
static void row_of(const iseul_depthwise_s8_simd128_t *p, const int16_t *x, const int16_t *weights,
                   const int32_t *scales, int8_t *out, int32_t n) {
  const int32_t step = p->window.stride_w * ((p->window.in_c + 7) / 8 * 8);
  for (int32_t i = 0; i < p->window.out_w; ++i) {
    iseul_sums_t sums = iseul_biases_simd128(scales);
    const int16_t *w = weights;
    for (int32_t k = 0; k < p->taps; k += 2) {
      const iseul_s16x8_t a = iseul_load_s16x8(x + p->places[k]);
      const iseul_s16x8_t b = iseul_load_s16x8(x + p->places[k + 1]);
      sums = iseul_mac_simd128(sums, iseul_zip_low_s16x8(a, b), iseul_zip_high_s16x8(a, b),
                               iseul_load_s16x8(w), iseul_load_s16x8(w + 8));
      w += 16;
    }
    iseul_some_simd128(out, iseul_finish_simd128(sums, scales, &p->output), n);
    x += step;
    out += p->window.in_c;
  }
}

void iseul_depthwise_conv2d_s8_simd128(const iseul_depthwise_s8_simd128_t *p, const int8_t *in,
                                       int8_t *out, int16_t *scratch) {
  const iseul_window_t *const g = &p->window;
  iseul_fill_simd128(scratch, 0, g->kernel_h * p->columns * ((g->in_c + 7) / 8 * 8));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      widen_rows(p, in, y * g->stride_h - g->pad_top, scratch);
      for (int32_t c = 0; c < g->in_c; c += 8) {
        row_of(p, scratch + c, p->weights + c * p->taps, p->scales + c / 8 * ISEUL_SCALES_SIMD128,
               out + c, g->in_c - c);
      }
      out += g->out_w * g->in_c;
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}
