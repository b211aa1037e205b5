// SPDX-License-Identifier: Apache-2.0
// iseul_blocks_dsp.h: int8 kernels that make four outputs of one position at a time. All that a
// block reads stands in one stream of words: biases, weights, scales.
#ifndef ISEUL_BLOCKS_DSP_H
#define ISEUL_BLOCKS_DSP_H

#include "iseul_dsp.h"

// --- from four sums to int8

typedef struct {
  int32_t zero_point, low, high;
} iseul_clamp_s8_t;

// What the clamp of all outputs allows: constants where functions are made for each.
enum { ISEUL_CLAMPED, ISEUL_SATURATED, ISEUL_RECTIFIED };

// Rectified: zero point -128 and clamped to all of int8, so that signs of sums do not matter.
static inline int iseul_kind_of(const iseul_clamp_s8_t *to) {
  if (to->low != -128 || to->high != 127) {
    return ISEUL_CLAMPED;
  }
  return to->zero_point == -128 ? ISEUL_RECTIFIED : ISEUL_SATURATED;
}

// Output i of a block; `scales`: four multipliers, then -1 - shift of each in a byte.
static inline int8_t iseul_finish_one(const int32_t *scales, int32_t i, int32_t sum,
                                      const iseul_clamp_s8_t *to, int kind) {
  const int32_t odd = kind == ISEUL_RECTIFIED ? -255 : 1 + 2 * to->zero_point;
  const int32_t shift = (int32_t)((uint32_t)scales[4] >> (8 * i) & 0xFFu);
  const iseul_scale_t s = {scales[i], (int32_t)((uint32_t)odd << (shift - 1)), shift};
  if (kind == ISEUL_RECTIFIED) {
    return iseul_finish_rectified(s, sum);
  }
  return kind == ISEUL_SATURATED ? iseul_finish_saturated(s, sum)
                                 : iseul_finish_clamped(s, sum, to->low, to->high);
}

// left: outputs from here to the end; of a last block fewer than 4 are written
static inline void iseul_finish_block(const int32_t sums[4], const int32_t *scales,
                                      const iseul_clamp_s8_t *to, int kind, int32_t left,
                                      int8_t *out) {
  const int8_t y1 = iseul_finish_one(scales, 1, sums[1], to, kind);
  const int8_t y2 = iseul_finish_one(scales, 2, sums[2], to, kind);
  const int8_t y3 = iseul_finish_one(scales, 3, sums[3], to, kind);
  out[0] = iseul_finish_one(scales, 0, sums[0], to, kind);
  if (left > 1) {
    out[1] = y1;
  }
  if (left > 2) {
    out[2] = y2;
  }
  if (left > 3) {
    out[3] = y3;
  }
}

// --- rows times a matrix, two outputs to a word of weights

// blocks: per four outputs their biases; per four inputs two words of outputs 0 and 1, for inputs
// (0, 2) and (1, 3), and two of outputs 2 and 3; four multipliers; a word with -1 - shift of each
// in a byte. Inputs and outputs that are not there have weights of 0.
typedef struct {
  int32_t rows, in_size, out_size;
  int32_t depth;  // in_size rounded up to 8
  const int32_t *blocks;
  iseul_clamp_s8_t to;
} iseul_paired_s8_dsp_t;

void iseul_paired_s8_dsp(const iseul_paired_s8_dsp_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch);
void iseul_paired_direct_s8_dsp(const iseul_paired_s8_dsp_t *p, const int8_t *in, int8_t *out);

#if ISEUL_HAS_WIDE_BLOCKS
// Four inputs for four outputs: p += x h, then q += x a.
#define ISEUL_PAIRED_STEP                \
  ".if %c[direct]\n\t"                   \
  "ldr %[x1], [%[x]], #4\n\t"            \
  "sxtb16 %[x0], %[x1]\n\t"              \
  "sxtb16 %[x1], %[x1], ror #8\n\t"      \
  ".else\n\t"                            \
  "ldrd %[x0], %[x1], [%[x]], #8\n\t"    \
  ".endif\n\t"                           \
  "ldmia %[w]!, {r4, r5, r6, r8}\n\t"    \
  "smlad %[p0], %[x0], r4, %[p0]\n\t"    \
  "sxtb16 r4, r4\n\t"                    \
  "smlad %[q0], %[x0], r4, %[q0]\n\t"    \
  "smlad %[p1], %[x0], r6, %[p1]\n\t"    \
  "sxtb16 r6, r6\n\t"                    \
  "smlad %[q1], %[x0], r6, %[q1]\n\t"    \
  "smlad %[p0], %[x1], r5, %[p0]\n\t"    \
  "sxtb16 r5, r5\n\t"                    \
  "smlad %[q0], %[x1], r5, %[q0]\n\t"    \
  "smlad %[p1], %[x1], r8, %[p1]\n\t"    \
  "sxtb16 r8, r8\n\t"                    \
  "smlad %[q1], %[x1], r8, %[q1]\n\t"
