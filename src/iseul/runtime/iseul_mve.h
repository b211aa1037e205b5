// SPDX-License-Identifier: Apache-2.0
// iseul_mve.h: int8 kernels for Cortex-M cores with Helium (Armv8.1-M with MVE integers).
//
// Parameters, then functions; each function stands in the file of its name. Sums of products are
// made 16 bytes at a time; weights are packed ahead of time in the order in which the blocks
// read them, filled up with zeros to multiples of 16, so that bytes behind a window may be
// anything that can be read. Other compilers and cores get the same integers from plain C.
#ifndef ISEUL_MVE_H
#define ISEUL_MVE_H

#include <string.h>

#include "iseul_weighted.h"

// Blocks take most registers; clang keeps some for itself, and so does gcc without -O.
#if defined(__GNUC__) && defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__) && \
    !defined(__clang__)
#define ISEUL_HAS_MVE 1
#else
#define ISEUL_HAS_MVE 0
#endif

// Blocks are made once for each of their constants.
#if defined(__GNUC__)
#define ISEUL_INLINE static inline __attribute__((always_inline, unused))
#else
#define ISEUL_INLINE static inline
#endif

// --- bytes

// Copies n >= 0 bytes.
static inline void iseul_copy_mve(int8_t *to, const int8_t *x, int32_t n) {
#if ISEUL_HAS_MVE
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n"
      "1:\n\t"
      "vldrb.8 q0, [%[x]], #16\n\t"
      "vstrb.8 q0, [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to), [x] "+r"(x)
      : [n] "r"(n)
      : "q0", "lr", "memory");
#else
  memcpy(to, x, (size_t)n);
#endif
}

// n_rows >= 0 rows of n > 0 bytes, x_row bytes apart, one behind the other.
static inline void iseul_copy_rows_mve(int8_t *to, const int8_t *x, int32_t x_row, int32_t n,
                                       int32_t n_rows) {
#if ISEUL_HAS_MVE
  if (n <= 16) {
    __asm__ volatile(
        "vctp.8 %[n]\n\t"
        "wls lr, %[rows], 2f\n"
        "1:\n\t"
        "vpstt\n\t"
        "vldrbt.8 q0, [%[x]]\n\t"
        "vstrbt.8 q0, [%[to]]\n\t"
        "add %[x], %[x], %[x_row]\n\t"
        "add %[to], %[to], %[n]\n\t"
        "le lr, 1b\n"
        "2:"
        : [to] "+r"(to), [x] "+r"(x)
        : [n] "r"(n), [rows] "r"(n_rows), [x_row] "r"(x_row)
        : "q0", "lr", "memory");
    return;
  }
#endif
  for (; n_rows > 0; --n_rows) {
    iseul_copy_mve(to, x, n);
    to += n;
    x += x_row;
  }
}

// n >= 0 bytes of one value.
static inline void iseul_fill_mve(int8_t *to, int32_t value, int32_t n) {
#if ISEUL_HAS_MVE
  __asm__ volatile(
      "vdup.8 q0, %[value]\n\t"
      "wlstp.8 lr, %[n], 2f\n"
      "1:\n\t"
      "vstrb.8 q0, [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to)
      : [n] "r"(n), [value] "r"(value)
      : "q0", "lr", "memory");
#else
  memset(to, value, (size_t)n);
#endif
}

// --- from sums to int8

// How sums become int8: the clamp, and what it spares.
//
// `iseul_requantize` rounds twice: a rounding high multiply, then a rounding shift with ties away
// from zero. VQRDMULH is the first; VRSHL rounds ties up, which for sums below zero is put right
// by taking 1 off before it. Where results below zero_point are clamped anyway, ties below zero
// make no difference.
typedef struct {
  int32_t zero_point, low, high;
} iseul_clamp_s8_t;

static inline int32_t iseul_is_full_s8(const iseul_clamp_s8_t *o) {
  return o->low == -128 && o->high == 127;
}

static inline int32_t iseul_is_rectified_s8(const iseul_clamp_s8_t *o) {
  return o->low >= o->zero_point;
}

