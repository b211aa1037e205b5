// SPDX-License-Identifier: Apache-2.0
// iseul_joined.h: sums of products with rows of weights that are joined two by two.
//
// A joined row holds 256 a + b in 16 bits. Its sum of products is 256 (a . x) + b . x; b . x is
// made of the lower bytes alone, and what is left of the first, 8 bits shifted out, is a . x. So
// four products take two multiplications and one sign extension. The compiler joins only rows of
// which it is proved that 24 bits hold a . x (compile/prove.py).
#ifndef ISEUL_JOINED_H
#define ISEUL_JOINED_H

#include "iseul_dsp.h"

#if ISEUL_HAS_WIDE_BLOCKS
// Sums of four rows in registers a .. d, from w, x and end, the end of w; w and x are moved on.
// The registers of a .. d and of t0 .. t3 are in the order in which they are loaded.
#define ISEUL_JOINED_STEP(load) load              \
  "ldmia %[w]!, {%[t0], %[t1], %[t2], %[t3]}\n\t" \
  "smlad %[a], %[x0], %[t0], %[a]\n\t"            \
  "smlad %[c], %[x0], %[t1], %[c]\n\t"            \
  "smlad %[a], %[x1], %[t2], %[a]\n\t"            \
  "smlad %[c], %[x1], %[t3], %[c]\n\t"            \
  "sxtb16 %[t0], %[t0]\n\t"                       \
  "sxtb16 %[t1], %[t1]\n\t"                       \
  "sxtb16 %[t2], %[t2]\n\t"                       \
  "sxtb16 %[t3], %[t3]\n\t"                       \
  "smlad %[b], %[x0], %[t0], %[b]\n\t"            \
  "smlad %[d], %[x0], %[t1], %[d]\n\t"            \
  "smlad %[b], %[x1], %[t2], %[b]\n\t"            \
  "smlad %[d], %[x1], %[t3], %[d]\n\t"
#define ISEUL_LOAD_PAIRS "ldrd %[x0], %[x1], [%[x]], #8\n\t"
#define ISEUL_LOAD_BYTES       \
  "ldr %[x1], [%[x]], #4\n\t"  \
  "sxtb16 %[x0], %[x1]\n\t"    \
  "sxtb16 %[x1], %[x1], ror #8\n\t"
// Four steps in a loop, which is entered where n modulo 4 says: carry and sign of n + 1.
#define ISEUL_JOINED_SUMS(load)                  \
  "sub %[x0], %[end], %[w]\n\t"                  \
  "lsls %[x0], %[x0], #27\n\t"                   \
  "ldmia %[w]!, {%[a], %[b], %[c], %[d]}\n\t"    \
  "bcs 6f\n\t"                                   \
  "bpl 3f\n\t"                                   \
  "b 2f\n"                                       \
  "6:\n\t"                                       \
  "bpl 5f\n\t"                                   \
  "b 4f\n"                                       \
  "2:\n\t" ISEUL_JOINED_STEP(load)               \
  "3:\n\t" ISEUL_JOINED_STEP(load)               \
  "4:\n\t" ISEUL_JOINED_STEP(load)               \
  "5:\n\t" ISEUL_JOINED_STEP(load)               \
  "cmp %[w], %[end]\n\t"                         \
  "bne 2b\n\t"
#define ISEUL_JOINED_ROWS                        \
  ISEUL_JOINED_SUMS(ISEUL_LOAD_PAIRS)            \
  "sub %[a], %[a], %[b]\n\t"                     \
  "asr %[a], %[a], #8\n\t"                       \
  "sub %[c], %[c], %[d]\n\t"                     \
  "asr %[c], %[c], #8\n\t"
#endif

// Sums of four rows with x.
//
// w     four sums to start with: those of the joined rows a, b and c, d, each with that of b or d
//       behind it; per step of 4 inputs the pairs (0, 2) of both joined rows, then the pairs
//       (1, 3). Gives its end.
// n     steps, at least one
// x     per step: the pairs (0, 2) and (1, 3)
// sums  a, b, c, d
static inline const int32_t *iseul_joined_4x1(const int32_t *w, int32_t n, const uint32_t *x,
                                              int32_t sums[4]) {
#if ISEUL_HAS_WIDE_BLOCKS
  register int32_t a __asm__("r0");
  register int32_t b __asm__("r1");
  register int32_t c __asm__("r2");
  register int32_t d __asm__("r3");
  register uint32_t t0 __asm__("r8");
  register uint32_t t1 __asm__("r9");
  register uint32_t t2 __asm__("r10");
  register uint32_t t3 __asm__("r11");
  uint32_t x0, x1;
  const int32_t *const end = w + 4 * n + 4;
  __asm__ volatile(ISEUL_JOINED_ROWS
                   : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t0] "=&r"(t0),
                     [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [x0] "=&r"(x0),
                     [x1] "=&r"(x1), [w] "+r"(w), [x] "+r"(x)
                   : [end] "r"(end)
                   : "cc", "memory");
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
#else
  int32_t acc[4] = {w[0], w[1], w[2], w[3]};
  w += 4;
  for (; n > 0; --n) {
    for (int32_t k = 0; k < 4; ++k) {
      const uint32_t v = (uint32_t)w[k], pair = x[k / 2];
      int32_t *const to = acc + k % 2 * 2;
      to[0] = iseul_dot_pair(pair, v, to[0]);
      to[1] = iseul_dot_pair(pair, iseul_even_pair(v), to[1]);
    }
    w += 4;
    x += 2;
  }
  sums[0] = (int32_t)((uint32_t)acc[0] - (uint32_t)acc[1]) >> 8;
  sums[1] = acc[1];
  sums[2] = (int32_t)((uint32_t)acc[2] - (uint32_t)acc[3]) >> 8;
  sums[3] = acc[3];
#endif
  return w;
}

