// SPDX-License-Identifier: Apache-2.0
// iseul_series.h: depthwise convolutions of series, for Cortex-M cores with the DSP extension.
#ifndef ISEUL_SERIES_H
#define ISEUL_SERIES_H

#include "iseul_dsp.h"

typedef struct {
  int32_t batch, length, out_length, channels;
  int32_t n_taps, pad;    // taps; padding before the first value
  int32_t plane, n_words; // bytes of one channel with padding; words of four values of a window
  const int8_t *weights;  // (n_taps, channels)
  const int32_t *bias;    // minus in_zero_point times all weights of the channel
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_series_s8_dsp_t;

void iseul_depthwise_series_s8_dsp(const iseul_series_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);

// Sums of a window and of the next one, from n words of four values at x.
//
// taps  per word: the window's weights (0, 2), its weights (1, 3), and those of the next window,
//       which begins one value later, (-1, 1); its weights of the values 1 and 3 are (0, 2)
static inline void iseul_two_windows(int32_t sums[2], int32_t bias, const int8_t *x,
                                     const uint32_t *taps, int32_t n) {
  int32_t a = bias, b = bias;
  const uint32_t *const end = taps + 3 * n;
#if ISEUL_HAS_WIDE_BLOCKS
  register uint32_t t0 __asm__("r0");
  register uint32_t t1 __asm__("r1");
  register uint32_t t2 __asm__("r2");
  uint32_t even, odd;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[odd], [%[x]], #4\n\t"
      "ldmia %[taps]!, {%[t0], %[t1], %[t2]}\n\t"
      "sxtb16 %[even], %[odd]\n\t"
      "sxtb16 %[odd], %[odd], ror #8\n\t"
      "smlad %[a], %[even], %[t0], %[a]\n\t"
      "smlad %[b], %[even], %[t2], %[b]\n\t"
      "smlad %[a], %[odd], %[t1], %[a]\n\t"
      "smlad %[b], %[odd], %[t0], %[b]\n\t"
      "cmp %[taps], %[end]\n\t"
      "bne 1b\n\t"
      : [a] "+r"(a), [b] "+r"(b), [x] "+r"(x), [taps] "+r"(taps), [t0] "=&r"(t0),
        [t1] "=&r"(t1), [t2] "=&r"(t2), [even] "=&r"(even), [odd] "=&r"(odd)
      : [end] "r"(end)
      : "cc", "memory");
#else
  for (; taps != end; taps += 3) {
    const uint32_t v = iseul_load4(x);
    const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
    a = iseul_dot_pair(odd, taps[1], iseul_dot_pair(even, taps[0], a));
    b = iseul_dot_pair(odd, taps[0], iseul_dot_pair(even, taps[2], b));
    x += 4;
  }
#endif
  sums[0] = a;
  sums[1] = b;
}

#endif