// Sum of n products, modulo 2^32.
static inline int32_t iseul_dot_mod(const int8_t *x, const int8_t *w, int32_t n) {
  uint32_t acc = 0;
  for (int32_t i = 0; i < n; ++i) {
    acc += (uint32_t)(x[i] * w[i]);
  }
  return (int32_t)acc;
}

// Word i of a table of bytes at a multiple of 4.
static inline int32_t iseul_word_at(const int8_t *x, int32_t i) {
  int32_t word;
  memcpy(&word, x + 4 * i, sizeof word);
  return word;
}

static inline int8_t iseul_finish_word_s8(const iseul_clamp_s8_t *o, int32_t acc, int32_t bias,
                                          int32_t multiplier, int32_t shift) {
  const int32_t sum = (int32_t)((uint32_t)acc + (uint32_t)bias);
  const int32_t q = iseul_requantize(sum, multiplier, shift) + o->zero_point;
  return (int8_t)iseul_clamp(q, o->low, o->high);
}

#if ISEUL_HAS_MVE
// Pieces of the blocks. Constants: `ties` is 1 where ties below zero matter, `full` is 1 where
// the clamp is that of int8.

// Vector v of sums, bias already added: times multipliers q1, shifted by q2; q3 is overwritten.
#define ISEUL_MVE_SCALE(v)                            \
  "vqrdmulh.s32 " v ", " v ", q1\n\t"                 \
  ".if %c[ties]\n\t"                                  \
  "vshr.s32 q3, " v ", #31\n\t"                       \
  "vadd.i32 " v ", " v ", q3\n\t"                     \
  ".endif\n\t"                                        \
  "vrshl.s32 " v ", " v ", q2\n\t"
// Plus the zero point z, clamped; where the clamp is not full it is q0 .. q1.
#define ISEUL_MVE_CLAMP(v, z)           \
  "vadd.i32 " v ", " v ", " z "\n\t"    \
  ".if %c[full]\n\t"                    \
  "vqshl.s32 " v ", " v ", #24\n\t"     \
  "vshr.s32 " v ", " v ", #24\n\t"      \
  ".else\n\t"                           \
  "vmax.s32 " v ", " v ", q0\n\t"       \
  "vmin.s32 " v ", " v ", q1\n\t"       \
  ".endif\n\t"
#endif

// --- blocks of four channels

#if ISEUL_HAS_MVE
// Two channels of three positions, 16 products each. MAC: vmladav at first, vmladava then; NEXT:
// how addresses of x move, which is forward for one pair of channels and backward for the other,
// so that they end where they began.
#define ISEUL_MVE_STEP(MAC, BEFORE, AFTER)        \
  "vldrb.8 q1, [%[w]], #16\n\t"                   \
  "vldrb.8 q0, [%[x0]" BEFORE "\n\t"              \
  "vldrb.8 q2, [%[w]], #16\n\t"                   \
  MAC ".s8 %[a0], q0, q1\n\t"                     \
  "vldrb.8 q3, [%[x1]" BEFORE "\n\t"              \
  MAC ".s8 %[b0], q0, q2\n\t"                     \
  MAC ".s8 %[a1], q3, q1\n\t"                     \
  "vldrb.8 q0, [%[x2]" BEFORE "\n\t"              \
  MAC ".s8 %[b1], q3, q2\n\t"                     \
  MAC ".s8 %[a2], q0, q1\n\t"                     \
  MAC ".s8 %[b2], q0, q2\n\t"
#define ISEUL_MVE_FORWARD(MAC) ISEUL_MVE_STEP(MAC, "], #16", )
#define ISEUL_MVE_BACKWARD(MAC) ISEUL_MVE_STEP(MAC, ", #-16]!", )
#endif