// The same for n > 0 values of x, and any alignment of it.
static inline const int32_t *iseul_joined_row(const int32_t *w, int32_t n, const int8_t *x,
                                              int32_t sums[4]) {
  const int32_t left = n % 4;
#if ISEUL_HAS_WIDE_BLOCKS
  register int32_t a __asm__("r0");
  register int32_t b __asm__("r1");
  register int32_t c __asm__("r2");
  register int32_t d __asm__("r3");
  register uint32_t t0 __asm__("r8");
  register uint32_t t1 __asm__("r9");
  register uint32_t t2 __asm__("r10");
  register uint32_t t3 __asm__("r11");
  if (n < 4) {
    a = w[0];
    b = w[1];
    c = w[2];
    d = w[3];
    w += 4;
  } else {
    uint32_t x0, x1;
    const int32_t *const end = w + n - left + 4;
    __asm__ volatile(ISEUL_JOINED_SUMS(ISEUL_LOAD_BYTES)
                     : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t0] "=&r"(t0),
                       [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [x0] "=&r"(x0),
                       [x1] "=&r"(x1), [w] "+r"(w), [x] "+r"(x)
                     : [end] "r"(end)
                     : "cc", "memory");
  }
  int32_t acc[4] = {a, b, c, d};
#else
  int32_t acc[4] = {w[0], w[1], w[2], w[3]};
  w += 4;
  for (int32_t i = 0; i + 4 <= n; i += 4) {
    const uint32_t v = iseul_load4(x);
    for (int32_t k = 0; k < 4; ++k) {
      const uint32_t pair = k < 2 ? iseul_even_pair(v) : iseul_odd_pair(v);
      int32_t *const to = acc + k % 2 * 2;
      to[0] = iseul_dot_pair(pair, (uint32_t)w[k], to[0]);
      to[1] = iseul_dot_pair(pair, iseul_even_pair((uint32_t)w[k]), to[1]);
    }
    w += 4;
    x += 4;
  }
#endif
  if (left > 0) {
    const uint32_t v = iseul_load_few(x, left);
    const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
    const uint32_t w0 = (uint32_t)w[0], w1 = (uint32_t)w[1];
    const uint32_t w2 = (uint32_t)w[2], w3 = (uint32_t)w[3];
    acc[0] = iseul_dot_pair(odd, w2, iseul_dot_pair(even, w0, acc[0]));
    acc[1] = iseul_dot_pair(even, iseul_even_pair(w0), acc[1]);
    acc[1] = iseul_dot_pair(odd, iseul_even_pair(w2), acc[1]);
    acc[2] = iseul_dot_pair(odd, w3, iseul_dot_pair(even, w1, acc[2]));
    acc[3] = iseul_dot_pair(even, iseul_even_pair(w1), acc[3]);
    acc[3] = iseul_dot_pair(odd, iseul_even_pair(w3), acc[3]);
    w += 4;
  }
  sums[0] = (int32_t)((uint32_t)acc[0] - (uint32_t)acc[1]) >> 8;
  sums[1] = acc[1];
  sums[2] = (int32_t)((uint32_t)acc[2] - (uint32_t)acc[3]) >> 8;
  sums[3] = acc[3];
  return w;
}

// n > 0 values as pairs (0, 2) and (1, 3) of each four, filled up with zeros. Gives their end.
static inline uint32_t *iseul_widen(uint32_t *pairs, const int8_t *x, int32_t n) {
  for (; n > 0; n -= 4) {
    const uint32_t v = n >= 4 ? iseul_load4(x) : iseul_load_few(x, n);
    pairs[0] = iseul_even_pair(v);
    pairs[1] = iseul_odd_pair(v);
    pairs += 2;
    x += 4;
  }
  return pairs;
}

// --- fully connected

typedef struct {
  int32_t rows, in_size, out_size;
  const int32_t *weights;  // of four outputs at a time, as iseul_joined_4x1 reads them
  iseul_output_s8_t output;
} iseul_joined_rows_s8_dsp_t;

void iseul_joined_wide_s8_dsp(const iseul_joined_rows_s8_dsp_t *p, const int8_t *in, int8_t *out,
                              int32_t *scratch);
void iseul_joined_rows_s8_dsp(const iseul_joined_rows_s8_dsp_t *p, const int8_t *in, int8_t *out);

#endif
