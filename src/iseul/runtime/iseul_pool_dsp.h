// SPDX-License-Identifier: Apache-2.0
// iseul_pool_dsp.h: what iseul_pool.h has, for Cortex-M cores with the DSP extension.
#ifndef ISEUL_POOL_DSP_H
#define ISEUL_POOL_DSP_H

#include "iseul_dsp.h"
#include "iseul_pool.h"

// Two sums of 16 bits each, none of which leaves 16 bits.
static inline uint32_t iseul_add_pairs(uint32_t a, uint32_t b) {
#if ISEUL_HAS_DSP
  uint32_t sum;
  __asm__("sadd16 %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
#else
  return ((a & 0xFFFFu) + (b & 0xFFFFu)) % 0x10000u | ((a >> 16) + (b >> 16)) << 16;
#endif
}

// Of four channels: sums of 0 and 2, sums of 1 and 3.
typedef struct {
  uint32_t even, odd;
} iseul_four_sums_t;

// Sums over a window of up to 256 taps. x: four channels of its first tap
static inline iseul_four_sums_t iseul_four_sums(const iseul_window_t *g, const int8_t *x,
                                                int32_t rows, int32_t columns) {
  const int32_t step = g->in_c, row = (g->in_w - columns) * step;
  iseul_four_sums_t sums = {0, 0};
  for (; rows > 0; --rows) {
    for (int32_t j = columns; j > 0; --j) {
      const uint32_t v = iseul_load4(x);
      sums.even = iseul_add_pairs(sums.even, iseul_even_pair(v));
      sums.odd = iseul_add_pairs(sums.odd, iseul_odd_pair(v));
      x += step;
    }
    x += row;
  }
  return sums;
}

// The larger ones of four pairs of int8.
static inline uint32_t iseul_larger_bytes(uint32_t a, uint32_t b) {
#if ISEUL_HAS_DSP
  uint32_t larger;
  __asm__(
      "ssub8 %0, %1, %2\n\t"
      "sel %0, %1, %2"
      : "=&r"(larger)
      : "r"(a), "r"(b)
      : "cc");
  return larger;
#else
  uint32_t larger = 0;
  for (uint32_t at = 0; at < 32; at += 8) {
    const uint32_t x = a >> at & 255u, y = b >> at & 255u;
    larger |= ((x ^ 128u) > (y ^ 128u) ? x : y) << at;
  }
  return larger;
#endif
}

// Maxima of four channels over a window. x: four channels of its first tap
static inline uint32_t iseul_four_maxima(const iseul_window_t *g, const int8_t *x, int32_t rows,
                                         int32_t columns) {
  const int32_t step = g->in_c, row = (g->in_w - columns) * step;
  uint32_t best = iseul_load4(x);
  for (; rows > 0; --rows) {
    for (int32_t j = columns; j > 0; --j) {
      best = iseul_larger_bytes(best, iseul_load4(x));
      x += step;
    }
    x += row;
  }
  return best;
}

void iseul_max_pool2d_s8_dsp(const iseul_pool_t *p, const int8_t *in, int8_t *out);
void iseul_average_pool2d_s8_dsp(const iseul_average_pool_t *p, const int8_t *in, int8_t *out);

#endif
