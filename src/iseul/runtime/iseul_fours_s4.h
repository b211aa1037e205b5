// SPDX-License-Identifier: Apache-2.0
// iseul_fours_s4.h: fully connected layers by int4 weights, for Cortex-M cores with the DSP
// extension. Four outputs share 16 bits of weights, which stay nibbles until they are multiplied.
//
// A halfword is h = 4096 a + 256 b + 16 c + d, where b, c and d are 8 more than the weights, so
// that parts of h are masks of it. With the sums of products of h, of 16 c + d, of 256 b + d and
// of d, differences of two give all four outputs; the 8 too many are 8 times the sum of the
// inputs, which is the same for all outputs. The compiler joins only weights of which it is proved
// that 32 bits hold all that (compile/prove.py).
#ifndef ISEUL_FOURS_S4_H
#define ISEUL_FOURS_S4_H

#include "iseul_blocks_dsp.h"
#include "iseul_joined.h"

// blocks: per four outputs what the four sums start with; per four inputs a word for inputs
// (0, 2) and one for (1, 3); four multipliers; a word with -shift of each in a byte.
typedef struct {
  int32_t rows, in_size, out_size;
  int32_t depth;  // in_size rounded up to 8
  const int32_t *blocks;
  iseul_clamp_s8_t to;
} iseul_fours_s4_dsp_t;

void iseul_fours_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out,
                        int32_t *scratch);
void iseul_fours_direct_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out);

#if ISEUL_HAS_WIDE_BLOCKS
// A pair of inputs with four outputs.
#define ISEUL_FOUR(x, w)                                \
  "smlad %[s0], %[" x "], %[" w "], %[s0]\n\t"          \
  "uxtb16 %[t], %[" w "]\n\t"                           \
  "smlad %[s1], %[" x "], %[t], %[s1]\n\t"              \
  "and %[" w "], %[" w "], #0x0F0F0F0F\n\t"             \
  "smlad %[s2], %[" x "], %[" w "], %[s2]\n\t"          \
  "uxtb16 %[" w "], %[" w "]\n\t"                       \
  "smlad %[s3], %[" x "], %[" w "], %[s3]\n\t"
#define ISEUL_FOUR_INPUTS(w0, w1)       \
  ".if %c[direct]\n\t"                  \
  "ldr %[x1], [%[x]], #4\n\t"           \
  "sxtb16 %[x0], %[x1]\n\t"             \
  "sxtb16 %[x1], %[x1], ror #8\n\t"     \
  ".else\n\t"                           \
  "ldrd %[x0], %[x1], [%[x]], #8\n\t"   \
  ".endif\n\t" ISEUL_FOUR("x0", w0) ISEUL_FOUR("x1", w1)
#define ISEUL_EIGHT_INPUTS                         \
  "ldmia %[w]!, {%[w0], %[w1], %[w2], %[w3]}\n\t"  \
  ISEUL_FOUR_INPUTS("w0", "w1") ISEUL_FOUR_INPUTS("w2", "w3")
#endif