// Three positions of n_quads > 0 blocks of four channels. Gives the end of w.
//
// w      per block: for each step 16 weights of channel 0 and of channel 2; for each step from
//        the last to the first those of channels 1 and 3; biases, multipliers, shifts of all four
// steps  of 16 values, at least one
// x      16 * steps values of each position
// out    the first position; the other two `y` bytes behind it, which are written after it
ISEUL_INLINE const int8_t *iseul_quads_3(const int8_t *w, int32_t steps, const int8_t *const x[3],
                                          const iseul_clamp_s8_t *o, int32_t n_quads,
                                          int8_t *out, const int32_t y[2], const int32_t ties,
                                          const int32_t full) {
#if ISEUL_HAS_MVE
  const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2];
  // sums are made in even registers only, addresses of stored parts of vectors in low ones
  register int32_t a1 __asm__("r2");
  register int32_t a2 __asm__("r4");
  int32_t a0, b0, b1, b2;
  const int32_t more = steps - 1;
  // copies of its own: what these are read from would take a register
  const int32_t places[2] = {y[0], y[1]}, limits[2] = {o->low, o->high};
  const uint32_t others[2] = {(uint32_t)(w + n_quads * (64 * steps + 48)),
                              (uint32_t)o->zero_point};
  __asm__ volatile(
      "1:\n\t" ISEUL_MVE_FORWARD("vmladav")
      "ldr lr, %[more]\n\t"
      "wls lr, lr, 3f\n"
      "2:\n\t" ISEUL_MVE_FORWARD("vmladava")
      "le lr, 2b\n"
      "3:\n\t"
      "vmov q4[2], q4[0], %[a0], %[b0]\n\t"
      "vmov q5[2], q5[0], %[a1], %[b1]\n\t"
      "vmov q6[2], q6[0], %[a2], %[b2]\n\t"
      ISEUL_MVE_BACKWARD("vmladav")
      "ldr lr, %[more]\n\t"
      "wls lr, lr, 5f\n"
      "4:\n\t" ISEUL_MVE_BACKWARD("vmladava")
      "le lr, 4b\n"
      "5:\n\t"
      "vmov q4[3], q4[1], %[a0], %[b0]\n\t"
      "vmov q5[3], q5[1], %[a1], %[b1]\n\t"
      "vmov q6[3], q6[1], %[a2], %[b2]\n\t"
      "vldrw.u32 q0, [%[w]], #16\n\t"
      "vldrw.u32 q1, [%[w]], #16\n\t"
      "vldrw.u32 q2, [%[w]], #16\n\t"
      "vadd.i32 q4, q4, q0\n\t"
      "vadd.i32 q5, q5, q0\n\t"
      "vadd.i32 q6, q6, q0\n\t"
      "ldrd %[b0], %[a0], %[others]\n\t"
      ISEUL_MVE_SCALE("q4") ISEUL_MVE_SCALE("q5") ISEUL_MVE_SCALE("q6")
      ".if %c[full] == 0\n\t"
      "ldrd %[a1], %[a2], %[limits]\n\t"
      "vdup.32 q0, %[a1]\n\t"
      "vdup.32 q1, %[a2]\n\t"
      ".endif\n\t"
      ISEUL_MVE_CLAMP("q4", "%[a0]") ISEUL_MVE_CLAMP("q5", "%[a0]") ISEUL_MVE_CLAMP("q6", "%[a0]")
      "ldrd %[a1], %[a2], %[places]\n\t"
      "add %[a1], %[a1], %[out]\n\t"
      "add %[a2], %[a2], %[out]\n\t"
      "vstrb.32 q4, [%[out]], #4\n\t"
      "vstrb.32 q5, [%[a1]]\n\t"
      "vstrb.32 q6, [%[a2]]\n\t"
      "cmp %[b0], %[w]\n\t"
      "bne 1b\n\t"
      : [a0] "=&Te"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
        [b2] "=&Te"(b2), [w] "+&r"(w), [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2),
        [out] "+&l"(out)
      : [more] "m"(more), [places] "m"(places), [limits] "m"(limits), [others] "m"(others),
        [ties] "i"(ties), [full] "i"(full)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "lr", "cc", "memory");
  return w;
#else
  (void)ties;
  (void)full;
  for (; n_quads > 0; --n_quads) {
    const int8_t *const scales = w + 64 * steps;
    for (int32_t p = 0; p < 3; ++p) {
      int8_t *const to = p == 0 ? out : out + y[p - 1];
      for (int32_t k = 0; k < 4; ++k) {
        uint32_t acc = 0;
        for (int32_t s = 0; s < steps; ++s) {
          const int32_t at = k % 2 == 0 ? s : 2 * steps - 1 - s;
          acc += (uint32_t)iseul_dot_mod(x[p] + 16 * s, w + 32 * at + k / 2 * 16, 16);
        }
        to[k] = iseul_finish_word_s8(o, (int32_t)acc, iseul_word_at(scales, k),
                                     iseul_word_at(scales, 4 + k), iseul_word_at(scales, 8 + k));
      }
    }
    out += 4;
    w = scales + 48;
  }
  return w;
