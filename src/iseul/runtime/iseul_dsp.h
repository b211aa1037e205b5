// SPDX-License-Identifier: Apache-2.0
// iseul_dsp.h: int8 kernels for Cortex-M cores with the DSP extension (ARMv7E-M, ARMv8-M).
//
// Parameters, then functions; each function stands in the file of its name. Kernels multiply
// pairs of 16 bits: four bytes (b0 b1 b2 b3) become the pairs (b0, b2) and (b1, b3), weights and
// activations alike, so that their order does not matter. Other compilers and cores get the same
// integers from plain C.
#ifndef ISEUL_DSP_H
#define ISEUL_DSP_H

#include <string.h>

#include "iseul_weighted.h"

#if defined(__GNUC__) && defined(__thumb2__) && defined(__ARM_FEATURE_DSP)
#define ISEUL_HAS_DSP 1
#else
#define ISEUL_HAS_DSP 0
#endif

// Blocks that take all 14 registers; clang keeps some for itself, and so does gcc without -O.
#if ISEUL_HAS_DSP && defined(__OPTIMIZE__) && !defined(__clang__)
#define ISEUL_HAS_WIDE_BLOCKS 1
#ifdef __OPTIMIZE_SIZE__
#pragma GCC optimize("O2")  // with -Os they do not fit
#endif
#else
#define ISEUL_HAS_WIDE_BLOCKS 0
#endif

// --- pairs

// Four bytes from any address.
static inline uint32_t iseul_load4(const int8_t *x) {
  uint32_t v;
  memcpy(&v, x, sizeof v);
  return v;
}

#if ISEUL_HAS_DSP

static inline uint32_t iseul_even_pair(uint32_t v) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(v));
  return pair;
}

static inline uint32_t iseul_odd_pair(uint32_t v) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(v));
  return pair;
}

// acc + x.low * w.low + x.high * w.high, modulo 2^32
static inline int32_t iseul_dot_pair(uint32_t x, uint32_t w, int32_t acc) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(x), "r"(w));
  return acc;
}

// Nearest of -128 .. 127.
static inline int32_t iseul_to_int8(int32_t x) {
  __asm__("ssat %0, #8, %0" : "+r"(x));
  return x;
}

// Upper word of (upper : 2^30) + x * multiplier.
static inline int32_t iseul_upper_of(int32_t upper, int32_t x, int32_t multiplier) {
  uint32_t lower = 0x40000000u;
  __asm__("smlal %0, %1, %2, %3" : "+r"(lower), "+r"(upper) : "r"(x), "r"(multiplier));
  return upper;
}

// The same minus 2^31 for x < 0, which is taken from 2^30 first.
static inline int32_t iseul_upper_away(int32_t upper, int32_t x, int32_t multiplier) {
  uint32_t low;
  int32_t high;
  __asm__(
      "ands %[low], %[x], #0x80000000\n\t"
      "rsbs %[low], %[low], #0x40000000\n\t"
      "sbc %[high], %[upper], #0\n\t"
      "smlal %[low], %[high], %[x], %[q]"
      : [low] "=&r"(low), [high] "=&r"(high)
      : [x] "r"(x), [upper] "r"(upper), [q] "r"(multiplier)
      : "cc");
  return high;
}

#else

static inline uint32_t iseul_even_pair(uint32_t v) {
  const uint32_t low = (((v & 0xFFu) ^ 0x80u) - 0x80u) & 0xFFFFu;
  const uint32_t high = (((v >> 16 & 0xFFu) ^ 0x80u) - 0x80u) << 16;
  return high | low;
}

static inline uint32_t iseul_odd_pair(uint32_t v) { return iseul_even_pair((v >> 8) | (v << 24)); }

static inline int32_t iseul_dot_pair(uint32_t x, uint32_t w, int32_t acc) {
  const int32_t low = (int16_t)(x & 0xFFFFu) * (int16_t)(w & 0xFFFFu);
  const int32_t high = (int16_t)(x >> 16) * (int16_t)(w >> 16);
  return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

static inline int32_t iseul_to_int8(int32_t x) { return iseul_clamp(x, -128, 127); }

static inline int32_t iseul_upper_of(int32_t upper, int32_t x, int32_t multiplier) {
  return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << 30)) >> 32) + upper;
}

static inline int32_t iseul_upper_away(int32_t upper, int32_t x, int32_t multiplier) {
  const int64_t nudge = ((int64_t)1 << 30) - (int64_t)((uint32_t)x & 0x80000000u);
  return (int32_t)(((int64_t)x * multiplier + nudge) >> 32) + upper;
}

#endif

// As `iseul_upper_of` for sums that come doubled: 2^31 for 2^30.
static inline int32_t iseul_upper_doubled(int32_t upper, int32_t x, int32_t multiplier) {
#if ISEUL_HAS_DSP
  int32_t high;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(x), "r"(multiplier), "r"(upper));
  return high;
#else
  return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << 31)) >> 32) + upper;
#endif
}

// Two numbers of 16 bits as a pair.
static inline uint32_t iseul_pair_of(int32_t low, int32_t high) {
  return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
}

// --- from sums to int8