// Sums of h, 16 c + d, 256 b + d, d over n > 0 times 8 inputs. Gives the end of w.
//
// x       per four inputs two pairs, or, if `direct`, which is a constant, the four bytes
static inline const int32_t *iseul_nibble_sums(int32_t sums[4], const int32_t *w, const int8_t *x,
                                             int32_t n, int direct) {
#if ISEUL_HAS_WIDE_BLOCKS
  register int32_t s0 __asm__("r0");
  register int32_t s1 __asm__("r1");
  register int32_t s2 __asm__("r2");
  register int32_t s3 __asm__("r3");
  register uint32_t w0 __asm__("r8");
  register uint32_t w1 __asm__("r9");
  register uint32_t w2 __asm__("r10");
  register uint32_t w3 __asm__("r11");
  uint32_t x0, x1, t;
  const int32_t *const end = w + 4 + 4 * n;
  __asm__ volatile(
      "sub %[t], %[end], %[w]\n\t"
      "lsls %[t], %[t], #27\n\t"
      "ldmia %[w]!, {%[s0], %[s1], %[s2], %[s3]}\n\t"
      "bpl 2f\n"  // an odd number, with the four words that sums start with an even one
      "1:\n\t" ISEUL_EIGHT_INPUTS
      "2:\n\t" ISEUL_EIGHT_INPUTS
      "cmp %[w], %[end]\n\t"
      "bne 1b\n\t"
      : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [w0] "=&r"(w0),
        [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3), [x0] "=&r"(x0), [x1] "=&r"(x1),
        [t] "=&r"(t), [w] "+r"(w), [x] "+r"(x)
      : [end] "r"(end), [direct] "i"(direct)
      : "cc", "memory");
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
#else
  for (int32_t k = 0; k < 4; ++k) {
    sums[k] = w[k];
  }
  w += 4;
  for (int32_t i = 0; i < 2 * n; ++i) {
    const uint32_t first = iseul_load4(x);
    const uint32_t pairs[2] = {direct ? iseul_even_pair(first) : first,
                               direct ? iseul_odd_pair(first) : iseul_load4(x + 4)};
    for (int32_t k = 0; k < 2; ++k) {
      const uint32_t h = (uint32_t)w[k];
      sums[0] = iseul_dot_pair(pairs[k], h, sums[0]);
      sums[1] = iseul_dot_pair(pairs[k], h & 0x00FF00FFu, sums[1]);
      sums[2] = iseul_dot_pair(pairs[k], h & 0x0F0F0F0Fu, sums[2]);
      sums[3] = iseul_dot_pair(pairs[k], h & 0x000F000Fu, sums[3]);
    }
    w += 2;
    x += direct ? 4 : 8;
  }
#endif
  return w;
}

#if ISEUL_HAS_WIDE_BLOCKS
// A doubled sum to int8. n: where in the word of shifts its own stands, in bits
#define ISEUL_FINISH_DOUBLED(a, q, n)               \
  "ubfx %[u], %[sh], #" n ", #8\n\t"                \
  "lsl %[up], %[odd], %[u]\n\t"                     \
  "asr %[up], %[up], #1\n\t"                        \
  ".if %c[signed_]\n\t"                             \
  "add %[up], %[up], %[" a "], asr #31\n\t"         \
  ".endif\n\t"                                      \
  "smmlar %[" a "], %[" a "], %[" q "], %[up]\n\t"  \
  "asr %[" a "], %[" a "], %[u]\n\t"                \
  "ssat %[" a "], #8, %[" a "]\n\t"
#endif

// Output i of a block from its doubled sum; `scales`: four multipliers, then -shift of each in a
// byte. kind: a constant
static inline int8_t iseul_finish_doubled(const int32_t *scales, int32_t i, int32_t sum,
                                          const iseul_clamp_s8_t *to, int kind) {
  const int32_t odd = kind == ISEUL_RECTIFIED ? -255 : 1 + 2 * to->zero_point;
  const int32_t shift = (int32_t)((uint32_t)scales[4] >> (8 * i) & 0xFFu);
  const int32_t below = kind == ISEUL_RECTIFIED || sum >= 0 ? 0 : 1;
  const int32_t upper = ((int32_t)((uint32_t)odd << shift) >> 1) - below;
  const int32_t q = iseul_upper_doubled(upper, sum, scales[i]) >> shift;
  return (int8_t)iseul_to_int8(q);
}