#endif
}

// One position of n_quads > 0 blocks of four channels. Gives the end of w.
//
// w      per block: for each step, the last one first, 16 weights of each channel in turn;
//        biases, multipliers, shifts
// depth  values of the position, at least one; nothing behind them is read
// out    four bytes per block
ISEUL_INLINE const int8_t *iseul_quads_1(const int8_t *w, int32_t depth, const int8_t *x,
                                          const iseul_clamp_s8_t *o, int32_t n_quads,
                                          int8_t *out, const int32_t ties, const int32_t full) {
  const int32_t more = (depth - 1) / 16, over = depth - 16 * more;
  const int8_t *const last = x + 16 * more;
#if ISEUL_HAS_MVE
  int32_t a0, a1, a2, a3;
  const int32_t zero_point = o->zero_point, low = o->low, high = o->high;
  const int8_t *next;
  __asm__ volatile(
      "vctp.8 %[over]\n"
      "1:\n\t"
      "vpst\n\t"
      "vldrbt.8 q0, [%[last]]\n\t"
      "vldrb.8 q1, [%[w]], #16\n\t"
      "vldrb.8 q2, [%[w]], #16\n\t"
      "vmladav.s8 %[a0], q0, q1\n\t"
      "vldrb.8 q1, [%[w]], #16\n\t"
      "vmladav.s8 %[a1], q0, q2\n\t"
      "vldrb.8 q2, [%[w]], #16\n\t"
      "vmladav.s8 %[a2], q0, q1\n\t"
      "vmladav.s8 %[a3], q0, q2\n\t"
      "mov %[next], %[x]\n\t"
      "wls lr, %[more], 3f\n"
      "2:\n\t"
      "vldrb.8 q0, [%[next]], #16\n\t"
      "vldrb.8 q1, [%[w]], #16\n\t"
      "vldrb.8 q2, [%[w]], #16\n\t"
      "vmladava.s8 %[a0], q0, q1\n\t"
      "vldrb.8 q1, [%[w]], #16\n\t"
      "vmladava.s8 %[a1], q0, q2\n\t"
      "vldrb.8 q2, [%[w]], #16\n\t"
      "vmladava.s8 %[a2], q0, q1\n\t"
      "vmladava.s8 %[a3], q0, q2\n\t"
      "le lr, 2b\n"
      "3:\n\t"
      "vmov q4[2], q4[0], %[a0], %[a2]\n\t"
      "vmov q4[3], q4[1], %[a1], %[a3]\n\t"
      "vldrw.u32 q0, [%[w]], #16\n\t"
      "vldrw.u32 q1, [%[w]], #16\n\t"
      "vldrw.u32 q2, [%[w]], #16\n\t"
      "vadd.i32 q4, q4, q0\n\t"
      ISEUL_MVE_SCALE("q4")
      ".if %c[full] == 0\n\t"
      "ldr %[a1], %[low]\n\t"
      "ldr %[a2], %[high]\n\t"
      "vdup.32 q0, %[a1]\n\t"
      "vdup.32 q1, %[a2]\n\t"
      ".endif\n\t"
      "ldr %[a0], %[zero_point]\n\t"
      ISEUL_MVE_CLAMP("q4", "%[a0]")
      "vstrb.32 q4, [%[out]], #4\n\t"
      "subs %[left], %[left], #1\n\t"
      "bne 1b\n\t"
      : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [w] "+&r"(w),
        [next] "=&r"(next), [out] "+&l"(out), [left] "+&r"(n_quads)
      : [x] "r"(x), [last] "r"(last), [more] "r"(more), [over] "r"(over),
        [zero_point] "m"(zero_point), [low] "m"(low), [high] "m"(high), [ties] "i"(ties),
        [full] "i"(full)
      : "q0", "q1", "q2", "q3", "q4", "lr", "cc", "memory");
  return w;
#else
  (void)ties;
  (void)full;
  for (; n_quads > 0; --n_quads) {
    const int8_t *const scales = w + 64 * (more + 1);
    for (int32_t k = 0; k < 4; ++k) {
      uint32_t acc = (uint32_t)iseul_dot_mod(last, w + 16 * k, over);
      for (int32_t s = 0; s < more; ++s) {
        acc += (uint32_t)iseul_dot_mod(x + 16 * s, w + 64 + 64 * s + 16 * k, 16);
      }
      out[k] = iseul_finish_word_s8(o, (int32_t)acc, iseul_word_at(scales, k),
                                    iseul_word_at(scales, 4 + k), iseul_word_at(scales, 8 + k));
    }
    out += 4;
    w = scales + 48;
  }
  return w;
#endif
}

