// SPDX-License-Identifier: Apache-2.0
// iseul_conv2d_s8_dsp: 2-D convolution with bias, requantization and clamp, by multiplications of
// pairs.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, out_c), three positions after the other: in this order it may
//          run over in
// scratch  3 strips of depth 16-bit values in turns, then depth bytes
// The windows of three positions become strips of pairs; then two output channels at a time are
// multiplied with all three. Taps on padding are in_zero_point, which the bias takes off again.
// shift is -23 .. -2.
// Meaning: graph/ops/conv2d.py. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

// Where the values of one window go: pairs at every sixth word of the strips; through bytes
// where runs of channels are no multiple of four.
typedef struct {
  uint32_t *pairs;
  int8_t *bytes;
  int32_t is_direct;
  uint32_t zero;  // in_zero_point four times
} sink_t;

static inline uint32_t *spread4(uint32_t *pairs, uint32_t v) {
  pairs[0] = iseul_even_pair(v);
  pairs[1] = iseul_odd_pair(v);
  return pairs + 6;
}

// n: a multiple of 4
static ISEUL_NOINLINE uint32_t *spread(uint32_t *pairs, const int8_t *x, int32_t n) {
  for (; n >= 16; n -= 16) {
    pairs = spread4(pairs, iseul_load4(x));
    pairs = spread4(pairs, iseul_load4(x + 4));
    pairs = spread4(pairs, iseul_load4(x + 8));
    pairs = spread4(pairs, iseul_load4(x + 12));
    x += 16;
  }
  for (; n > 0; n -= 4) {
    pairs = spread4(pairs, iseul_load4(x));
    x += 4;
  }
  return pairs;
}

static inline void put_run(sink_t *s, const int8_t *x, int32_t n) {
  if (s->is_direct) {
    s->pairs = spread(s->pairs, x, n);
    return;
  }
  int8_t *bytes = s->bytes;
  for (; n >= 4; n -= 4) {
    memcpy(bytes, x, 4);
    bytes += 4;
    x += 4;
  }
  for (; n > 0; --n) {
    *bytes++ = *x++;
  }
  s->bytes = bytes;
}

static ISEUL_NOINLINE void put_padding(sink_t *s, int32_t n) {
  if (s->is_direct) {
    for (; n > 0; n -= 4) {
      s->pairs = spread4(s->pairs, s->zero);
    }
    return;
  }
  for (; n > 0; --n) {
    *s->bytes++ = (int8_t)(s->zero & 0xFFu);
  }
}

// The window whose first tap is at (row, column), lane 0 .. 2 of the strips.
static ISEUL_NOINLINE void gather(const iseul_conv_s8_dsp_t *p, const int8_t *in, int32_t row, int32_t column,
                   uint32_t *strips, int32_t lane) {
  const iseul_window_t *const g = &p->window;
  const int32_t in_c = g->in_c;
  int8_t *const bytes = (int8_t *)(strips + p->depth / 2 * 3);
  const uint32_t zero = ((uint32_t)p->in_zero_point & 0xFFu) * 0x01010101u;
  sink_t s = {strips + 2 * lane, bytes, in_c % 4 == 0, zero};
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t inside = columns.last - columns.first;
  const int32_t n_runs = g->dilation_w == 1 ? 1 : inside;
  const int32_t run = g->dilation_w == 1 ? inside * in_c : in_c;
  for (int32_t i = 0; i < g->kernel_h; ++i) {
    if (row < 0 || row >= g->in_h || inside == 0) {
      put_padding(&s, g->kernel_w * in_c);
    } else {
      const int8_t *x = in + (row * g->in_w + columns.start) * in_c;
      put_padding(&s, columns.first * in_c);
      for (int32_t j = 0; j < n_runs; ++j) {
        put_run(&s, x, run);
        x += g->dilation_w * in_c;
      }
      put_padding(&s, (g->kernel_w - columns.last) * in_c);
    }
    row += g->dilation_h;
  }
  if (!s.is_direct) {
    put_padding(&s, p->depth - (int32_t)(s.bytes - bytes));
    spread(s.pairs, bytes, p->depth);
  }
}

