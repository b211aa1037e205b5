// SPDX-License-Identifier: Apache-2.0
// iseul_strips.h: windows of three positions as strips of pairs, for convolutions by blocks of two
// channels and three positions.
//
// The order of a strip: of each row of the window as many values as fill words of four; then what
// is left of all rows, and up to three values more, whose weights are 0. Strips lie in turns, pair
// by pair.
#ifndef ISEUL_STRIPS_H
#define ISEUL_STRIPS_H

#include "iseul_dsp.h"

typedef struct {
  const iseul_window_t *window;
  int32_t depth;       // values of a strip: those of a window, filled up to a multiple of 4
  int32_t zero_point;  // of the input; padding is of this value
} iseul_strips_t;

// All output channels of n = 1 .. 3 positions. p: parameters of the kernel.
typedef void (*iseul_positions_t)(const void *p, const uint32_t *strips, int32_t n, int8_t *out);

static inline uint32_t *iseul_spread4(uint32_t *pairs, uint32_t v) {
  pairs[0] = iseul_even_pair(v);
  pairs[3] = iseul_odd_pair(v);
  return pairs + 6;
}

// n: a multiple of 4
static ISEUL_NOINLINE uint32_t *iseul_spread(uint32_t *pairs, const int8_t *x, int32_t n) {
  for (; n >= 16; n -= 16) {
    pairs = iseul_spread4(pairs, iseul_load4(x));
    pairs = iseul_spread4(pairs, iseul_load4(x + 4));
    pairs = iseul_spread4(pairs, iseul_load4(x + 8));
    pairs = iseul_spread4(pairs, iseul_load4(x + 12));
    x += 16;
  }
  for (; n > 0; n -= 4) {
    pairs = iseul_spread4(pairs, iseul_load4(x));
    x += 4;
  }
  return pairs;
}

// Copies n bytes and gives the end of `to`.
static inline int8_t *iseul_copy_bytes(int8_t *to, const int8_t *x, int32_t n) {
  for (; n >= 4; n -= 4) {
    memcpy(to, x, 4);
    to += 4;
    x += 4;
  }
  for (; n > 0; --n) {
    *to++ = *x++;
  }
  return to;
}

// The window whose first tap is at (row, column), part of it on padding, as bytes.
static ISEUL_NOINLINE void iseul_gather_window(const iseul_strips_t *p, const int8_t *in,
                                               int32_t row, int32_t column, int8_t *bytes) {
  const iseul_window_t *const g = p->window;
  const int32_t in_c = g->in_c, w_row = g->kernel_w * in_c;
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  memset(bytes, p->zero_point, (size_t)p->depth);
  for (int32_t i = 0; i < g->kernel_h; ++i) {
    const int8_t *x = in + (row * g->in_w + columns.start) * in_c;
    int8_t *to = bytes + columns.first * in_c;
    for (int32_t j = columns.first; j < columns.last && row >= 0 && row < g->in_h; ++j) {
      to = iseul_copy_bytes(to, x, in_c);
      x += g->dilation_w * in_c;
    }
    bytes += w_row;
    row += g->dilation_h;
  }
}

// The window whose rows begin at x, x + x_row ..; `bytes` may be where they lie.
static ISEUL_NOINLINE void iseul_gather_rows(const iseul_strips_t *p, const int8_t *x,
                                             int32_t x_row, uint32_t *pairs, int8_t *bytes) {
  const iseul_window_t *const g = p->window;
  const int32_t run = g->kernel_w * g->in_c;
  const int32_t whole = run & ~(int32_t)3;
  int8_t *to = bytes;
  int32_t i = g->kernel_h;
  for (; i > 0 && run == 9; --i) {  // three columns of three channels: the usual first layer
    const uint32_t v0 = iseul_load4(x), v1 = iseul_load4(x + 4);
    const int8_t one = x[8];
    pairs = iseul_spread4(iseul_spread4(pairs, v0), v1);
    *to++ = one;
    x += x_row;
  }
  for (; i > 0; --i) {
    const int8_t *const end = x + run;
    const int8_t *one = x + whole;
    x += x_row;
    if (whole > 8) {
      pairs = iseul_spread(pairs, one - whole, whole);
    } else if (whole > 0) {
      pairs = iseul_spread4(pairs, iseul_load4(one - whole));
      if (whole > 4) {
        pairs = iseul_spread4(pairs, iseul_load4(one - 4));
      }
    }
    while (one != end) {
      *to++ = *one++;
    }
  }
  if (to != bytes) {
    iseul_spread(pairs, bytes, ((int32_t)(to - bytes) + 3) & ~(int32_t)3);
  }
}