// --- convolutions

typedef struct {
  iseul_window_t window;
  int32_t depth;           // values of a window, filled up to a multiple of 16
  const int8_t *channels;  // of four at a time, see `iseul_quads_3`
  int32_t in_zero_point;
  iseul_clamp_s8_t output;
} iseul_conv_s8_mve_t;

void iseul_conv2d_s8_mve(const iseul_conv_s8_mve_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch);

typedef struct {
  int32_t positions, in_c, out_c;
  int32_t depth;           // in_c, filled up to a multiple of 16
  const int8_t *channels;  // of four at a time, see `iseul_quads_3`
  iseul_clamp_s8_t output;
} iseul_pointwise_s8_mve_t;

void iseul_pointwise_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out);
void iseul_pointwise_tail_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch);

// Blocks of three positions; a constant for each kind of clamp.
ISEUL_INLINE const int8_t *iseul_quads_3_of(const iseul_clamp_s8_t *o, const int8_t *w,
                                             int32_t steps, const int8_t *const x[3],
                                             int32_t n_quads, int8_t *out, const int32_t y[2]) {
  if (!iseul_is_full_s8(o)) {
    return iseul_quads_3(w, steps, x, o, n_quads, out, y, 1, 0);
  }
  return iseul_is_rectified_s8(o) ? iseul_quads_3(w, steps, x, o, n_quads, out, y, 0, 1)
                                  : iseul_quads_3(w, steps, x, o, n_quads, out, y, 1, 1);
}

// All out_c channels of n = 1 .. 3 positions. Positions that are not there are given the first
// one's place, which is written again then; what is over of channels goes by way of `few`.
static ISEUL_NOINLINE void iseul_positions_mve(const iseul_clamp_s8_t *o, const int8_t *channels,
                                               int32_t depth, int32_t out_c,
                                               const int8_t *const x[3], int32_t n, int8_t *out) {
  const int8_t *const of[3] = {x[0], n > 1 ? x[1] : x[0], n > 2 ? x[2] : x[0]};
  const int8_t *w = channels;
  for (int32_t left = out_c; left > 0;) {
    int8_t few[12];
    const int32_t whole = left / 4;
    const int32_t y1 = whole == 0 ? 4 : n > 1 ? out_c : 0, y2 = n > 2 ? 2 * out_c : 0;
    const int32_t y[2] = {y1, whole == 0 ? 8 : y2};
    w = iseul_quads_3_of(o, w, depth / 16, of, whole == 0 ? 1 : whole, whole == 0 ? few : out, y);
    for (int32_t i = 0; whole == 0 && i < n; ++i) {
      for (int32_t k = 0; k < left; ++k) {
        out[i * out_c + k] = few[4 * i + k];
      }
    }
    out += 4 * whole;
    left = whole == 0 ? 0 : left - 4 * whole;
  }
}

// Positions [first, last) of a pointwise convolution, three at a time.
static inline void iseul_points_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in,
                                    int8_t *out, int32_t first, int32_t last) {
  for (int32_t i = first; i < last; i += 3) {
    const int8_t *const x = in + i * p->in_c;
    const int8_t *const of[3] = {x, x + p->in_c, x + 2 * p->in_c};
    iseul_positions_mve(&p->output, p->channels, p->depth, p->out_c, of,
                        last - i < 3 ? last - i : 3, out + i * p->out_c);
  }
}

// --- depthwise convolutions: the taps of a channel in a vector
//
// Sixteen channels become strips: for each column 64 bytes, four values of the first channel,
// four of the second .. The four are of rows below each other, or of neighbouring columns where
// kernels have one row. One word of a strip is four taps of a channel, and four words, from
// anywhere in the strip, make a vector of taps: one multiplication sums 16 of them.