// How the sums of one channel become int8. `iseul_requantize` for n = -shift = 2 .. 23 with the
// zero point z inside of the shift:
//   floor((x q + 2^30 + 2^(30+n) - [x < 0] 2^31 + z 2^(31+n)) / 2^(31+n))
// and 2^(30+n) + z 2^(31+n) = ((1 + 2 z) 2^(n-2)) 2^32.
// Where weights have bits to spare, sums come doubled, with n + 1 for n: the same with 2^31 for
// 2^30 and 2^32 for 2^31, which holds from n = 1 on, and from n = 0 without [x < 0].
typedef struct {
  int32_t multiplier, upper, shift;
} iseul_scale_t;

static inline iseul_scale_t iseul_scale_of(const iseul_output_s8_t *o, int32_t channel) {
  const int32_t i = channel * o->step;
  const int32_t shift = -1 - o->shift[i];
  const int32_t upper = (int32_t)((uint32_t)(1 + 2 * o->zero_point) << (shift - 1));
  const iseul_scale_t scale = {o->multiplier[i], upper, shift};
  return scale;
}

static inline int32_t iseul_is_saturated(const iseul_output_s8_t *o) {
  return o->low == -128 && o->high == 127;
}

// For outputs with zero point and lower clamp -128 and upper clamp 127: negative results become
// -128 anyway, so that [x < 0] makes no difference.
static inline int8_t iseul_finish_rectified(iseul_scale_t s, int32_t acc) {
  return (int8_t)iseul_to_int8(iseul_upper_of(s.upper, acc, s.multiplier) >> s.shift);
}

// For outputs that are clamped to -128 .. 127 only.
static inline int8_t iseul_finish_saturated(iseul_scale_t s, int32_t acc) {
  return (int8_t)iseul_to_int8(iseul_upper_away(s.upper, acc, s.multiplier) >> s.shift);
}

static inline int8_t iseul_finish_clamped(iseul_scale_t s, int32_t acc, int32_t low,
                                          int32_t high) {
  const int32_t q = iseul_upper_away(s.upper, acc, s.multiplier) >> s.shift;
  return (int8_t)iseul_clamp(q, low, high);
}

// --- blocks of sums: two channels and three positions

#if ISEUL_HAS_WIDE_BLOCKS
// Pieces of the blocks. Six sums, three pairs of x, two words of weights and two pointers are in
// registers; x0 .. x2 are in the order in which they are loaded.
#define ISEUL_SIX                           \
  "ldmia %[x]!, {%[x0], %[x1], %[x2]}\n\t"  \
  "smlad %[a0], %[x0], %[t0], %[a0]\n\t"    \
  "smlad %[a1], %[x1], %[t0], %[a1]\n\t"    \
  "smlad %[a2], %[x2], %[t0], %[a2]\n\t"    \
  "smlad %[b0], %[x0], %[t1], %[b0]\n\t"    \
  "smlad %[b1], %[x1], %[t1], %[b1]\n\t"    \
  "smlad %[b2], %[x2], %[t1], %[b2]\n\t"
// Four weights of one channel, four of the other.
#define ISEUL_STEP                          \
  "ldrd %[t0], %[t1], [%[w]]\n\t"           \
  "sxtb16 %[t0], %[t0]\n\t"                 \
  "sxtb16 %[t1], %[t1]\n\t" ISEUL_SIX       \
  "ldrd %[t0], %[t1], [%[w]], #8\n\t"       \
  "sxtb16 %[t0], %[t0], ror #8\n\t"         \
  "sxtb16 %[t1], %[t1], ror #8\n\t" ISEUL_SIX
// Joined weights (compile/prove.py): 256 times those of one channel plus those of the other.
#define ISEUL_JOINED_SIX(t)                         \
  "ldmia %[x]!, {%[x0], %[x1], %[x2]}\n\t"          \
  "smlad %[a0], %[x0], %[" t "], %[a0]\n\t"         \
  "smlad %[a1], %[x1], %[" t "], %[a1]\n\t"         \
  "smlad %[a2], %[x2], %[" t "], %[a2]\n\t"         \
  "sxtb16 %[" t "], %[" t "]\n\t"                   \
  "smlad %[b0], %[x0], %[" t "], %[b0]\n\t"         \
  "smlad %[b1], %[x1], %[" t "], %[b1]\n\t"         \
  "smlad %[b2], %[x2], %[" t "], %[b2]\n\t"
#define ISEUL_STEP_2X3                                \
  ".if %c[joined]\n\t"                                \
  "ldrd %[t0], %[t1], [%[w]], #8\n\t"                 \
  ISEUL_JOINED_SIX("t0") ISEUL_JOINED_SIX("t1")       \
  ".else\n\t" ISEUL_STEP ".endif\n\t"
#define ISEUL_PART(a, b)               \
  "sub %[" a "], %[" a "], %[" b "]\n\t" \
  "asr %[" a "], %[" a "], #8\n\t"