// Whether taps from `start` on all lie inside.
static inline int32_t iseul_is_inside(int32_t start, int32_t kernel, int32_t dilation,
                                      int32_t size) {
  return start >= 0 && start + (kernel - 1) * dilation < size;
}

// Positions of one tap and no padding, whose channels fill words: nothing to look at but values.
static inline void iseul_points_in_threes(const iseul_strips_t *s, const int8_t *in, int8_t *out,
                                          uint32_t *strips, iseul_positions_t positions,
                                          const void *p) {
  const int32_t c = s->window->in_c, out_c = s->window->out_c;
  for (int32_t left = s->window->batch * s->window->in_h * s->window->in_w; left > 0; left -= 3) {
    const int32_t n = left < 3 ? left : 3;
    for (int32_t lane = 0; lane < n; ++lane) {
      iseul_spread(strips + lane, in, c);
      in += c;
    }
    positions(p, strips, n, out);
    out += 3 * out_c;
  }
}

// All positions in raster order, three at a time.
//
// scratch  3 strips of depth 16-bit values in turns, then depth bytes
static inline void iseul_in_threes(const iseul_strips_t *s, const int8_t *in, int8_t *out,
                                   int32_t *scratch, iseul_positions_t positions,
                                   const void *p) {
  const iseul_window_t *const g = s->window;
  uint32_t *const strips = (uint32_t *)scratch;
  int8_t *const bytes = (int8_t *)(strips + s->depth / 2 * 3);
  const int32_t is_dense = g->dilation_w == 1 || g->kernel_w == 1;
  const int32_t x_row = g->dilation_h * g->in_w * g->in_c;
  int32_t lane = 0;
  memset(bytes, 0, (size_t)s->depth);
  if (s->depth == g->in_c && g->kernel_h * g->kernel_w == 1 && g->stride_h * g->stride_w == 1 &&
      g->out_h == g->in_h && g->out_w == g->in_w && g->pad_top + g->pad_left == 0) {
    iseul_points_in_threes(s, in, out, strips, positions, p);
    return;
  }
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const int32_t row = y * g->stride_h - g->pad_top;
      const int32_t is_whole =
          is_dense && iseul_is_inside(row, g->kernel_h, g->dilation_h, g->in_h);
      int32_t column = -g->pad_left;
      for (int32_t x = 0; x < g->out_w; ++x) {
        const int8_t *const first = in + (row * g->in_w + column) * g->in_c;
        if (is_whole && iseul_is_inside(column, g->kernel_w, 1, g->in_w)) {
          iseul_gather_rows(s, first, x_row, strips + lane, bytes);
        } else {
          iseul_gather_window(s, in, row, column, bytes);
          iseul_gather_rows(s, bytes, g->kernel_w * g->in_c, strips + lane, bytes);
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

// All output channels of up to three positions, all pairs of channels at once, or pair by pair
// by way of `few` where there is more to do. Results for positions that are not there are
// written first, where the right ones follow.
//
// is_joined  a constant: 1 if weights of two channels share 16 bits
ISEUL_INLINE void iseul_pairs_of_channels(const iseul_conv_s8_dsp_t *p, const uint32_t *strips,
                                          int32_t n, int8_t *out, int is_joined) {
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
                         whole == 0 ? 1 : whole, whole == 0 ? few : out, y1, y2, 0, is_joined, 0);
    for (int32_t k = 0; whole == 0 && k < 2 * n; ++k) {
      if (k % 2 < left) {
        out[k / 2 * c + k % 2] = (int8_t)iseul_clamp(few[k], low, high);
      }
    }
    out += whole == 0 ? 2 : 2 * whole;
    left -= whole == 0 ? 2 : 2 * whole;
  }
}

#endif
