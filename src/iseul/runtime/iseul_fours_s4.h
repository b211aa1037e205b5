// SPDX-License-Identifier: Apache-2.0
// iseul_fours_s4.h: fully connected layers by int4 weights, for Cortex-M cores with the DSP
// extension. Four outputs share 16 bits of weights, which stay nibbles until they are multiplied.
//
// A halfword is h = 4096 b + 256 c + 16 a + d, where a, c and d are 8 more than the weights. Three
// masks, each of what the one before left, take a, b and c out of it; differences of the four sums
// of products are 16 times a's, 4096 times b's and 256 times c's. The 8 too many are 8 times the
// sum of the inputs, which is the same for all outputs. The compiler joins only weights of which
// it is proved that 32 bits hold all that (compile/prove.py).
//
// Sums are then scaled by one multiplication: rectified ones as 16 times their value, so that they
// may be scaled by up to 4; others, whose sign counts, as twice.
#ifndef ISEUL_FOURS_S4_H
#define ISEUL_FOURS_S4_H

#include "iseul_blocks_dsp.h"
#include "iseul_joined.h"

// blocks: per four outputs what the four sums start with; per four inputs a word for inputs
// (0, 2) and one for (1, 3); per output a multiplier and what is added to the product's upper
// word; a word with the shift to the right of each in a byte.
typedef struct {
  int32_t rows, in_size, out_size;
  int32_t depth;  // in_size rounded up to 8
  const int32_t *blocks;
  iseul_clamp_s8_t to;
} iseul_fours_s4_dsp_t;

void iseul_fours_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out,
                        int32_t *scratch);
void iseul_fours_direct_s4_dsp(const iseul_fours_s4_dsp_t *p, const int8_t *in, int8_t *out);

typedef const int32_t *(*iseul_nibble_sums_t)(int32_t sums[4], const int32_t *w, const int8_t *x,
                                              int32_t n_words);

#if ISEUL_HAS_WIDE_BLOCKS
// Two pairs of inputs with four outputs. r0 .. r3: sums
#define ISEUL_FOUR_INPUTS(x0, x1, w0, w1)   \
  "smlad r0, " x0 ", " w0 ", r0\n\t"        \
  "bic " w0 ", " w0 ", #0x00F000F0\n\t"    \
  "smlad r0, " x1 ", " w1 ", r0\n\t"        \
  "bic " w1 ", " w1 ", #0x00F000F0\n\t"    \
  "smlad r1, " x0 ", " w0 ", r1\n\t"        \
  "and " w0 ", " w0 ", #0x0F0F0F0F\n\t"    \
  "smlad r1, " x1 ", " w1 ", r1\n\t"        \
  "and " w1 ", " w1 ", #0x0F0F0F0F\n\t"    \
  "smlad r2, " x0 ", " w0 ", r2\n\t"        \
  "uxtb16 " w0 ", " w0 "\n\t"              \
  "smlad r2, " x1 ", " w1 ", r2\n\t"        \
  "uxtb16 " w1 ", " w1 "\n\t"              \
  "smlad r3, " x0 ", " w0 ", r3\n\t"        \
  "smlad r3, " x1 ", " w1 ", r3\n\t"
#define ISEUL_EIGHT_INPUTS                   \
  "ldmia %[w]!, {r8, r9, r10, r11}\n\t"     \
  ".if %c[direct]\n\t"                      \
  "ldr r5, [%[x]], #4\n\t"                  \
  "ldr r12, [%[x]], #4\n\t"                 \
  "sxtb16 r4, r5\n\t"                       \
  "sxtb16 r5, r5, ror #8\n\t"               \
  "sxtb16 r6, r12\n\t"                      \
  "sxtb16 r12, r12, ror #8\n\t"             \
  ".else\n\t"                               \
  "ldmia %[x]!, {r4, r5, r6, r12}\n\t"      \
  ".endif\n\t"                              \
  ISEUL_FOUR_INPUTS("r4", "r5", "r8", "r9")  \
  ISEUL_FOUR_INPUTS("r6", "r12", "r10", "r11")
#endif