// Four outputs from the sums of iseul_nibble_sums: in their place, as int8, not yet clamped
// further.
//
// over  16 times the sum of the inputs
static inline void iseul_finish_nibbles(int32_t s[4], const int32_t *scales, uint32_t over,
                                        const iseul_clamp_s8_t *to, int kind) {
#if ISEUL_HAS_WIDE_BLOCKS
  const int32_t odd = kind == ISEUL_RECTIFIED ? -255 : 1 + 2 * to->zero_point;
  int32_t a = s[0], c = s[1], b = s[2], d = s[3];
  int32_t q0, q1, sh, u, up;
  __asm__(
      "sub %[a], %[a], %[c]\n\t"
      "sub %[b], %[b], %[d]\n\t"
      "sub %[c], %[c], %[d]\n\t"
      "asr %[b], %[b], #8\n\t"
      "rsb %[a], %[b], %[a], asr #8\n\t"
      "asr %[a], %[a], #3\n\t"
      "rsb %[b], %[over], %[b], lsl #1\n\t"
      "rsb %[c], %[over], %[c], asr #3\n\t"
      "rsb %[d], %[over], %[d], lsl #1\n\t"
      "ldr %[sh], [%[w], #16]\n\t"
      "ldrd %[q0], %[q1], [%[w]]\n\t"
      ISEUL_FINISH_DOUBLED("a", "q0", "0") ISEUL_FINISH_DOUBLED("b", "q1", "8")
      "ldrd %[q0], %[q1], [%[w], #8]\n\t"
      ISEUL_FINISH_DOUBLED("c", "q0", "16") ISEUL_FINISH_DOUBLED("d", "q1", "24")
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [q0] "=&r"(q0), [q1] "=&r"(q1),
        [sh] "=&r"(sh), [u] "=&r"(u), [up] "=&r"(up)
      : [w] "r"(scales), [over] "r"(over), [odd] "r"(odd),
        [signed_] "i"(kind == ISEUL_RECTIFIED ? 0 : 1), "m"(*(const int32_t (*)[5])scales)
      : "cc");
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
#else
  const uint32_t s1 = (uint32_t)s[1], s3 = (uint32_t)s[3];
  const int32_t b = (int32_t)((uint32_t)s[2] - s3) >> 8;
  const int32_t a = ((int32_t)((uint32_t)s[0] - s1) >> 8) - b;
  const int32_t c = (int32_t)(s1 - s3) >> 3;
  s[0] = iseul_finish_doubled(scales, 0, a >> 3, to, kind);
  s[1] = iseul_finish_doubled(scales, 1, (int32_t)(2 * (uint32_t)b - over), to, kind);
  s[2] = iseul_finish_doubled(scales, 2, (int32_t)((uint32_t)c - over), to, kind);
  s[3] = iseul_finish_doubled(scales, 3, (int32_t)(2 * s3 - over), to, kind);
#endif
  if (kind == ISEUL_CLAMPED) {
    s[0] = iseul_clamp(s[0], to->low, to->high);
    s[1] = iseul_clamp(s[1], to->low, to->high);
    s[2] = iseul_clamp(s[2], to->low, to->high);
    s[3] = iseul_clamp(s[3], to->low, to->high);
  }
}

// All outputs of a row. kind, direct: constants, so that each call is a loop of its own
//
// total  the sum of the row's inputs
static inline void iseul_row_of_fours(const iseul_fours_s4_dsp_t *p, const int8_t *x,
                                      int32_t total, int8_t *out, int kind, int direct) {
  const int32_t *w = p->blocks;
  const uint32_t over = (uint32_t)total * 16;
  for (int32_t left = p->out_size; left > 0; left -= 4) {
    int32_t s[4];
    w = iseul_nibble_sums(s, w, x, p->depth / 8, direct);
    iseul_finish_nibbles(s, w, over, &p->to, kind);
    out[0] = (int8_t)s[0];
    if (left > 1) {
      out[1] = (int8_t)s[1];
    }
    if (left > 2) {
      out[2] = (int8_t)s[2];
    }
    if (left > 3) {
      out[3] = (int8_t)s[3];
    }
    w += 5;
    out += 4;
  }
}

// iseul_row_of_fours as the outputs' clamp allows.
static inline void iseul_fours_of_kind(const iseul_fours_s4_dsp_t *p, const int8_t *x,
                                       int32_t total, int8_t *out, int direct) {
  const int kind = iseul_kind_of(&p->to);
  if (kind == ISEUL_RECTIFIED) {
    iseul_row_of_fours(p, x, total, out, ISEUL_RECTIFIED, direct);
  } else if (kind == ISEUL_SATURATED) {
    iseul_row_of_fours(p, x, total, out, ISEUL_SATURATED, direct);
  } else {
    iseul_row_of_fours(p, x, total, out, ISEUL_CLAMPED, direct);
  }
}

#endif