// The window whose first tap is at x, all of it inside, its columns next to each other.
static void gather_inside(const iseul_conv_s8_dsp_t *p, const int8_t *x, uint32_t *strips,
                          int32_t lane) {
  const iseul_window_t *const g = &p->window;
  const int32_t run = g->kernel_w * g->in_c;
  const int32_t x_row = g->dilation_h * g->in_w * g->in_c;
  uint32_t *pairs = strips + 2 * lane;
  if (run % 4 == 0) {
    for (int32_t i = g->kernel_h; i > 0; --i) {
      pairs = spread(pairs, x, run);
      x += x_row;
    }
    return;
  }
  int8_t *const bytes = (int8_t *)(strips + p->depth / 2 * 3);
  int8_t *to = bytes;
  for (int32_t i = g->kernel_h; i > 0; --i) {
    if (run >= 4) {
      for (int32_t k = 0; k < run - 4; k += 4) {
        memcpy(to + k, x + k, 4);
      }
      memcpy(to + run - 4, x + run - 4, 4);
    } else {
      for (int32_t k = 0; k < run; ++k) {
        to[k] = x[k];
      }
    }
    to += run;
    x += x_row;
  }
  spread(pairs, bytes, p->depth);
}

// All output channels of up to three positions, all pairs of channels at once, or pair by pair
// by way of `few` where there is more to do. Results for positions that are not there are
// written first, where the right ones follow.
static void positions(const iseul_conv_s8_dsp_t *p, const uint32_t *strips, int32_t n,
                      int8_t *out) {
  const int32_t c = p->window.out_c;
  const int32_t low = p->low, high = p->high;
  const int32_t is_saturated = low == -128 && high == 127;
  const int8_t *w = p->channels;
  int32_t left = c;
  while (left > 0) {
    int8_t few[6];
    const int32_t whole = is_saturated ? left / 2 : 0;
    const int32_t y1 = whole == 0 ? 2 : n > 1 ? c : 0;
    const int32_t y2 = whole == 0 ? 4 : n > 2 ? 2 * c : 0;
    w = iseul_blocks_2x3(w, p->depth / 4, strips, 1 + 2 * p->zero_point,
                         whole == 0 ? 1 : whole, whole == 0 ? few : out, y1, y2);
    for (int32_t k = 0; whole == 0 && k < 2 * n; ++k) {
      if (k % 2 < left) {
        out[k / 2 * c + k % 2] = (int8_t)iseul_clamp(few[k], low, high);
      }
    }
    out += whole == 0 ? 2 : 2 * whole;
    left -= whole == 0 ? 2 : 2 * whole;
  }
}

// Whether taps from `start` on all lie inside.
static inline int32_t is_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  return start >= 0 && start + (kernel - 1) * dilation < size;
}

void iseul_conv2d_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch) {
  const iseul_window_t *const g = &p->window;
  uint32_t *const strips = (uint32_t *)scratch;
  const int32_t is_dense = g->dilation_w == 1 || g->kernel_w == 1;
  int32_t lane = 0;
  memset(strips + p->depth / 2 * 3, 0, (size_t)p->depth);
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const int32_t row = y * g->stride_h - g->pad_top;
      const int32_t is_whole = is_dense && is_inside(row, g->kernel_h, g->dilation_h, g->in_h);
      int32_t column = -g->pad_left;
      for (int32_t x = 0; x < g->out_w; ++x) {
        if (is_whole && is_inside(column, g->kernel_w, 1, g->in_w)) {
          gather_inside(p, in + (row * g->in_w + column) * g->in_c, strips, lane);
        } else {
          gather(p, in, row, column, strips, lane);
        }
        column += g->stride_w;
        if (++lane == 3) {
          positions(p, strips, 3, out);
          out += 3 * g->out_c;
          lane = 0;
        }
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
  if (lane > 0) {
    positions(p, strips, lane, out);
  }
}
