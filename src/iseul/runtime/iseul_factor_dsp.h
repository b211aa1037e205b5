// SPDX-License-Identifier: Apache-2.0
// iseul_factor_dsp.h: what iseul_factor.h has, for Cortex-M cores with the DSP extension.
#ifndef ISEUL_FACTOR_DSP_H
#define ISEUL_FACTOR_DSP_H

#include "iseul_dsp.h"
#include "iseul_factor.h"

// --- from sums to int8

typedef struct {
  int32_t zero_point, low, high;
} iseul_range_s8_t;

// acc * factor, rounded half to even, + zero_point, clamped. With a floating-point unit the
// conversion saturates, by the rounding mode that every program starts with.
static inline int8_t iseul_scale_s8(int32_t acc, float factor, const iseul_range_s8_t *to) {
  const float y = (float)acc * factor;
#if ISEUL_HAS_DSP && defined(__ARM_FP) && (__ARM_FP & 4)
  int32_t q;
  float whole;
  __asm__("vcvtr.s32.f32 %0, %1" : "=t"(whole) : "t"(y));
  memcpy(&q, &whole, sizeof q);
  __asm__("qadd %0, %0, %1" : "+r"(q) : "r"(to->zero_point));
#else
  const int32_t q = iseul_to_whole(y, -2097152.0f, 2097152.0f) + to->zero_point;
#endif
  return (int8_t)iseul_clamp(q, to->low, to->high);
}

// --- blocks of sums: two channels and three positions

// acc[i] and acc[3 + i]: sums of two channels with strip i. Gives the end of w.
//
// w  both biases; per step of 4: four weights of one channel, four of the other; n > 0 steps
// x  per step: the pairs (0, 2) of all three strips, then the pairs (1, 3)
static inline const int8_t *iseul_sums_2x3(int32_t acc[6], const int8_t *w, int32_t n,
                                           const uint32_t *x) {
  int32_t a0, a1, a2, b0, b1, b2;
  a0 = a1 = a2 = (int32_t)iseul_load4(w);
  b0 = b1 = b2 = (int32_t)iseul_load4(w + 4);
  w += 8;
  const int8_t *const end = w + 8 * n;
#if ISEUL_HAS_WIDE_BLOCKS
  register uint32_t x0 __asm__("r0");
  register uint32_t x1 __asm__("r1");
  register uint32_t x2 __asm__("r2");
  uint32_t t0, t1;
  __asm__ volatile(
      "ldr %[x0], %[end]\n\t"
      "subs %[x0], %[x0], %[w]\n\t"
      "lsls %[x0], %[x0], #28\n\t"
      "bmi 2f\n"
      "1:\n\t" ISEUL_STEP
      "2:\n\t" ISEUL_STEP
      "ldr %[x0], %[end]\n\t"
      "cmp %[w], %[x0]\n\t"
      "bne 1b\n\t"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [b0] "+r"(b0), [b1] "+r"(b1),
        [b2] "+r"(b2), [w] "+r"(w), [x] "+r"(x), [t0] "=&r"(t0), [t1] "=&r"(t1),
        [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2)
      : [end] "m"(end)
      : "cc", "memory");
#else
  for (; w != end; w += 8) {
    const uint32_t a = iseul_load4(w), b = iseul_load4(w + 4);
    const uint32_t a_even = iseul_even_pair(a), a_odd = iseul_odd_pair(a);
    const uint32_t b_even = iseul_even_pair(b), b_odd = iseul_odd_pair(b);
    a0 = iseul_dot_pair(x[3], a_odd, iseul_dot_pair(x[0], a_even, a0));
    a1 = iseul_dot_pair(x[4], a_odd, iseul_dot_pair(x[1], a_even, a1));
    a2 = iseul_dot_pair(x[5], a_odd, iseul_dot_pair(x[2], a_even, a2));
    b0 = iseul_dot_pair(x[3], b_odd, iseul_dot_pair(x[0], b_even, b0));
    b1 = iseul_dot_pair(x[4], b_odd, iseul_dot_pair(x[1], b_even, b1));
    b2 = iseul_dot_pair(x[5], b_odd, iseul_dot_pair(x[2], b_even, b2));
    x += 6;
  }
#endif
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = b0;
  acc[4] = b1;
  acc[5] = b2;
  return w;
}

