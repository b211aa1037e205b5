// SPDX-License-Identifier: Apache-2.0
// iseul_nibbles.h: int4 weights that are taken out of their nibbles once per call, into scratch,
// for kernels of int8 weights on Cortex-M cores with the DSP extension.
//
// What is taken out is twice the weights: eight bits hold it, and sums that come doubled can be
// scaled by more than 1/4 (`iseul_scale_t`), as those of coarse weights often are.
#ifndef ISEUL_NIBBLES_H
#define ISEUL_NIBBLES_H

#include "iseul_series.h"
#include "iseul_strips.h"

// Halfwords 256 a + b of twice the weights a and b, which are 8 more in v: bits 1 .. 4 of bytes.
static inline uint32_t iseul_both_doubled(uint32_t v) {
  v &= 0x1E1E1E1Eu;
#if ISEUL_HAS_DSP
  __asm__("ssub16 %0, %0, %1" : "+r"(v) : "r"(0x10101010u));
  return v;
#else
  return ((v - 0x1010u) & 0xFFFFu) | (((v >> 16) - 0x1010u) << 16);
#endif
}

// --- depthwise convolutions

// n weights from nibbles, 8 more than they are: of each eight the first four in the lower halves
// of four bytes, the others in the upper ones. Writes 8 at a time and gives their end.
//
// doubled: a constant, 1 for twice the weights
static inline int8_t *iseul_take_bytes(const int8_t *nibbles, int32_t n, int32_t *to,
                                       int doubled) {
  const uint32_t zero = doubled ? 0x10101010u : 0x08080808u, bits = zero + (zero - (zero >> 3));
  for (; n > 0; n -= 8) {
    const uint32_t v = iseul_load4(nibbles);
    // no byte borrows from another with 128 more in each
    const uint32_t low = (((doubled ? v << 1 : v) & bits) | 0x80808080u) - zero;
    const uint32_t high = ((v >> (doubled ? 3 : 4) & bits) | 0x80808080u) - zero;
    to[0] = (int32_t)(low ^ 0x80808080u);
    to[1] = (int32_t)(high ^ 0x80808080u);
    nibbles += 4;
    to += 2;
  }
  return (int8_t *)to;
}

// As the kernels of int8, with weights in nibbles as iseul_take_bytes reads them. Where sums come
// doubled, biases are twice the true ones, and 1 is taken off shifts.
void iseul_depthwise_planes_s4_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);
void iseul_depthwise_turned_s4_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);
void iseul_depthwise_rows_s4_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch);
void iseul_depthwise_conv2d_s4_dsp(const iseul_depthwise_s8_dsp_t *p, const int8_t *in,
                                   int8_t *out, int32_t *scratch);
void iseul_depthwise_series_s4_dsp(const iseul_series_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);

// --- convolutions

typedef struct {
  iseul_window_t window;
  int32_t depth;            // products of an output, filled up to a multiple of 4
  int32_t group;            // channels, an even number, that are taken out at a time
  const int32_t *channels;  // of two channels at a time: what both sums start with, doubled; per
                            // four inputs a word of nibbles, 8 more than the weights: of both
                            // channels for inputs 0, 2 in its even nibbles, the first channel in
                            // bytes 1 and 3, for 1, 3 in the odd ones; both multipliers; -shift
                            // of both, each in a byte
  int32_t in_zero_point;
  int32_t zero_point, low, high;  // of the output
} iseul_conv_s4_dsp_t;

void iseul_conv2d_rectified_s4_dsp(const iseul_conv_s4_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);
void iseul_conv2d_joined_s4_dsp(const iseul_conv_s4_dsp_t *p, const int8_t *in, int8_t *out,
                                int32_t *scratch);

// Some channels, as iseul_blocks_2x3 reads them.
typedef struct {
  const iseul_conv_s4_dsp_t *p;
  const int8_t *w;
  int32_t n;
} iseul_group_t;

// n_pairs of channels with n words of nibbles each. Gives the end of w.
static ISEUL_NOINLINE const int32_t *iseul_take_pairs(const int32_t *w, int32_t n_pairs, int32_t n,
                                                      uint32_t *to) {
  for (; n_pairs > 0; --n_pairs) {
    const int32_t *const scales = w + 2 + n;
    to[0] = (uint32_t)w[0];
    to[1] = (uint32_t)w[1];
    to += 2;
    for (w += 2; w != scales; ++w) {
      const uint32_t v = (uint32_t)*w;
      to[0] = iseul_both_doubled(v << 1);
      to[1] = iseul_both_doubled(v >> 3);
      to += 2;
    }
    to[0] = (uint32_t)w[0];
    to[1] = (uint32_t)w[1];
    to[2] = (uint32_t)w[2];
    to += 3;
    w += 3;
  }
  return w;
}

// All channels of a group of up to three positions; the last one of an odd number, and all where
// there is more to clamp, by way of `few`. Results for positions that are not there are written
// first, where the right ones follow.
//
// rectified  a constant: of iseul_blocks_2x3; then there is nothing to clamp
ISEUL_INLINE void iseul_group_of_channels(const iseul_group_t *g, const uint32_t *strips,
                                          int32_t n, int8_t *out, int rectified) {
  const iseul_conv_s4_dsp_t *const p = g->p;
  const int32_t c = p->window.out_c, low = p->low, high = p->high;
  const int32_t is_saturated = rectified || (low == -128 && high == 127);
  const int32_t odd = rectified ? -255 : 1 + 2 * p->zero_point;
  const int8_t *w = g->w;
  int32_t left = g->n;
  while (left > 0) {
    int8_t few[6];
    const int32_t whole = is_saturated ? left / 2 : 0;
    const int32_t y1 = whole == 0 ? 2 : n > 1 ? c : 0;
    const int32_t y2 = whole == 0 ? 4 : n > 2 ? 2 * c : 0;
    w = iseul_blocks_2x3(w, p->depth / 4, strips, odd, whole == 0 ? 1 : whole,
                         whole == 0 ? few : out, y1, y2, rectified, 1, 1);
    for (int32_t k = 0; whole == 0 && k < 2 * n; ++k) {
      if (k % 2 < left) {
        out[k / 2 * c + k % 2] = (int8_t)iseul_clamp(few[k], low, high);
      }
    }
    out += whole == 0 ? 2 : 2 * whole;
    left -= whole == 0 ? 2 : 2 * whole;
  }
}

// Group after group: all positions of one, then all of the next.
//
// scratch  as of iseul_in_threes, then a group's channels: 5 + depth / 2 words for each two
static inline void iseul_in_groups(const iseul_conv_s4_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch, iseul_positions_t positions) {
  const iseul_strips_t strips = {&p->window, p->depth, p->in_zero_point};
  uint32_t *const taken = (uint32_t *)scratch + p->depth / 4 * 7;
  const int32_t *w = p->channels;
  for (int32_t left = p->window.out_c; left > 0; left -= p->group) {
    const int32_t n = left < p->group ? left : p->group;
    const iseul_group_t group = {p, (const int8_t *)taken, n};
    w = iseul_take_pairs(w, (n + 1) / 2, p->depth / 4, taken);
    iseul_in_threes(&strips, in, out, scratch, positions, &group);
    out += p->group;
  }
}

#endif