typedef struct {
  iseul_window_t window;  // rows and columns swapped where this makes rows of outputs longer
  int32_t x_row, x_column, y_row, y_column;  // bytes between neighbours in and out
  int32_t four_rows, four_columns;  // from each of the four to the next one
  int32_t columns;         // of a strip, with padding and what is read beyond
  int32_t shared;          // output rows made of one strip, for each its taps move up by a row
  int32_t together;        // strips that are made before outputs are
  const int32_t *words;    // of 4: offset of each word of taps in a strip
  const int8_t *channels;  // per channel 16 weights; bias, multiplier, shift
  int32_t in_zero_point;
  iseul_clamp_s8_t output;
} iseul_depthwise_s8_mve_t;

void iseul_depthwise_conv2d_s8_mve(const iseul_depthwise_s8_mve_t *p, const int8_t *in,
                                   int8_t *out, int32_t *scratch);

// n >= 0 columns of up to 16 channels: four values at x, `step` bytes from column to column.
static ISEUL_NOINLINE void iseul_columns_mve(int8_t *to, const int8_t *const x[4],
                                             const int32_t step[4], int32_t n,
                                             int32_t channels) {
#if ISEUL_HAS_MVE
  const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
  __asm__ volatile(
      "vctp.8 %[channels]\n\t"
      "wls lr, %[n], 2f\n"
      "1:\n\t"
      "vpstttt\n\t"
      "vldrbt.8 q0, [%[x0]]\n\t"
      "vldrbt.8 q1, [%[x1]]\n\t"
      "vldrbt.8 q2, [%[x2]]\n\t"
      "vldrbt.8 q3, [%[x3]]\n\t"
      "add %[x0], %[x0], %[s0]\n\t"
      "add %[x1], %[x1], %[s1]\n\t"
      "add %[x2], %[x2], %[s2]\n\t"
      "add %[x3], %[x3], %[s3]\n\t"
      "vst40.8 {q0, q1, q2, q3}, [%[to]]\n\t"
      "vst41.8 {q0, q1, q2, q3}, [%[to]]\n\t"
      "vst42.8 {q0, q1, q2, q3}, [%[to]]\n\t"
      "vst43.8 {q0, q1, q2, q3}, [%[to]]!\n\t"
      "le lr, 1b\n"
      "2:"
      : [to] "+r"(to), [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2), [x3] "+r"(x3)
      : [s0] "r"(step[0]), [s1] "r"(step[1]), [s2] "r"(step[2]), [s3] "r"(step[3]), [n] "r"(n),
        [channels] "r"(channels)
      : "q0", "q1", "q2", "q3", "lr", "memory");
#else
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t c = 0; c < 16; ++c) {
      for (int32_t r = 0; r < 4; ++r) {
        *to++ = (int8_t)(c < channels ? x[r][i * step[r] + c] : 0);
      }
    }
  }
#endif
}

// The strip of up to 16 channels at `in` for windows whose first row is `row`.
static ISEUL_NOINLINE void iseul_strip_mve(const iseul_depthwise_s8_mve_t *p, const int8_t *in,
                                           int32_t row, int32_t channels, int8_t *to) {
  const iseul_window_t *const g = &p->window;
  const int32_t all = g->in_w - 3 * p->four_columns;  // columns whose four are inside
  int8_t padding[16];
  iseul_fill_mve(padding, p->in_zero_point, 16);
  int32_t column = -g->pad_left;
  for (int32_t left = p->columns; left > 0;) {
    const int32_t is_bulk = column >= 0 && column < all;
    const int32_t rest = column < 0 ? -column : is_bulk ? all - column : left;
    const int32_t n = !is_bulk && p->four_columns > 0 ? 1 : rest < left ? rest : left;
    if (!is_bulk && p->four_columns == 0) {
      iseul_fill_mve(to, p->in_zero_point, 64 * n);
    } else {
      const int8_t *x[4];
      int32_t step[4];
      for (int32_t r = 0; r < 4; ++r) {
        const int32_t y = row + r * p->four_rows, z = column + r * p->four_columns;
        const int32_t is_inside = y >= 0 && y < g->in_h && z >= 0 && z < g->in_w;
        x[r] = is_inside ? in + (y * p->x_row + z * p->x_column) : padding;
        step[r] = is_inside ? p->x_column : 0;
      }
      iseul_columns_mve(to, x, step, n, channels);
    }
    to += 64 * n;
    column += n;
    left -= n;
  }
}