// The sign's 2^31 is taken from 2^30 before the product is added, if it matters; of doubled sums it
// is a carry, and 2^31 for 2^30 is what a multiplication adds that rounds. u: shift, x2: upper.
#define ISEUL_FINISH(a, q)                                   \
  ".if %c[doubled]\n\t"                                      \
  ".if %c[rectified]\n\t"                                    \
  "smmlar %[x1], %[" a "], %[" q "], %[x2]\n\t"              \
  ".else\n\t"                                                \
  "add %[x1], %[x2], %[" a "], asr #31\n\t"                  \
  "smmlar %[x1], %[" a "], %[" q "], %[x1]\n\t"              \
  ".endif\n\t"                                               \
  ".else\n\t"                                                \
  ".if %c[rectified]\n\t"                                    \
  "mov %[x0], #0x40000000\n\t"                               \
  "mov %[x1], %[x2]\n\t"                                     \
  ".else\n\t"                                                \
  "ands %[x0], %[" a "], #0x80000000\n\t"                    \
  "rsbs %[x0], %[x0], #0x40000000\n\t"                       \
  "sbc %[x1], %[x2], #0\n\t"                                 \
  ".endif\n\t"                                               \
  "smlal %[x0], %[x1], %[" a "], %[" q "]\n\t"               \
  ".endif\n\t"                                               \
  "asr %[x1], %[x1], %[u]\n\t"                               \
  "ssat %[" a "], #8, %[x1]\n\t"
#define ISEUL_FINISH_ALL                                                      \
  "ldr %[u], [%[w], #8]\n\t"                                                  \
  "ldrd %[t0], %[t1], [%[w]], #12\n\t"                                        \
  "ldr %[x], %[odd]\n\t"                                                      \
  "lsl %[x2], %[x], %[u]\n\t"                                                 \
  "asr %[x2], %[x2], #1\n\t"                                                  \
  ISEUL_FINISH("a0", "t0") ISEUL_FINISH("a1", "t0") ISEUL_FINISH("a2", "t0")  \
  "lsr %[u], %[u], #8\n\t"                                                    \
  "lsl %[x2], %[x], %[u]\n\t"                                                 \
  "asr %[x2], %[x2], #1\n\t"                                                  \
  ISEUL_FINISH("b0", "t1") ISEUL_FINISH("b1", "t1") ISEUL_FINISH("b2", "t1")
#endif

// Three positions of n_pairs > 0 pairs of channels, to int8, not yet clamped further. Gives the
// end of w.
//
// w       per pair: what both sums start with; per step of 4: four weights of one channel, four
//         of the other; both multipliers; -1 - shift of both, each in a byte, and two bytes more.
//         Joined: sums start with 256 a + b, b; per step four joined weights: 0, 2, 1, 3
// n       steps, at least one
// x       per step: the pairs (0, 2) of all three strips, then the pairs (1, 3)
// odd     1 + 2 zero_point
// out     the first position; y1 and y2 behind it the others, which are written before it
// rectified  a constant: 1 if zero_point is -128, so that the sign of sums makes no difference
// joined     a constant: 1 if weights of the pair are joined
// doubled    a constant: 1 if weights, and what sums start with, are twice the true ones
ISEUL_INLINE const int8_t *iseul_blocks_2x3(const int8_t *w, int32_t n, const uint32_t *x,
                                             int32_t odd, int32_t n_pairs, int8_t *out,
                                             int32_t y1, int32_t y2, int rectified, int joined,
                                             int doubled) {
#if ISEUL_HAS_WIDE_BLOCKS
  const int32_t n_bytes = 8 * n, y[2] = {y1, y2};
  const int8_t *const last = w + n_pairs * (n_bytes + 20);
  register uint32_t x0 __asm__("r0");
  register uint32_t x1 __asm__("r1");
  register uint32_t x2 __asm__("r2");
  uint32_t a0, a1, a2, b0, b1, b2, t0, t1, u, tx;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[t0], %[bytes]\n\t"
      "ldr %[x], %[strips]\n\t"
      "ldrd %[a0], %[b0], [%[w]], #8\n\t"
      "add %[u], %[w], %[t0]\n\t"
      "lsls %[t0], %[t0], #28\n\t"  // negative: steps are odd; carry: two are over
      "mov %[a1], %[a0]\n\t"
      "mov %[a2], %[a0]\n\t"
      "mov %[b1], %[b0]\n\t"
      "mov %[b2], %[b0]\n\t"
      "bcs 6f\n\t"
      "bpl 2f\n\t"
      "b 5f\n"
      "6:\n\t"
      "bmi 3f\n\t"
      "b 4f\n"
      "2:\n\t" ISEUL_STEP_2X3
      "3:\n\t" ISEUL_STEP_2X3
      "4:\n\t" ISEUL_STEP_2X3
      "5:\n\t" ISEUL_STEP_2X3
      "cmp %[w], %[u]\n\t"
      "bne 2b\n\t"
      ".if %c[joined]\n\t"
      ISEUL_PART("a0", "b0") ISEUL_PART("a1", "b1") ISEUL_PART("a2", "b2")
      ".endif\n\t" ISEUL_FINISH_ALL
      "ldr %[x], %[out]\n\t"
      "ldrd %[t0], %[t1], %[y]\n\t"
      "strb %[a1], [%[x], %[t0]]\n\t"
      "strb %[a2], [%[x], %[t1]]\n\t"
      "strb %[a0], [%[x]], #1\n\t"
      "strb %[b1], [%[x], %[t0]]\n\t"
      "strb %[b2], [%[x], %[t1]]\n\t"
      "strb %[b0], [%[x]], #1\n\t"
      "ldr %[t0], %[last]\n\t"
      "str %[x], %[out]\n\t"
      "cmp %[w], %[t0]\n\t"
      "bne 1b\n\t"
      : [a0] "=&r"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2), [b0] "=&r"(b0), [b1] "=&r"(b1),
        [b2] "=&r"(b2), [w] "+r"(w), [x] "=&r"(tx), [t0] "=&r"(t0), [t1] "=&r"(t1),
        [u] "=&r"(u), [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2), [out] "+m"(out)
      : [bytes] "m"(n_bytes), [strips] "m"(x), [odd] "m"(odd), [y] "m"(y), [last] "m"(last),
        [rectified] "i"(rectified), [joined] "i"(joined), [doubled] "i"(doubled)
      : "cc", "memory");
  return w;