#endif

// Adds the products of n > 0 steps of 8 inputs to four sums.
//
// x       per four inputs two pairs, or, if `direct`, which is a constant, the four bytes
ISEUL_INLINE void iseul_paired_sums(int32_t sums[4], const int32_t *w, const int8_t *x, int32_t n,
                                     int direct) {
  uint32_t p0 = 0, p1 = 0, q0 = 0, q1 = 0;
#if ISEUL_HAS_WIDE_BLOCKS
  const int8_t *const end = x + (direct ? 8 : 16) * n;
  uint32_t x0, x1;
  __asm__ volatile(
      "1:\n\t"
      ISEUL_PAIRED_STEP ISEUL_PAIRED_STEP
      "cmp %[x], %[end]\n\t"
      "bne 1b\n\t"
      : [p0] "+r"(p0), [p1] "+r"(p1), [q0] "+r"(q0), [q1] "+r"(q1), [w] "+r"(w), [x] "+r"(x),
        [x0] "=&r"(x0), [x1] "=&r"(x1)
      : [end] "r"(end), [direct] "i"(direct)
      : "r4", "r5", "r6", "r8", "cc", "memory");
#else
  for (int32_t i = 0; i < 2 * n; ++i) {
    const uint32_t first = iseul_load4(x);
    const uint32_t pairs[2] = {direct ? iseul_even_pair(first) : first,
                               direct ? iseul_odd_pair(first) : iseul_load4(x + 4)};
    for (int32_t k = 0; k < 2; ++k) {
      const uint32_t h0 = (uint32_t)w[k], h1 = (uint32_t)w[2 + k];
      p0 = (uint32_t)iseul_dot_pair(pairs[k], h0, (int32_t)p0);
      q0 = (uint32_t)iseul_dot_pair(pairs[k], iseul_even_pair(h0), (int32_t)q0);
      p1 = (uint32_t)iseul_dot_pair(pairs[k], h1, (int32_t)p1);
      q1 = (uint32_t)iseul_dot_pair(pairs[k], iseul_even_pair(h1), (int32_t)q1);
    }
    w += 4;
    x += direct ? 4 : 8;
  }
#endif
  sums[0] = (int32_t)((uint32_t)sums[0] + q0);
  sums[1] = (int32_t)((uint32_t)sums[1] + (uint32_t)((int32_t)(p0 - q0) >> 8));
  sums[2] = (int32_t)((uint32_t)sums[2] + q1);
  sums[3] = (int32_t)((uint32_t)sums[3] + (uint32_t)((int32_t)(p1 - q1) >> 8));
}

// All outputs of a row. kind, direct: constants, so that each call is a loop of its own
ISEUL_INLINE void iseul_paired_row(const iseul_paired_s8_dsp_t *p, const int8_t *x, int8_t *out,
                                    int kind, int direct) {
  const int32_t *w = p->blocks;
  const int32_t n_words = p->depth;  // four words per four inputs
  for (int32_t left = p->out_size; left > 0; left -= 4) {
    int32_t sums[4] = {w[0], w[1], w[2], w[3]};
    iseul_paired_sums(sums, w + 4, x, n_words / 8, direct);
    w += 4 + n_words;
    iseul_finish_block(sums, w, &p->to, kind, left, out);
    w += 5;
    out += 4;
  }
}

// --- depthwise convolutions with one position

// blocks: per four channels their biases; per two taps t and u the words (0t 1t 0u 1u) and
// (2t 3t 2u 3u), weights of 0 for a tap that is not there; four multipliers; a word with
// -1 - shift of each in a byte.
typedef struct {
  int32_t batch, size, channels;
  int32_t n_taps;
  int32_t step;  // bytes of the input from tap to tap
  const int32_t *blocks;
  iseul_clamp_s8_t to;
} iseul_depthwise_position_s8_dsp_t;

void iseul_depthwise_position_s8_dsp(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *in,
                                     int8_t *out);