// Rows of outputs of one channel.
typedef struct {
  const int32_t *words;     // of 4: offset of each word of taps
  int32_t rows, width;      // of outputs, at least one each
  int32_t strip;            // bytes from row to row of the strips
  int32_t y_row, y_column;  // bytes between outputs
} iseul_taps_rows_t;

#if ISEUL_HAS_MVE
// One sum of 16 taps, after moving to the next output's words.
#define ISEUL_MVE_TAPS(a)                \
  "vldrw.u32 q0, [q1, #%c[move]]!\n\t"   \
  "vmladav.s8 %[" a "], q0, q2\n\t"
// Sums of outputs 0, 2, 4, 6 in q4 and 1, 3, 5, 7 in q5 become the low bytes of q4.
#define ISEUL_MVE_FINISH_8                       \
  "vadd.i32 q4, q4, %[bias]\n\t"                 \
  "vadd.i32 q5, q5, %[bias]\n\t"                 \
  "vqrdmulh.s32 q4, q4, %[multiplier]\n\t"       \
  "vqrdmulh.s32 q5, q5, %[multiplier]\n\t"       \
  ".if %c[ties]\n\t"                             \
  "vshr.s32 q3, q4, #31\n\t"                     \
  "vadd.i32 q4, q4, q3\n\t"                      \
  "vshr.s32 q3, q5, #31\n\t"                     \
  "vadd.i32 q5, q5, q3\n\t"                      \
  ".endif\n\t"                                   \
  "vrshl.s32 q4, %[shift]\n\t"                   \
  "vrshl.s32 q5, %[shift]\n\t"                   \
  "vqmovnb.s32 q4, q4\n\t"                       \
  "vqmovnt.s32 q4, q5\n\t"                       \
  "vqadd.s16 q4, q4, %[a0]\n\t"                  \
  ".if %c[full]\n\t"                             \
  "vqmovnb.s16 q4, q4\n\t"                       \
  ".else\n\t"                                    \
  "ldrd %[a0], %[a2], %[limits]\n\t"             \
  "vdup.16 q3, %[a0]\n\t"                        \
  "vmax.s16 q4, q4, q3\n\t"                      \
  "vdup.16 q3, %[a2]\n\t"                        \
  "vmin.s16 q4, q4, q3\n\t"                      \
  ".endif\n\t"
#endif