#else
  const int32_t y[3] = {0, y1, y2};
  for (; n_pairs > 0; --n_pairs) {
    const int8_t *const scales = w + 8 + 8 * n;
    for (int32_t k = 5; k >= 0; --k) {
      const int32_t c = k % 2;
      int32_t acc = (int32_t)iseul_load4(w + 4 * c), other = (int32_t)iseul_load4(w + 4);
      for (int32_t i = 0; i < n; ++i) {
        const uint32_t *const pair = x + 6 * i + k / 2;
        const uint32_t v0 = iseul_load4(w + 8 + 8 * i), v1 = iseul_load4(w + 12 + 8 * i);
        if (joined) {
          other = iseul_dot_pair(pair[0], iseul_even_pair(v0), other);
          other = iseul_dot_pair(pair[3], iseul_even_pair(v1), other);
          acc = iseul_dot_pair(pair[3], v1, iseul_dot_pair(pair[0], v0, acc));
        } else {
          acc = iseul_dot_pair(pair[0], iseul_even_pair(c == 0 ? v0 : v1), acc);
          acc = iseul_dot_pair(pair[3], iseul_odd_pair(c == 0 ? v0 : v1), acc);
        }
      }
      if (joined) {
        acc = c == 0 ? (int32_t)((uint32_t)acc - (uint32_t)other) >> 8 : other;
      }
      const int32_t multiplier = (int32_t)iseul_load4(scales + 4 * c);
      const int32_t shift = scales[8 + c];
      const int32_t upper = (int32_t)((uint32_t)odd << shift) >> 1;
      const int32_t below = rectified || acc >= 0 ? 0 : 1;
      const int32_t high = doubled ? iseul_upper_doubled(upper - below, acc, multiplier)
                           : rectified ? iseul_upper_of(upper, acc, multiplier)
                                       : iseul_upper_away(upper, acc, multiplier);
      const int32_t q = iseul_to_int8(high >> shift);
      out[y[k / 2] + c] = (int8_t)q;
    }
    w = scales + 12;
    out += 2;
  }
  return w;
#endif
}

// --- blocks of sums: four channels and one position

// acc[i] += w_i . x for four rows of weights. Gives the end of w.
//
// w  per step of 4: four weights of each row; n > 0 steps
static inline const int8_t *iseul_dot_4x1(int32_t acc[4], const int8_t *w, int32_t n,
                                          const int8_t *x) {
  const int8_t *const end = w + 16 * n;
#if ISEUL_HAS_DSP
#define ISEUL_ROW(a, t)                        \
  "sxtb16 %[u], %[" t "]\n\t"                  \
  "sxtb16 %[" t "], %[" t "], ror #8\n\t"      \
  "smlad %[" a "], %[x0], %[u], %[" a "]\n\t"  \
  "smlad %[" a "], %[x1], %[" t "], %[" a "]\n\t"
#define ISEUL_STEP_4X1                    \
  "ldr %[x1], [%[x]], #4\n\t"         \
  "sxtb16 %[x0], %[x1]\n\t"           \
  "sxtb16 %[x1], %[x1], ror #8\n\t"   \
  "ldrd %[t0], %[t1], [%[w]], #8\n\t" \
  ISEUL_ROW("a0", "t0") ISEUL_ROW("a1", "t1") \
  "ldrd %[t0], %[t1], [%[w]], #8\n\t" \
  ISEUL_ROW("a2", "t0") ISEUL_ROW("a3", "t1")
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  uint32_t t0, t1, u, x0, x1;
  __asm__ volatile(
      "sub %[u], %[end], %[w]\n\t"
      "lsls %[u], %[u], #27\n\t"
      "bmi 2f\n"
      "1:\n\t" ISEUL_STEP_4X1
      "2:\n\t" ISEUL_STEP_4X1
      "cmp %[w], %[end]\n\t"
      "bne 1b\n\t"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x),
        [t0] "=&r"(t0), [t1] "=&r"(t1), [u] "=&r"(u), [x0] "=&r"(x0), [x1] "=&r"(x1)
      : [end] "r"(end)
      : "cc", "memory");
#undef ISEUL_STEP_4X1
#undef ISEUL_ROW
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = a3;
#else
  for (; w != end; w += 16) {
    for (int32_t k = 0; k < 16; ++k) {
      acc[k / 4] += x[k % 4] * w[k];
    }
    x += 4;
  }
#endif
  return w;
}

// Up to three values, filled up with zeros.
static inline uint32_t iseul_load_few(const int8_t *x, int32_t n) {
  uint32_t v = 0;
  while (n > 0) {
    --n;
    v = v << 8 | (uint8_t)x[n];
  }
  return v;
}