// Sums of h and of its three parts. Gives the end of w.
//
// n_words of weights, a multiple of 4, at least 4: two per four inputs
// x       per four inputs two pairs, or, if `direct`, which is a constant, the four bytes
ISEUL_INLINE const int32_t *iseul_nibble_sums(int32_t sums[4], const int32_t *w, const int8_t *x,
                                               int32_t n_words, int direct) {
#if ISEUL_HAS_WIDE_BLOCKS
  register int32_t s0 __asm__("r0");
  register int32_t s1 __asm__("r1");
  register int32_t s2 __asm__("r2");
  register int32_t s3 __asm__("r3");
  const int32_t *const end = w + 4 + n_words;
  // four times 8 inputs in a loop, which is entered where the number of such eights modulo 4 says:
  // carry and sign of one more
  __asm__ volatile(
      "ldr r4, %[end]\n\t"
      "sub r4, r4, %[w]\n\t"
      "lsls r4, r4, #27\n\t"
      "ldmia %[w]!, {r0, r1, r2, r3}\n\t"
      "bcs 6f\n\t"
      "bpl 3f\n\t"
      "b 2f\n"
      "6:\n\t"
      "bpl 5f\n\t"
      "b 4f\n"
      "2:\n\t" ISEUL_EIGHT_INPUTS
      "3:\n\t" ISEUL_EIGHT_INPUTS
      "4:\n\t" ISEUL_EIGHT_INPUTS
      "5:\n\t" ISEUL_EIGHT_INPUTS
      "ldr r4, %[end]\n\t"
      "cmp %[w], r4\n\t"
      "bne 2b\n\t"
      : "=&r"(s0), "=&r"(s1), "=&r"(s2), "=&r"(s3), [w] "+r"(w), [x] "+r"(x)
      : [end] "m"(end), [direct] "i"(direct)
      : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
#else
  for (int32_t k = 0; k < 4; ++k) {
    sums[k] = w[k];
  }
  w += 4;
  for (int32_t i = 0; i < n_words; i += 2) {
    const uint32_t first = iseul_load4(x);
    const uint32_t pairs[2] = {direct ? iseul_even_pair(first) : first,
                               direct ? iseul_odd_pair(first) : iseul_load4(x + 4)};
    for (int32_t k = 0; k < 2; ++k) {
      const uint32_t h = (uint32_t)w[k];
      sums[0] = iseul_dot_pair(pairs[k], h, sums[0]);
      sums[1] = iseul_dot_pair(pairs[k], h & 0xFF0FFF0Fu, sums[1]);
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
// A sum, 16 times or twice, to int8; its scale is at %[w] + `at`, and its shift in the last byte.
#define ISEUL_FINISH_SUM(a, at)                  \
  "ldrd %[q], %[u], [%[w], #" at "]\n\t"        \
  ".if %c[rectified]\n\t"                       \
  "smmla " a ", " a ", %[q], %[u]\n\t"          \
  ".else\n\t"                                   \
  "add %[u], %[u], " a ", asr #31\n\t"          \
  "smmlar " a ", " a ", %[q], %[u]\n\t"         \
  ".endif\n\t"                                  \
  "asr " a ", " a ", %[sh]\n\t"                 \
  "ssat " a ", #8, " a "\n\t"
#define ISEUL_NEXT_SHIFT "lsr %[sh], %[sh], #8\n\t"
#else
// Output i of a block from 16 times its sum, or twice. kind: a constant
static inline int32_t iseul_finish_sum(const int32_t *scales, int32_t i, uint32_t sum, int kind) {
  const int32_t shift = (int32_t)((uint32_t)scales[8] >> (8 * i) & 0xFFu);
  const int32_t x = (int32_t)sum, q = scales[2 * i], upper = scales[2 * i + 1];
  if (kind == ISEUL_RECTIFIED) {
    return iseul_to_int8(((int32_t)((int64_t)x * q >> 32) + upper) >> shift);
  }
  return iseul_to_int8(iseul_upper_doubled(upper - (x < 0), x, q) >> shift);
}
#endif

// Four outputs from the sums of iseul_nibble_sums: in their place, as int8, not yet clamped
// further.
//
// total  of the inputs
ISEUL_INLINE void iseul_finish_nibbles(int32_t s[4], const int32_t *scales, int32_t total,
                                        const iseul_clamp_s8_t *to, int kind) {
  const uint32_t over = (uint32_t)total * (kind == ISEUL_RECTIFIED ? 128 : 16);
#if ISEUL_HAS_WIDE_BLOCKS
  int32_t a = s[0], b = s[1], c = s[2], d = s[3];
  int32_t q, u, sh;
  __asm__(
      "sub %[a], %[a], %[b]\n\t"
      "sub %[b], %[b], %[c]\n\t"
      "sub %[c], %[c], %[d]\n\t"
      "ldr %[sh], [%[w], #32]\n\t"
      ".if %c[rectified]\n\t"
      "sub %[a], %[a], %[over]\n\t"
      "asr %[b], %[b], #8\n\t"
      "rsb %[c], %[over], %[c], asr #4\n\t"
      "rsb %[d], %[over], %[d], lsl #4\n\t"
      ".else\n\t"
      "rsb %[a], %[over], %[a], asr #3\n\t"
      "asr %[b], %[b], #11\n\t"
      "rsb %[c], %[over], %[c], asr #7\n\t"
      "rsb %[d], %[over], %[d], lsl #1\n\t"
      ".endif\n\t"
      ISEUL_FINISH_SUM("%[a]", "0") ISEUL_NEXT_SHIFT
      ISEUL_FINISH_SUM("%[b]", "8") ISEUL_NEXT_SHIFT
      ISEUL_FINISH_SUM("%[c]", "16") ISEUL_NEXT_SHIFT
      ISEUL_FINISH_SUM("%[d]", "24")
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [q] "=&r"(q), [u] "=&r"(u),
        [sh] "=&r"(sh)
      : [w] "r"(scales), [over] "r"(over), [rectified] "i"(kind == ISEUL_RECTIFIED),
        "m"(*(const int32_t (*)[9])scales)
      : "cc");
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
#else
  const uint32_t s0 = (uint32_t)s[0], s1 = (uint32_t)s[1], s2 = (uint32_t)s[2];
  const uint32_t s3 = (uint32_t)s[3];
  const int32_t a = (int32_t)(s0 - s1), b = (int32_t)(s1 - s2), c = (int32_t)(s2 - s3);
  const int more = kind == ISEUL_RECTIFIED ? 4 : 1;
  s[0] = iseul_finish_sum(scales, 0, (uint32_t)(a >> (4 - more)) - over, kind);
  s[1] = iseul_finish_sum(scales, 1, (uint32_t)(b >> (12 - more)), kind);
  s[2] = iseul_finish_sum(scales, 2, (uint32_t)(c >> (8 - more)) - over, kind);
  s[3] = iseul_finish_sum(scales, 3, (s3 << more) - over, kind);
#endif
  if (kind == ISEUL_CLAMPED) {
    s[0] = iseul_clamp(s[0], to->low, to->high);
    s[1] = iseul_clamp(s[1], to->low, to->high);
    s[2] = iseul_clamp(s[2], to->low, to->high);
    s[3] = iseul_clamp(s[3], to->low, to->high);
  }
}

// All outputs of a row.
//
// take   iseul_nibble_sums of a kernel, a function of its own: it needs all registers
// kind   a constant, so that each call is a loop of its own
// total  the sum of the row's inputs
ISEUL_INLINE void iseul_row_of_fours(const iseul_fours_s4_dsp_t *p, const int8_t *x,
                                     int32_t total, int8_t *out, iseul_nibble_sums_t take,
                                     int kind) {
  const int32_t *w = p->blocks;
  const int32_t n_words = p->depth / 2;
  const iseul_clamp_s8_t to = p->to;
  for (int32_t left = p->out_size; left > 0; left -= 4) {
    int32_t s[4];
    w = take(s, w, x, n_words);
    iseul_finish_nibbles(s, w, total, &to, kind);
    out[0] = (int8_t)s[0];
    if (left > 3) {
      out[1] = (int8_t)s[1];
      out[2] = (int8_t)s[2];
      out[3] = (int8_t)s[3];
    } else if (left > 1) {
      out[1] = (int8_t)s[1];
      if (left > 2) {
        out[2] = (int8_t)s[2];
      }
    }
    w += 9;
    out += 4;
  }
}

// iseul_row_of_fours as the outputs' clamp allows.
static inline void iseul_fours_of_kind(const iseul_fours_s4_dsp_t *p, const int8_t *x,
                                       int32_t total, int8_t *out, iseul_nibble_sums_t take) {
  const int kind = iseul_kind_of(&p->to);
  if (kind == ISEUL_RECTIFIED) {
    iseul_row_of_fours(p, x, total, out, take, ISEUL_RECTIFIED);
  } else if (kind == ISEUL_SATURATED) {
    iseul_row_of_fours(p, x, total, out, take, ISEUL_SATURATED);
  } else {
    iseul_row_of_fours(p, x, total, out, take, ISEUL_CLAMPED);
  }
}

// The sum of n values, a multiple of 8: as bytes that are 128 more, four to an instruction.
static inline int32_t iseul_total_of(const int8_t *x, int32_t n) {
#if ISEUL_HAS_DSP
  int32_t total = -128 * n;
  for (const int8_t *const end = x + n; x != end; x += 8) {
    const uint32_t v = iseul_load4(x) ^ 0x80808080u, u = iseul_load4(x + 4) ^ 0x80808080u;
    __asm__("usada8 %0, %1, %2, %0" : "+r"(total) : "r"(v), "r"(0));
    __asm__("usada8 %0, %1, %2, %0" : "+r"(total) : "r"(u), "r"(0));
  }
#else
  int32_t total = 0;
  for (int32_t i = 0; i < n; ++i) {
    total += x[i];
  }
#endif
  return total;
}

// The sum of four more values.
static inline int32_t iseul_add_four(int32_t total, uint32_t even, uint32_t odd) {
  return iseul_dot_pair(odd, 0x00010001u, iseul_dot_pair(even, 0x00010001u, total));
}

#endif
