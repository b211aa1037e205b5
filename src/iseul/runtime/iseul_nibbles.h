// SPDX-License-Identifier: Apache-2.0
// iseul_nibbles.h: int4 weights that are taken out of their nibbles once per call, into scratch,
// for kernels of int8 weights on Cortex-M cores with the DSP extension.
//
// What is taken out is twice the weights: eight bits hold it, and sums that come doubled can be
// scaled by more than 1/4 (`iseul_scale_t`), as those of coarse weights often are.
#ifndef ISEUL_NIBBLES_H
#define ISEUL_NIBBLES_H

#include "iseul_blocks_dsp.h"
#include "iseul_series.h"
#include "iseul_strips.h"

// What n words of nibbles hold, at any address, as two words each: first the lower nibbles of all
// bytes, then the upper ones. Nibbles are 8 more than what they stand for. Gives the end of `to`.
//
// doubled, halves: constants. doubled: 1 for twice the values; halves: 0 for signed bytes, 1 for
//                  halfwords 256 a + b of signed a and b
ISEUL_INLINE int32_t *iseul_take_words(const int8_t *w, int32_t n, int32_t *to, int doubled,
                                       int halves) {
  const uint32_t zero = (doubled ? 0x10101010u : 0x08080808u), bits = zero + (zero - (zero >> 3));
#if ISEUL_HAS_WIDE_BLOCKS  // for its constants
#define ISEUL_TAKE_WORD(v)                          \
  "and %[a], %[bits], " v ", lsl %[left]\n\t"        \
  "and %[b], %[bits], " v ", lsr %[right]\n\t"       \
  ".if %c[halves]\n\t"                              \
  "ssub16 %[a], %[a], %[zero]\n\t"                  \
  "ssub16 %[b], %[b], %[zero]\n\t"                  \
  ".else\n\t"                                       \
  "ssub8 %[a], %[a], %[zero]\n\t"                   \
  "ssub8 %[b], %[b], %[zero]\n\t"                   \
  ".endif\n\t"                                      \
  "strd %[a], %[b], [%[to]], #8\n\t"
  if (n > 0) {
    uint32_t v, u, a, b;
    // two words to a round; an odd number begins in the middle of one
    __asm__ volatile(
        "ldr %[u], [%[w]], #4\n\t"
        "tst %[n], #1\n\t"
        "bne 2f\n\t"
        "mov %[v], %[u]\n\t"
        "b 3f\n\t"
        "1:\n\t"
        "ldr %[v], [%[w]], #4\n\t"
        "3:\n\t"
        ISEUL_TAKE_WORD("%[v]")
        "ldr %[u], [%[w]], #4\n\t"
        "2:\n\t"
        ISEUL_TAKE_WORD("%[u]")
        "cmp %[w], %[end]\n\t"
        "bne 1b\n\t"
        : [w] "+r"(w), [to] "+r"(to), [v] "=&r"(v), [u] "=&r"(u), [a] "=&r"(a), [b] "=&r"(b)
        : [n] "r"(n), [end] "r"(w + 4 * n), [bits] "r"(bits), [zero] "r"(zero),
          [left] "i"(doubled), [right] "i"(4 - doubled), [halves] "i"(halves)
        : "cc", "memory");
  }
#undef ISEUL_TAKE_WORD
#else
  for (; n > 0; --n) {
    const uint32_t v = iseul_load4(w);
    const uint32_t low = v << doubled & bits, high = v >> (4 - doubled) & bits;
    const uint32_t pair[2] = {low, high};
    for (int32_t i = 0; i < 2; ++i) {
      const uint32_t bytes = ((pair[i] | 0x80808080u) - zero) ^ 0x80808080u;  // none borrows
      const uint32_t words = ((pair[i] - zero) & 0xFFFFu) | ((pair[i] >> 16) - (zero >> 16)) << 16;
      to[i] = (int32_t)(halves ? words : bytes);
    }
    w += 4;
    to += 2;
  }
#endif
  return to;
}

// --- depthwise convolutions

// n weights of 8 bits, filled up to a multiple of 8: of each eight the first four lie in the lower
// halves of four bytes, the others in the upper ones. Gives their end.
ISEUL_INLINE int8_t *iseul_take_bytes(const int8_t *nibbles, int32_t n, int32_t *to, int doubled) {
  return (int8_t *)iseul_take_words(nibbles, (n + 7) / 8, to, doubled, 0);
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

// Its blocks have one word per two taps: the two words of int8 as iseul_take_bytes reads them.
void iseul_depthwise_position_s4_dsp(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *in,
                                     int8_t *out, int32_t *scratch);

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
                                                      int32_t *to) {
  for (; n_pairs > 0; --n_pairs) {
    to[0] = w[0];
    to[1] = w[1];
    to = iseul_take_words((const int8_t *)(w + 2), n, to + 2, 1, 1);
    w += 2 + n;
    to[0] = w[0];
    to[1] = w[1];
    to[2] = w[2];
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
  int32_t *const taken = scratch + p->depth / 4 * 7;
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