// `iseul_dot_4x1` over n > 0 values, any number of them.
static inline const int8_t *iseul_sums_4x1(int32_t acc[4], const int8_t *x, int32_t n,
                                           const int8_t *w) {
  const int32_t left = n % 4;
  if (n >= 4) {
    w = iseul_dot_4x1(acc, w, n / 4, x);
  }
  if (left > 0) {
    const uint32_t v = iseul_load_few(x + n - left, left);
    const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
    const uint32_t w0 = iseul_load4(w), w1 = iseul_load4(w + 4);
    const uint32_t w2 = iseul_load4(w + 8), w3 = iseul_load4(w + 12);
    acc[0] = iseul_dot_pair(odd, iseul_odd_pair(w0), acc[0]);
    acc[1] = iseul_dot_pair(odd, iseul_odd_pair(w1), acc[1]);
    acc[2] = iseul_dot_pair(odd, iseul_odd_pair(w2), acc[2]);
    acc[3] = iseul_dot_pair(odd, iseul_odd_pair(w3), acc[3]);
    acc[0] = iseul_dot_pair(even, iseul_even_pair(w0), acc[0]);
    acc[1] = iseul_dot_pair(even, iseul_even_pair(w1), acc[1]);
    acc[2] = iseul_dot_pair(even, iseul_even_pair(w2), acc[2]);
    acc[3] = iseul_dot_pair(even, iseul_even_pair(w3), acc[3]);
    w += 16;
  }
  return w;
}

// --- convolutions

typedef struct {
  iseul_window_t window;
  int32_t depth;           // products of an output, filled up to a multiple of 4
  const int8_t *channels;  // of two channels at a time: both biases, minus in_zero_point times
                           // all weights; four weights of one, four of the other, ..; both
                           // multipliers; -1 - shift of both and two more bytes
  int32_t in_zero_point;
  int32_t zero_point, low, high;  // of the output
} iseul_conv_s8_dsp_t;

void iseul_conv2d_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch);
// Weights of two channels are joined, as iseul_blocks_2x3 says.
void iseul_conv2d_joined_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                int32_t *scratch);
void iseul_conv2d_rectified_s8_dsp(const iseul_conv_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);

// acc[c] += sum over n > 0 taps of (x[c] - z) * w[c], c = 0 .. 3.
//
// minus     the pair (-z, -z)
// x_step    from tap to tap in x; w_step in w
#ifdef __ARM_FEATURE_MVE
static ISEUL_NOINLINE  // below -O2 it does not fit into its callers there
#else
static inline
#endif
    void
    iseul_taps4(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t x_step, int32_t w_step,
                int32_t n, uint32_t minus) {
#if ISEUL_HAS_WIDE_BLOCKS
  const int8_t *const end = w + n * w_step;
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  uint32_t x0, x1, w0, w1;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[x1], [%[x]]\n\t"
      "ldr %[w1], [%[w]]\n\t"
      "add %[x], %[x], %[xs]\n\t"
      "add %[w], %[w], %[ws]\n\t"
      "sxtab16 %[x0], %[m], %[x1]\n\t"
      "sxtab16 %[x1], %[m], %[x1], ror #8\n\t"
      "sxtb16 %[w0], %[w1]\n\t"
      "sxtb16 %[w1], %[w1], ror #8\n\t"
      "smlabb %[a0], %[x0], %[w0], %[a0]\n\t"
      "smlabb %[a1], %[x1], %[w1], %[a1]\n\t"
      "smlatt %[a2], %[x0], %[w0], %[a2]\n\t"
      "smlatt %[a3], %[x1], %[w1], %[a3]\n\t"
      "ldr %[x0], %[end]\n\t"
      "cmp %[w], %[x0]\n\t"
      "bne 1b\n\t"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [x] "+r"(x), [w] "+r"(w),
        [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1)
      : [xs] "r"(x_step), [ws] "r"(w_step), [m] "r"(minus), [end] "m"(end)
      : "cc", "memory");
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = a3;
#else
  const int32_t offset = (int16_t)(minus >> 16);
  for (; n > 0; --n) {
    for (int32_t c = 0; c < 4; ++c) {
      acc[c] += (x[c] + offset) * w[c];
    }
    x += x_step;
    w += w_step;
  }
#endif
}

// --- 3x3 windows over rows of one channel, which lie `pitch` bytes apart

// What all outputs of one channel share.
typedef struct {
  uint32_t outer[3], middle01, middle2;  // weights: left and right of each row; the others
  int32_t bias[2];                       // twice the same
  iseul_scale_t scale;
} iseul_taps_3x3_t;

// w: the channel's first weight, `step` bytes apart
static inline iseul_taps_3x3_t iseul_taps_3x3(const int8_t *w, int32_t step, int32_t bias,
                                              iseul_scale_t scale) {
  const iseul_taps_3x3_t taps = {
      {iseul_pair_of(w[0], w[2 * step]), iseul_pair_of(w[3 * step], w[5 * step]),
       iseul_pair_of(w[6 * step], w[8 * step])},
      iseul_pair_of(w[step], w[4 * step]),
      iseul_pair_of(w[7 * step], 0),
      {bias, bias},
      scale};
  return taps;
}