// Adds two taps of four channels: x0 and x1 their values, w their two words.
static inline void iseul_tap_pair(int32_t sums[4], uint32_t x0, uint32_t x1, const int32_t *w) {
  const uint32_t x01 = (x0 & 0xFFFFu) | x1 << 16, x23 = x0 >> 16 | (x1 & 0xFFFF0000u);
  const uint32_t w01 = (uint32_t)w[0], w23 = (uint32_t)w[1];
  sums[0] = iseul_dot_pair(iseul_even_pair(x01), iseul_even_pair(w01), sums[0]);
  sums[1] = iseul_dot_pair(iseul_odd_pair(x01), iseul_odd_pair(w01), sums[1]);
  sums[2] = iseul_dot_pair(iseul_even_pair(x23), iseul_even_pair(w23), sums[2]);
  sums[3] = iseul_dot_pair(iseul_odd_pair(x23), iseul_odd_pair(w23), sums[3]);
}

// Adds n > 0 pairs of taps of four channels; gives the end of w.
static inline const int32_t *iseul_tap_pairs(int32_t sums[4], const int32_t *w, const int8_t *x,
                                             int32_t step, int32_t n) {
#if ISEUL_HAS_WIDE_BLOCKS
  uint32_t a0 = (uint32_t)sums[0], a1 = (uint32_t)sums[1];
  uint32_t a2 = (uint32_t)sums[2], a3 = (uint32_t)sums[3];
  uint32_t t, u, e, v, w0, w1;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[t], [%[x]]\n\t"
      "ldr %[u], [%[x], %[step]]\n\t"
      "ldrd %[w0], %[w1], [%[w]], #8\n\t"
      "add %[x], %[x], %[step], lsl #1\n\t"
      "pkhbt %[e], %[t], %[u], lsl #16\n\t"
      "pkhtb %[u], %[u], %[t], asr #16\n\t"
      "sxtb16 %[t], %[e]\n\t"
      "sxtb16 %[v], %[w0]\n\t"
      "smlad %[a0], %[t], %[v], %[a0]\n\t"
      "sxtb16 %[e], %[e], ror #8\n\t"
      "sxtb16 %[w0], %[w0], ror #8\n\t"
      "smlad %[a1], %[e], %[w0], %[a1]\n\t"
      "sxtb16 %[t], %[u]\n\t"
      "sxtb16 %[v], %[w1]\n\t"
      "smlad %[a2], %[t], %[v], %[a2]\n\t"
      "sxtb16 %[u], %[u], ror #8\n\t"
      "sxtb16 %[w1], %[w1], ror #8\n\t"
      "smlad %[a3], %[u], %[w1], %[a3]\n\t"
      "subs %[n], %[n], #1\n\t"
      "bne 1b\n\t"
      : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x),
        [n] "+r"(n), [t] "=&r"(t), [u] "=&r"(u), [e] "=&r"(e), [v] "=&r"(v), [w0] "=&r"(w0),
        [w1] "=&r"(w1)
      : [step] "r"(step)
      : "cc", "memory");
  sums[0] = (int32_t)a0;
  sums[1] = (int32_t)a1;
  sums[2] = (int32_t)a2;
  sums[3] = (int32_t)a3;
#else
  for (; n > 0; --n) {
    iseul_tap_pair(sums, iseul_load4(x), iseul_load4(x + step), w);
    x += 2 * step;
    w += 2;
  }
#endif
  return w;
}

// Adds the products of n_taps taps of four channels; gives what is behind their words.
static inline const int32_t *iseul_add_taps(int32_t sums[4], const int32_t *w, const int8_t *x,
                                            int32_t step, int32_t n_taps) {
  if (n_taps > 1) {
    w = iseul_tap_pairs(sums, w, x, step, n_taps / 2);
    x += n_taps / 2 * 2 * step;
  }
  if (n_taps % 2 != 0) {
    iseul_tap_pair(sums, iseul_load4(x), iseul_load4(x), w);  // the second weights are 0
    w += 2;
  }
  return w;
}

// All channels of one position. kind: a constant; scratch: what the kernel asks for, or 0
typedef void (*iseul_position_t)(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *x,
                                 int8_t *out, int32_t *scratch, int kind);

// Sample after sample, with a loop of its own for each kind of clamp. of: a constant
ISEUL_INLINE void iseul_each_sample(const iseul_depthwise_position_s8_dsp_t *p, const int8_t *in,
                                      int8_t *out, int32_t *scratch, iseul_position_t of) {
  const int kind = iseul_kind_of(&p->to);
  for (int32_t n = 0; n < p->batch; ++n) {
    if (kind == ISEUL_RECTIFIED) {
      of(p, in, out, scratch, ISEUL_RECTIFIED);
    } else if (kind == ISEUL_SATURATED) {
      of(p, in, out, scratch, ISEUL_SATURATED);
    } else {
      of(p, in, out, scratch, ISEUL_CLAMPED);
    }
    in += p->size;
    out += p->channels;
  }
}

#endif