// All outputs of one channel, eight at a time, or four where no more are left of a row.
//
// w      16 weights, each word of which is moved up by `moved` bits; bias, multiplier, shift
// base   of the first row: what `words` are offsets of
// move   bytes from an output's words to the next one's
ISEUL_INLINE void iseul_taps_mve(const iseul_taps_rows_t *t, const int8_t *w, int32_t moved,
                                 const int8_t *base, const iseul_clamp_s8_t *o, int8_t *out,
                                 const int32_t move, const int32_t ties, const int32_t full) {
  const int32_t bias = iseul_word_at(w, 4), multiplier = iseul_word_at(w, 5);
  const int32_t shift = iseul_word_at(w, 6);
#if ISEUL_HAS_MVE
  // copies of its own: what these are read from would take a register
  uint32_t at[2] = {(uint32_t)(base - move), (uint32_t)out};
  int32_t left[2] = {t->width, t->rows};
  const int32_t steps[2] = {t->strip, t->y_row}, rest[2] = {o->zero_point, 8 * t->y_column};
  const int32_t limits[2] = {o->low, o->high};
  uint32_t a0 = (uint32_t)t->words, a1 = (uint32_t)w, a2 = (uint32_t)moved;
  uint32_t a3 = (uint32_t)t->y_column, a4, n, y;
  __asm__ volatile(
      "vldrw.u32 q7, [%[a0]]\n\t"
      "vldrb.8 q2, [%[a1]]\n\t"
      "vshl.u32 q2, %[a2]\n\t"
      "mov %[a0], #0\n\t"
      "vidup.u16 q6, %[a0], #1\n\t"
      "vmul.i16 q6, q6, %[a3]\n"
      "1:\n\t"
      "ldrd %[a0], %[y], %[at]\n\t"
      "ldrd %[a1], %[a2], %[steps]\n\t"
      "ldr %[n], %[left]\n\t"
      "vadd.i32 q1, q7, %[a0]\n\t"
      "add %[a0], %[a0], %[a1]\n\t"
      "add %[a2], %[a2], %[y]\n\t"
      "strd %[a0], %[a2], %[at]\n"
      "2:\n\t"
      "cmp %[n], #4\n\t"
      "ble 3f\n\t" ISEUL_MVE_TAPS("a0") ISEUL_MVE_TAPS("a1") ISEUL_MVE_TAPS("a2")
      ISEUL_MVE_TAPS("a3") ISEUL_MVE_TAPS("a4")
      "vmov q4[2], q4[0], %[a0], %[a4]\n\t" ISEUL_MVE_TAPS("a0")
      "vmov q5[2], q5[0], %[a1], %[a0]\n\t" ISEUL_MVE_TAPS("a0")
      "vmov q4[3], q4[1], %[a2], %[a0]\n\t" ISEUL_MVE_TAPS("a0")
      "vmov q5[3], q5[1], %[a3], %[a0]\n\t"
      "b 4f\n"
      "3:\n\t" ISEUL_MVE_TAPS("a0") ISEUL_MVE_TAPS("a1") ISEUL_MVE_TAPS("a2")
      ISEUL_MVE_TAPS("a3")
      "vmov q4[2], q4[0], %[a0], %[a0]\n\t"
      "vmov q5[2], q5[0], %[a1], %[a1]\n\t"
      "vmov q4[3], q4[1], %[a2], %[a2]\n\t"
      "vmov q5[3], q5[1], %[a3], %[a3]\n"
      "4:\n\t"
      "ldrd %[a0], %[a1], %[rest]\n\t" ISEUL_MVE_FINISH_8
      "vctp.16 %[n]\n\t"
      "vpst\n\t"
      "vstrbt.16 q4, [%[y], q6]\n\t"
      "add %[y], %[y], %[a1]\n\t"
      "subs %[n], %[n], #8\n\t"
      "bgt 2b\n\t"
      "ldrd %[a0], %[a1], %[left]\n\t"
      "subs %[a1], %[a1], #1\n\t"
      "strd %[a0], %[a1], %[left]\n\t"
      "bne 1b\n\t"
      : [a0] "+&Te"(a0), [a1] "+&Te"(a1), [a2] "+&Te"(a2), [a3] "+&Te"(a3), [a4] "=&Te"(a4),
        [n] "=&r"(n), [y] "=&r"(y), [at] "+m"(at), [left] "+m"(left)
      : [bias] "r"(bias), [multiplier] "r"(multiplier), [shift] "r"(shift), [steps] "m"(steps),
        [rest] "m"(rest), [limits] "m"(limits), [move] "i"(move), [ties] "i"(ties),
        [full] "i"(full)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory");
#else
  (void)ties;
  (void)full;
  int8_t taps[16] = {0};
  for (int32_t i = 0; i < 16; ++i) {
    if (8 * (i % 4) >= moved) {
      taps[i] = w[i - moved / 8];
    }
  }
  for (int32_t i = 0; i < t->rows; ++i) {
    for (int32_t j = 0; j < t->width; ++j) {
      uint32_t acc = 0;
      for (int32_t k = 0; k < 4; ++k) {
        acc += (uint32_t)iseul_dot_mod(base + i * t->strip + j * move + t->words[k], taps + 4 * k,
                                       4);
      }
      out[i * t->y_row + j * t->y_column] =
          iseul_finish_word_s8(o, (int32_t)acc, bias, multiplier, shift);
    }
  }
#endif
}

// --- fully connected

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *channels;  // of four at a time, see `iseul_quads_1`
  iseul_clamp_s8_t output;
} iseul_fully_connected_s8_mve_t;

void iseul_fully_connected_s8_mve(const iseul_fully_connected_s8_mve_t *p, const int8_t *in,
                                  int8_t *out);

#endif