#if ISEUL_HAS_WIDE_BLOCKS
// Three rows of three taps for outputs a and b, of the four bytes at `address`: the pairs
// e = (0, 2) and o = (1, 3); w: outer weights, m: middle weight in half h.
#define ISEUL_ROW_2(address, w, m, h)         \
  "ldr %[o], " address "\n\t"                 \
  "sxtb16 %[e], %[o]\n\t"                     \
  "sxtb16 %[o], %[o], ror #8\n\t"             \
  "smlad %[a], %[e], %[" w "], %[a]\n\t"      \
  "smlad %[b], %[o], %[" w "], %[b]\n\t"      \
  "smlab" h " %[a], %[o], %[" m "], %[a]\n\t" \
  "smlat" h " %[b], %[e], %[" m "], %[b]\n\t"
#endif

// n outputs for windows side by side, an even number, `step` bytes apart.
static inline void iseul_row_stride_1(const iseul_taps_3x3_t *k, const int8_t *x, int32_t n,
                                      int32_t pitch, int8_t *out, int32_t step) {
  const int8_t *const end = x + n;
#if ISEUL_HAS_WIDE_BLOCKS
  int32_t a, b;
  uint32_t e, o, t;
  __asm__ volatile(
      "1:\n\t"
      "ldrd %[a], %[b], %[bias]\n\t"
      ISEUL_ROW_2("[%[x], %[pitch], lsl #1]", "w2", "m2", "b")
      ISEUL_ROW_2("[%[x], %[pitch]]", "w1", "m01", "t")
      ISEUL_ROW_2("[%[x]], #2", "w0", "m01", "b")
      "ldrd %[e], %[o], %[scale]\n\t"
      "mov %[t], #0x40000000\n\t"
      "smlal %[t], %[o], %[a], %[e]\n\t"
      "ldr %[a], %[shift]\n\t"
      "asr %[o], %[o], %[a]\n\t"
      "ssat %[o], #8, %[o]\n\t"
      "strb %[o], [%[out]]\n\t"
      "ldr %[o], %[upper]\n\t"
      "mov %[t], #0x40000000\n\t"
      "smlal %[t], %[o], %[b], %[e]\n\t"
      "ldr %[b], %[step]\n\t"
      "asr %[o], %[o], %[a]\n\t"
      "ssat %[o], #8, %[o]\n\t"
      "strb %[o], [%[out], %[b]]\n\t"
      "add %[out], %[out], %[b], lsl #1\n\t"
      "ldr %[t], %[end]\n\t"
      "cmp %[x], %[t]\n\t"
      "bne 1b\n\t"
      : [a] "=&r"(a), [b] "=&r"(b), [e] "=&r"(e), [o] "=&r"(o), [t] "=&r"(t), [x] "+r"(x),
        [out] "+r"(out)
      : [w0] "r"(k->outer[0]), [w1] "r"(k->outer[1]), [w2] "r"(k->outer[2]),
        [m01] "r"(k->middle01), [m2] "r"(k->middle2), [pitch] "r"(pitch), [step] "m"(step),
        [bias] "m"(k->bias), [scale] "m"(k->scale), [upper] "m"(k->scale.upper),
        [shift] "m"(k->scale.shift), [end] "m"(end)
      : "cc", "memory");
#else
  for (; x != end; x += 2) {
    const uint32_t middle[3] = {k->middle01 & 0xFFFFu, k->middle01 >> 16, k->middle2};
    int32_t a = k->bias[0], b = k->bias[0];
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
      a = iseul_dot_pair(odd, middle[i], iseul_dot_pair(even, k->outer[i], a));
      b = iseul_dot_pair(even, middle[i] << 16, iseul_dot_pair(odd, k->outer[i], b));
    }
    out[0] = iseul_finish_rectified(k->scale, a);
    out[step] = iseul_finish_rectified(k->scale, b);
    out += 2 * step;
  }
#endif
}

// n > 0 outputs for windows two columns apart.
static inline void iseul_row_stride_2(const iseul_taps_3x3_t *k, const int8_t *x, int32_t n,
                                      int32_t pitch, int8_t *out, int32_t step) {
  const int8_t *const end = x + 2 * n;
#if ISEUL_HAS_WIDE_BLOCKS
#define ISEUL_ROW_1(address, w, m, h)    \
  "ldr %[o], " address "\n\t"            \
  "sxtb16 %[e], %[o]\n\t"                \
  "sxtb16 %[o], %[o], ror #8\n\t"        \
  "smlad %[a], %[e], %[" w "], %[a]\n\t" \
  "smlab" h " %[a], %[o], %[" m "], %[a]\n\t"
  int32_t a;
  uint32_t e, o, t;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[a], %[bias]\n\t"
      ISEUL_ROW_1("[%[x], %[pitch], lsl #1]", "w2", "m2", "b")
      ISEUL_ROW_1("[%[x], %[pitch]]", "w1", "m01", "t")
      ISEUL_ROW_1("[%[x]], #2", "w0", "m01", "b")
      "ldrd %[e], %[o], %[scale]\n\t"
      "mov %[t], #0x40000000\n\t"
      "smlal %[t], %[o], %[a], %[e]\n\t"
      "ldr %[e], %[shift]\n\t"
      "asr %[o], %[o], %[e]\n\t"
      "ssat %[o], #8, %[o]\n\t"
      "strb %[o], [%[out]]\n\t"
      "add %[out], %[out], %[step]\n\t"
      "ldr %[t], %[end]\n\t"
      "cmp %[x], %[t]\n\t"
      "bne 1b\n\t"
      : [a] "=&r"(a), [e] "=&r"(e), [o] "=&r"(o), [t] "=&r"(t), [x] "+r"(x), [out] "+r"(out)
      : [w0] "r"(k->outer[0]), [w1] "r"(k->outer[1]), [w2] "r"(k->outer[2]),
        [m01] "r"(k->middle01), [m2] "r"(k->middle2), [pitch] "r"(pitch), [step] "r"(step),
        [shift] "m"(k->scale.shift), [bias] "m"(k->bias[0]), [scale] "m"(k->scale),
        [end] "m"(end)
      : "cc", "memory");