// --- 3x3 windows over rows of one channel, which lie `pitch` bytes apart

// n outputs for windows side by side, an even number, `step` bytes apart. k->scale is not used.
static inline void iseul_row_by_factor(const iseul_taps_3x3_t *k, float factor,
                                       const iseul_range_s8_t *to, const int8_t *x, int32_t n,
                                       int32_t pitch, int8_t *out, int32_t step) {
  const int8_t *const end = x + n;
  const iseul_range_s8_t range = *to;
  while (x != end) {
    int32_t a = k->bias[0], b = k->bias[1];
#if ISEUL_HAS_WIDE_BLOCKS
    uint32_t e, o;
    __asm__(
        ISEUL_ROW_2("[%[x], %[pitch], lsl #1]", "w2", "m2", "b")
        ISEUL_ROW_2("[%[x], %[pitch]]", "w1", "m01", "t")
        ISEUL_ROW_2("[%[x]], #2", "w0", "m01", "b")
        : [a] "+r"(a), [b] "+r"(b), [e] "=&r"(e), [o] "=&r"(o), [x] "+r"(x)
        : [w0] "r"(k->outer[0]), [w1] "r"(k->outer[1]), [w2] "r"(k->outer[2]),
          [m01] "r"(k->middle01), [m2] "r"(k->middle2), [pitch] "r"(pitch)
        : "memory");
#else
    const uint32_t middle[3] = {k->middle01 & 0xFFFFu, k->middle01 >> 16, k->middle2};
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
      a = iseul_dot_pair(odd, middle[i], iseul_dot_pair(even, k->outer[i], a));
      b = iseul_dot_pair(even, middle[i] << 16, iseul_dot_pair(odd, k->outer[i], b));
    }
    x += 2;
#endif
    out[0] = iseul_scale_s8(a, factor, &range);
    out[step] = iseul_scale_s8(b, factor, &range);
    out += 2 * step;
  }
}

// --- kernels

typedef struct {
  iseul_window_t window;
  int32_t depth;           // products of an output, filled up to a multiple of 4
  const int8_t *channels;  // of two channels at a time: both biases, minus in_zero_point times
                           // all weights; four weights of one, four of the other, ..; both
                           // factors
  int32_t in_zero_point;
  iseul_range_s8_t output;
} iseul_conv_factor_s8_dsp_t;

void iseul_conv2d_factor_s8_dsp(const iseul_conv_factor_s8_dsp_t *p, const int8_t *in,
                                int8_t *out, int32_t *scratch);

typedef struct {
  iseul_window_t window;
  const int8_t *weights;  // (kernel_h, kernel_w, out_c)
  const int32_t *bias;
  const float *factor;  // one per channel
  int32_t in_zero_point;
  iseul_range_s8_t output;
} iseul_depthwise_factor_s8_dsp_t;

void iseul_depthwise_factor_s8_dsp(const iseul_depthwise_factor_s8_dsp_t *p, const int8_t *in,
                                   int8_t *out);

typedef struct {
  iseul_window_t window;
  int32_t pitch, plane;   // bytes of a row of one channel, padding included, and of all its rows
  const int8_t *weights;  // (3, 3, out_c)
  const int32_t *bias;    // minus in_zero_point times all weights of the channel
  const float *factor;    // one per channel
  int32_t in_zero_point;
  iseul_range_s8_t output;
} iseul_planes_factor_s8_dsp_t;

void iseul_planes_factor_s8_dsp(const iseul_planes_factor_s8_dsp_t *p, const int8_t *in,
                                int8_t *out, int32_t *scratch);

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *weights;  // of four outputs at a time: four of each in turns, filled up with zeros
  const int32_t *bias;    // minus in_zero_point times all weights; a multiple of 4
  const float *factor;    // a multiple of 4
  iseul_range_s8_t output;
} iseul_rows_factor_s8_dsp_t;

void iseul_fully_connected_factor_s8_dsp(const iseul_rows_factor_s8_dsp_t *p, const int8_t *in,
                                         int8_t *out);

#endif