#undef ISEUL_ROW_1
#else
  for (; x != end; x += 2) {
    const uint32_t middle[3] = {k->middle01 & 0xFFFFu, k->middle01 >> 16, k->middle2};
    int32_t a = k->bias[0];
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      a = iseul_dot_pair(iseul_even_pair(v), k->outer[i], a);
      a = iseul_dot_pair(iseul_odd_pair(v), middle[i], a);
    }
    *out = iseul_finish_rectified(k->scale, a);
    out += step;
  }
#endif
}

static inline void iseul_store4(int8_t *x, uint32_t v) { memcpy(x, &v, sizeof v); }

// (a0 a1 a2 a3) .. (d0 d1 d2 d3) become (a0 b0 c0 d0) .. (a3 b3 c3 d3).
static inline void iseul_turn_4x4(uint32_t v[4]) {
#if ISEUL_HAS_DSP
  uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e, f;
  __asm__(
      "uxtb16 %[e], %[a]\n\t"
      "uxtb16 %[f], %[b]\n\t"
      "orr %[e], %[e], %[f], lsl #8\n\t"
      "uxtb16 %[a], %[a], ror #8\n\t"
      "bic %[b], %[b], #0x00FF00FF\n\t"
      "orr %[a], %[a], %[b]\n\t"
      "uxtb16 %[f], %[c]\n\t"
      "uxtb16 %[b], %[d]\n\t"
      "orr %[f], %[f], %[b], lsl #8\n\t"
      "uxtb16 %[c], %[c], ror #8\n\t"
      "bic %[d], %[d], #0x00FF00FF\n\t"
      "orr %[c], %[c], %[d]\n\t"
      "pkhbt %[b], %[e], %[f], lsl #16\n\t"
      "pkhtb %[d], %[f], %[e], asr #16\n\t"
      "pkhbt %[e], %[a], %[c], lsl #16\n\t"
      "pkhtb %[f], %[c], %[a], asr #16"
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [e] "=&r"(e), [f] "=&r"(f));
  v[0] = b;
  v[1] = e;
  v[2] = d;
  v[3] = f;
#else
  const uint32_t mask = 0x00FF00FFu;
  const uint32_t ab02 = (v[0] & mask) | (v[1] & mask) << 8;
  const uint32_t cd02 = (v[2] & mask) | (v[3] & mask) << 8;
  const uint32_t ab13 = (v[0] >> 8 & mask) | (v[1] & ~mask);
  const uint32_t cd13 = (v[2] >> 8 & mask) | (v[3] & ~mask);
  v[0] = (ab02 & 0xFFFFu) | cd02 << 16;
  v[1] = (ab13 & 0xFFFFu) | cd13 << 16;
  v[2] = ab02 >> 16 | (cd02 & 0xFFFF0000u);
  v[3] = ab13 >> 16 | (cd13 & 0xFFFF0000u);
#endif
}

// n positions of up to four channels, c bytes apart, to rows of one channel each, `plane` bytes
// apart.
static ISEUL_NOINLINE void iseul_take_apart(const int8_t *x, int32_t c, int32_t n_channels,
                                            int32_t n, int8_t *to, int32_t plane) {
  if (n_channels == 4) {
    for (; n >= 4; n -= 4) {
      uint32_t v[4] = {iseul_load4(x), iseul_load4(x + c), iseul_load4(x + 2 * c),
                       iseul_load4(x + 3 * c)};
      iseul_turn_4x4(v);
      iseul_store4(to, v[0]);
      iseul_store4(to + plane, v[1]);
      iseul_store4(to + 2 * plane, v[2]);
      iseul_store4(to + 3 * plane, v[3]);
      x += 4 * c;
      to += 4;
    }
    for (; n > 0; --n) {
      to[0] = x[0];
      to[plane] = x[1];
      to[2 * plane] = x[2];
      to[3 * plane] = x[3];
      x += c;
      ++to;
    }
  }
  for (; n > 0; --n) {
    int8_t *one = to++;
    for (int32_t k = 0; k < n_channels; ++k) {
      *one = x[k];
      one += plane;
    }
    x += c;
  }
}

typedef struct {
  const iseul_window_t *window;
  int32_t pitch, plane;  // bytes of a row of one channel, padding included, and of all its rows
  int32_t zero_point;    // of the input; padding is of this value
} iseul_planes_t;

// All outputs of channel o, from its padded plane. p: parameters of the kernel; spare: a row of
// out_w + 1 outputs.
typedef void (*iseul_channel_t)(const void *p, int32_t o, const int8_t *plane, int8_t *spare,
                                int8_t *out);

// All channels, four at a time. scratch: four planes, then the spare row.
static inline void iseul_by_planes(const iseul_planes_t *s, const int8_t *in, int8_t *out,
                                   int8_t *scratch, iseul_channel_t channel, const void *p) {
  const iseul_window_t *const g = s->window;
  memset(scratch, s->zero_point, (size_t)(4 * s->plane));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t o = 0; o < g->in_c; o += 4) {
      const int32_t n_channels = g->in_c - o < 4 ? g->in_c - o : 4;
      int8_t *row = scratch + g->pad_top * s->pitch + g->pad_left;
      const int8_t *x = in + o;
      for (int32_t y = 0; y < g->in_h; ++y) {
        iseul_take_apart(x, g->in_c, n_channels, g->in_w, row, s->plane);
        x += g->in_w * g->in_c;
        row += s->pitch;
      }
      for (int32_t k = 0; k < n_channels; ++k) {
        channel(p, o + k, scratch + k * s->plane, scratch + 4 * s->plane, out + o + k);
      }
    }
    in += g->in_h * g->in_w * g->in_c;
    out += g->out_h * g->out_w * g->in_c;
  }
}

// --- depthwise convolutions

// The taps of a position that lie inside: `runs` runs of `n`; the longer way is the inner one.
typedef struct {
  int32_t x, w;
  int32_t runs, x_run, w_run;
  int32_t n, x_step, w_step;
} iseul_taps_t;

static inline iseul_taps_t iseul_taps_at(const iseul_window_t *g, iseul_span_t rows,
                                         int32_t column) {
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t c = g->in_c;
  const int32_t n_rows = rows.last - rows.first, n_columns = columns.last - columns.first;
  const int32_t x_row = g->dilation_h * g->in_w * c, w_row = g->kernel_w * c;
  iseul_taps_t t = {(rows.start * g->in_w + columns.start) * c,
                    rows.first * w_row + columns.first * c,
                    n_rows,
                    x_row,
                    w_row,
                    n_columns,
                    g->dilation_w * c,
                    c};
  if (n_columns == 1) {
    t.runs = 1;
    t.n = n_rows;
    t.x_step = x_row;
    t.w_step = w_row;
  }
  if (n_rows <= 0 || n_columns <= 0) {
    t.runs = 0;
  }
  return t;
}

typedef struct {
  iseul_window_t window;
  const int8_t *weights;  // (kernel_h, kernel_w, out_c)
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_depthwise_s8_dsp_t;

void iseul_depthwise_conv2d_s8_dsp(const iseul_depthwise_s8_dsp_t *p, const int8_t *in,
                                   int8_t *out);

typedef struct {
  iseul_window_t window;
  int32_t pitch, plane;   // bytes of a row of one channel, padding included, and of its rows
  int32_t rows;           // output rows that are made of one filling of planes
  const int8_t *weights;  // (3, 3, out_c); turned: columns, then rows
  const int32_t *bias;    // minus in_zero_point times all weights of the channel
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_planes_s8_dsp_t;

void iseul_depthwise_planes_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);
void iseul_depthwise_turned_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch);
void iseul_depthwise_rows_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch);

// --- fully connected

// Outputs o .. o + 3 of n, as many as there are. first: scale of output 0
static inline void iseul_finish_four(const iseul_output_s8_t *to, const iseul_scale_t *first,
                                     const int32_t acc[4], int32_t o, int32_t n, int8_t *out) {
  const int32_t last = n - 1 - o;  // for outputs that are not there, the last one's
  if (to->step == 0 && iseul_is_saturated(to) && last >= 3) {
    const iseul_scale_t s = *first;
    out[3] = iseul_finish_saturated(s, acc[3]);
    out[2] = iseul_finish_saturated(s, acc[2]);
    out[1] = iseul_finish_saturated(s, acc[1]);
    out[0] = iseul_finish_saturated(s, acc[0]);
  } else {
    const int32_t i1 = last < 1 ? last : 1, i2 = last < 2 ? last : 2, i3 = last < 3 ? last : 3;
    const iseul_scale_t s0 = iseul_scale_of(to, o), s1 = iseul_scale_of(to, o + i1);
    const iseul_scale_t s2 = iseul_scale_of(to, o + i2), s3 = iseul_scale_of(to, o + i3);
    const int32_t low = to->low, high = to->high;
    out[i3] = iseul_finish_clamped(s3, acc[3], low, high);
    out[i2] = iseul_finish_clamped(s2, acc[2], low, high);
    out[i1] = iseul_finish_clamped(s1, acc[1], low, high);
    out[0] = iseul_finish_clamped(s0, acc[0], low, high);
  }
}

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *weights;  // of four outputs at a time: four of each in turns, filled up with zeros
  const int32_t *bias;    // minus in_zero_point times all weights; a multiple of 4
  iseul_output_s8_t output;
} iseul_fully_connected_s8_dsp_t;

void iseul_fully_connected_s8_dsp(const iseul_fully_connected_s8_dsp_t *p, const int8_t *in,
                                  int8_t *out);

// --- sums of two

typedef struct {
  int32_t n;
  int32_t a_factor, b_factor, constant, shift;
  int32_t low, high;
} iseul_linear_t;

void iseul_add_linear_s8(const iseul_linear_t *p, const int8_t *a, const int8_t *b, int8_t *out);

#endif
