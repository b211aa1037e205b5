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

#include "iseul_dsp.h"

// Blocks take all registers, which compilers only give away where they optimize.
#if defined(__GNUC__) && defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#define ISEUL_HAS_MVE 1
#else
#define ISEUL_HAS_MVE 0
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

// n >= 0 pieces of `size` = 1 .. 16 bytes; x_step and to_step from piece to piece.
static inline void iseul_pieces_mve(int8_t *to, int32_t to_step, const int8_t *x, int32_t x_step,
                                    int32_t size, int32_t n) {
#if ISEUL_HAS_MVE
  __asm__ volatile(
      "vctp.8 %[size]\n\t"
      "wls lr, %[n], 2f\n"
      "1:\n\t"
      "vpstt\n\t"
      "vldrbt.8 q0, [%[x]]\n\t"
      "vstrbt.8 q0, [%[to]]\n\t"
      "add %[x], %[x], %[x_step]\n\t"
      "add %[to], %[to], %[to_step]\n\t"
      "le lr, 1b\n"
      "2:"
      : [to] "+r"(to), [x] "+r"(x)
      : [size] "r"(size), [n] "r"(n), [x_step] "r"(x_step), [to_step] "r"(to_step)
      : "q0", "lr", "memory");
#else
  for (; n > 0; --n) {
    memcpy(to, x, (size_t)size);
    to += to_step;
    x += x_step;
  }
#endif
}

// n_rows >= 0 rows of n > 0 bytes, x_row bytes apart, one behind the other.
static inline void iseul_rows_mve(int8_t *to, const int8_t *x, int32_t x_row, int32_t n,
                                  int32_t n_rows) {
  if (n <= 16) {
    iseul_pieces_mve(to, n, x, x_row, n, n_rows);
    return;
  }
  for (; n_rows > 0; --n_rows) {
    iseul_copy_mve(to, x, n);
    to += n;
    x += x_row;
  }
}

// n > 0 windows of n_rows > 0 rows of `size` = 1 .. 16 bytes, one behind the other, x_row bytes
// apart; x_step and pitch from window to window.
static inline void iseul_windows_mve(int8_t *to, int32_t pitch, const int8_t *x, int32_t x_step,
                                     int32_t x_row, int32_t size, int32_t n_rows, int32_t n) {
#if ISEUL_HAS_MVE
  const int8_t *from;
  __asm__ volatile(
      "vctp.8 %[size]\n"
      "1:\n\t"
      "mov %[from], %[x]\n\t"
      "dls lr, %[rows]\n"
      "2:\n\t"
      "vpstt\n\t"
      "vldrbt.8 q0, [%[from]]\n\t"
      "vstrbt.8 q0, [%[to]]\n\t"
      "add %[from], %[from], %[x_row]\n\t"
      "add %[to], %[to], %[size]\n\t"
      "le lr, 2b\n\t"
      "add %[x], %[x], %[x_step]\n\t"
      "add %[to], %[to], %[gap]\n\t"
      "subs %[n], %[n], #1\n\t"
      "bne 1b"
      : [to] "+r"(to), [x] "+r"(x), [n] "+r"(n), [from] "=&r"(from)
      : [size] "r"(size), [rows] "r"(n_rows), [x_row] "r"(x_row), [x_step] "r"(x_step),
        [gap] "r"(pitch - n_rows * size)
      : "q0", "lr", "cc", "memory");
#else
  for (; n > 0; --n) {
    iseul_pieces_mve(to, size, x, x_row, size, n_rows);
    to += pitch;
    x += x_step;
  }
#endif
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
} iseul_clamp_mve_t;

static inline int32_t iseul_is_full_s8(const iseul_clamp_mve_t *o) {
  return o->low == -128 && o->high == 127;
}

static inline int32_t iseul_is_rectified_s8(const iseul_clamp_mve_t *o) {
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

static inline int8_t iseul_finish_word_s8(const iseul_clamp_mve_t *o, int32_t acc, int32_t bias,
                                          int32_t multiplier, int32_t shift) {
  const int32_t sum = (int32_t)((uint32_t)acc + (uint32_t)bias);
  const int32_t q = iseul_requantize(sum, multiplier, shift) + o->zero_point;
  return (int8_t)iseul_clamp(q, o->low, o->high);
}

#if ISEUL_HAS_MVE
// Pieces of the blocks, which name registers: r11 is what a block is told. Constants: `ties` is 1
// where ties below zero matter, `full` is 1 where the clamp is that of int8.
#define ISEUL_MVE_ALL                                                                           \
  "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1",  \
      "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory"

// Vector v of sums, bias already added: times multipliers q1, shifted by q2; q3 is overwritten.
#define ISEUL_MVE_SCALE(v)                            \
  "vqrdmulh.s32 " v ", " v ", q1\n\t"                 \
  ".if %c[ties]\n\t"                                  \
  "vshr.s32 q3, " v ", #31\n\t"                       \
  "vadd.i32 " v ", " v ", q3\n\t"                     \
  ".endif\n\t"                                        \
  "vrshl.s32 " v ", " v ", q2\n\t"
// Plus the zero point r8, clamped; where the clamp is not full it is q0 .. q1.
#define ISEUL_MVE_CLAMP(v)                  \
  "vadd.i32 " v ", " v ", r8\n\t"           \
  ".if %c[full]\n\t"                        \
  "vqshl.s32 " v ", " v ", #24\n\t"         \
  "vshr.s32 " v ", " v ", #24\n\t"          \
  ".else\n\t"                               \
  "vmax.s32 " v ", " v ", q0\n\t"           \
  "vmin.s32 " v ", " v ", q1\n\t"           \
  ".endif\n\t"
#define ISEUL_MVE_LIMITS(place)             \
  ".if %c[full] == 0\n\t"                   \
  "ldrd r2, r4, [r11, #" place "]\n\t"      \
  "vdup.32 q0, r2\n\t"                      \
  "vdup.32 q1, r4\n\t"                      \
  ".endif\n\t"
#endif

// --- blocks of four channels

// Blocks of three positions, or one position.
typedef struct {
  const int8_t *x[3];          // values of each position; of one: its last step, and then all
  int8_t *out;                 // of the first position
  const int8_t *w;             // packed weights and scales
  int32_t more;                // steps of 16 values but one
  int32_t y[2];                // bytes from the first position's output to that of the others
  int32_t blocks;              // at least one
  int32_t x_step, out_step;    // bytes from block to block
  const int8_t *end;           // of w
  int32_t zero_point, low, high;
  int32_t over;                // channels of the last four that are there, 1 .. 4
} iseul_blocks_mve_t;

// Bytes of n channels in fours, of which each has so many steps: weights and scales.
static inline int32_t iseul_bytes_of_fours(int32_t n, int32_t steps) {
  return (n + 3) / 4 * (64 * steps + 48);
}

#if ISEUL_HAS_MVE
// Two channels of three positions, 16 products each. MAC: vmladav at first, vmladava then.
// Addresses of x move forward for one pair of channels and backward for the other, so that they
// end where they began.
#define ISEUL_MVE_STEP(MAC, MOVE)        \
  "vldrb.8 q1, [r9], #16\n\t"            \
  "vldrb.8 q0, [r1" MOVE "\n\t"          \
  "vldrb.8 q2, [r9], #16\n\t"            \
  MAC ".s8 r0, q0, q1\n\t"               \
  "vldrb.8 q3, [r3" MOVE "\n\t"          \
  MAC ".s8 r6, q0, q2\n\t"               \
  MAC ".s8 r2, q3, q1\n\t"               \
  "vldrb.8 q0, [r5" MOVE "\n\t"          \
  MAC ".s8 r8, q3, q2\n\t"               \
  MAC ".s8 r4, q0, q1\n\t"               \
  MAC ".s8 r10, q0, q2\n\t"
#define ISEUL_MVE_FORWARD(MAC) ISEUL_MVE_STEP(MAC, "], #16")
#define ISEUL_MVE_BACKWARD(MAC) ISEUL_MVE_STEP(MAC, ", #-16]!")
#endif

// Three positions at a time.
//
// w  per block of four channels: for each step 16 weights of channel 0 and of channel 2; for each
//    step from the last to the first those of channels 1 and 3; biases, multipliers, shifts
ISEUL_INLINE void iseul_threes_mve(iseul_blocks_mve_t *b, const int32_t ties, const int32_t full) {
#if ISEUL_HAS_MVE
  register iseul_blocks_mve_t *r0 __asm__("r0") = b;
  __asm__ volatile(
      "mov r11, r0\n"
      "1:\n\t"
      "ldrd r1, r3, [r11]\n\t"
      "ldrd r5, r7, [r11, #8]\n\t"
      "ldrd r9, r12, [r11, #16]\n"
      "2:\n\t" ISEUL_MVE_FORWARD("vmladav")
      "wls lr, r12, 4f\n"
      "3:\n\t" ISEUL_MVE_FORWARD("vmladava")
      "le lr, 3b\n"
      "4:\n\t"
      "vmov q4[2], q4[0], r0, r6\n\t"
      "vmov q5[2], q5[0], r2, r8\n\t"
      "vmov q6[2], q6[0], r4, r10\n\t" ISEUL_MVE_BACKWARD("vmladav")
      "wls lr, r12, 6f\n"
      "5:\n\t" ISEUL_MVE_BACKWARD("vmladava")
      "le lr, 5b\n"
      "6:\n\t"
      "vmov q4[3], q4[1], r0, r6\n\t"
      "vmov q5[3], q5[1], r2, r8\n\t"
      "vmov q6[3], q6[1], r4, r10\n\t"
      "vldrw.u32 q0, [r9], #16\n\t"
      "vldrw.u32 q1, [r9], #16\n\t"
      "vldrw.u32 q2, [r9], #16\n\t"
      "vadd.i32 q4, q4, q0\n\t"
      "vadd.i32 q5, q5, q0\n\t"
      "vadd.i32 q6, q6, q0\n\t"
      "ldrd r0, r8, [r11, #44]\n\t"
      ISEUL_MVE_SCALE("q4") ISEUL_MVE_SCALE("q5") ISEUL_MVE_SCALE("q6") ISEUL_MVE_LIMITS("52")
      ISEUL_MVE_CLAMP("q4") ISEUL_MVE_CLAMP("q5") ISEUL_MVE_CLAMP("q6")
      "ldrd r2, r4, [r11, #24]\n\t"
      "cmp r9, r0\n\t"
      "add r2, r2, r7\n\t"
      "add r4, r4, r7\n\t"
      "beq 7f\n\t"
      "vstrb.32 q4, [r7], #4\n\t"
      "vstrb.32 q5, [r2]\n\t"
      "vstrb.32 q6, [r4]\n\t"
      "b 2b\n"
      "7:\n\t"
      "ldr r0, [r11, #60]\n\t"
      "vctp.32 r0\n\t"
      "vpsttt\n\t"
      "vstrbt.32 q4, [r7]\n\t"
      "vstrbt.32 q5, [r2]\n\t"
      "vstrbt.32 q6, [r4]\n\t"
      "ldrd r0, r2, [r11, #32]\n\t"
      "subs r0, r0, #1\n\t"
      "beq 8f\n\t"
      "ldr r4, [r11, #40]\n\t"
      "ldr r7, [r11, #12]\n\t"
      "str r0, [r11, #32]\n\t"
      "add r1, r1, r2\n\t"
      "add r3, r3, r2\n\t"
      "add r5, r5, r2\n\t"
      "add r7, r7, r4\n\t"
      "strd r1, r3, [r11]\n\t"
      "strd r5, r7, [r11, #8]\n\t"
      "b 1b\n"
      "8:"
      : "+r"(r0)
      : [ties] "i"(ties), [full] "i"(full)
      : ISEUL_MVE_ALL);
#else
  (void)ties;
  (void)full;
  const iseul_clamp_mve_t clamp = {b->zero_point, b->low, b->high};
  const int32_t steps = b->more + 1;
  for (int32_t i = 0; i < b->blocks; ++i) {
    for (const int8_t *w = b->w; w != b->end; w += 64 * steps + 48) {
      const int8_t *const scales = w + 64 * steps;
      const int32_t first = 4 * (int32_t)((w - b->w) / (64 * steps + 48));
      const int32_t n = scales + 48 == b->end ? b->over : 4;
      for (int32_t p = 0; p < 3; ++p) {
        int8_t *const to = b->out + (i * b->out_step + (p == 0 ? 0 : b->y[p - 1]) + first);
        for (int32_t k = 0; k < n; ++k) {
          uint32_t acc = 0;
          for (int32_t s = 0; s < steps; ++s) {
            const int32_t at = k % 2 == 0 ? s : 2 * steps - 1 - s;
            acc += (uint32_t)iseul_dot_mod(b->x[p] + (i * b->x_step + 16 * s),
                                           w + (32 * at + k / 2 * 16), 16);
          }
          to[k] = iseul_finish_word_s8(&clamp, (int32_t)acc, iseul_word_at(scales, k),
                                       iseul_word_at(scales, 4 + k), iseul_word_at(scales, 8 + k));
        }
      }
    }
  }
#endif
}

// One position.
//
// x     its last step, `tail` values of it, then the position itself; nothing behind it is read
// w     per block of four channels: for each step, the last one first, 16 weights of each channel
//       in turn; biases, multipliers, shifts
ISEUL_INLINE void iseul_one_mve(const iseul_blocks_mve_t *b, int32_t tail, const int32_t ties,
                                const int32_t full) {
#if ISEUL_HAS_MVE
  register const iseul_blocks_mve_t *r0 __asm__("r0") = b;
  register int32_t r1 __asm__("r1") = tail;
  __asm__ volatile(
      "mov r11, r0\n\t"
      "vctp.8 r1\n\t"
      "ldrd r5, r3, [r11]\n\t"
      "ldrd r7, r9, [r11, #12]\n\t"
      "ldr r12, [r11, #20]\n\t"
      "ldrd r10, r8, [r11, #44]\n"
      "1:\n\t"
      "vpst\n\t"
      "vldrbt.8 q0, [r5]\n\t"
      "vldrb.8 q1, [r9], #16\n\t"
      "vldrb.8 q2, [r9], #16\n\t"
      "vmladav.s8 r0, q0, q1\n\t"
      "vldrb.8 q1, [r9], #16\n\t"
      "vmladav.s8 r2, q0, q2\n\t"
      "vldrb.8 q2, [r9], #16\n\t"
      "vmladav.s8 r4, q0, q1\n\t"
      "vmladav.s8 r6, q0, q2\n\t"
      "mov r1, r3\n\t"
      "wls lr, r12, 3f\n"
      "2:\n\t"
      "vldrb.8 q0, [r1], #16\n\t"
      "vldrb.8 q1, [r9], #16\n\t"
      "vldrb.8 q2, [r9], #16\n\t"
      "vmladava.s8 r0, q0, q1\n\t"
      "vldrb.8 q1, [r9], #16\n\t"
      "vmladava.s8 r2, q0, q2\n\t"
      "vldrb.8 q2, [r9], #16\n\t"
      "vmladava.s8 r4, q0, q1\n\t"
      "vmladava.s8 r6, q0, q2\n\t"
      "le lr, 2b\n"
      "3:\n\t"
      "vmov q4[2], q4[0], r0, r4\n\t"
      "vmov q4[3], q4[1], r2, r6\n\t"
      "vldrw.u32 q0, [r9], #16\n\t"
      "vldrw.u32 q1, [r9], #16\n\t"
      "vldrw.u32 q2, [r9], #16\n\t"
      "vadd.i32 q4, q4, q0\n\t"
      ISEUL_MVE_SCALE("q4") ISEUL_MVE_LIMITS("52") ISEUL_MVE_CLAMP("q4")
      "cmp r9, r10\n\t"
      "beq 4f\n\t"
      "vstrb.32 q4, [r7], #4\n\t"
      "b 1b\n"
      "4:\n\t"
      "ldr r0, [r11, #60]\n\t"
      "vctp.32 r0\n\t"
      "vpst\n\t"
      "vstrbt.32 q4, [r7]\n\t"
      : "+r"(r0), "+r"(r1)
      : [ties] "i"(ties), [full] "i"(full)
      : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1",
        "q2", "q3", "q4", "cc", "memory");
#else
  (void)ties;
  (void)full;
  const iseul_clamp_mve_t clamp = {b->zero_point, b->low, b->high};
  int8_t *to = b->out;
  for (const int8_t *w = b->w; w != b->end; w += 64 * b->more + 112) {
    const int8_t *const scales = w + 64 * (b->more + 1);
    const int32_t n = scales + 48 == b->end ? b->over : 4;
    for (int32_t k = 0; k < n; ++k) {
      uint32_t acc = (uint32_t)iseul_dot_mod(b->x[0], w + 16 * k, tail);
      for (int32_t s = 0; s < b->more; ++s) {
        acc += (uint32_t)iseul_dot_mod(b->x[1] + 16 * s, w + (64 + 64 * s + 16 * k), 16);
      }
      *to++ = iseul_finish_word_s8(&clamp, (int32_t)acc, iseul_word_at(scales, k),
                                   iseul_word_at(scales, 4 + k), iseul_word_at(scales, 8 + k));
    }
  }
#endif
}

static ISEUL_NOINLINE void iseul_threes_of(iseul_blocks_mve_t *b, const iseul_clamp_mve_t *o) {
  if (!iseul_is_full_s8(o)) {
    iseul_threes_mve(b, 1, 0);
  } else if (iseul_is_rectified_s8(o)) {
    iseul_threes_mve(b, 0, 1);
  } else {
    iseul_threes_mve(b, 1, 1);
  }
}

static inline iseul_blocks_mve_t iseul_blocks_of(const iseul_clamp_mve_t *o, const int8_t *w,
                                                 int32_t depth, int32_t out_c) {
  const int8_t *const end = w + iseul_bytes_of_fours(out_c, depth / 16);
  const iseul_blocks_mve_t b = {{w, w, w}, 0, w, depth / 16 - 1, {0, 0}, 1, 0, 0, end,
                                o->zero_point, o->low, o->high, (out_c - 1) % 4 + 1};
  return b;
}

// n >= 0 positions from x on, x_step bytes apart, all channels of them. Positions that are not
// there in the last block are its first one again.
static ISEUL_NOINLINE void iseul_positions_mve(iseul_blocks_mve_t *b, const iseul_clamp_mve_t *o,
                                               const int8_t *x, int32_t x_step, int32_t out_c,
                                               int32_t n, int8_t *out) {
  while (n > 0) {
    const int32_t blocks = n / 3, made = blocks > 0 ? 3 * blocks : n;
    b->x[0] = x;
    b->x[1] = n > 1 ? x + x_step : x;
    b->x[2] = n > 2 ? x + 2 * x_step : x;
    b->y[0] = n > 1 ? out_c : 0;
    b->y[1] = n > 2 ? 2 * out_c : 0;
    b->out = out;
    b->blocks = blocks > 0 ? blocks : 1;
    b->x_step = 3 * x_step;
    b->out_step = 3 * out_c;
    iseul_threes_of(b, o);
    x += made * x_step;
    out += made * out_c;
    n -= made;
  }
}

// --- convolutions

typedef struct {
  iseul_window_t window;
  int32_t depth;           // values of a window, filled up to a multiple of 16
  int32_t columns;         // of a row of windows that share them; 0: each window has its own
  int32_t pitch;           // bytes from window to window in scratch
  int32_t together;        // windows of a row that are made at once, at most out_w
  int32_t rows;            // 3: whole rows are made three at a time, as long as there are three
  int32_t row_bytes;       // of scratch for the windows of a row
  const int8_t *channels;  // of four at a time, see `iseul_threes_mve`
  int32_t in_zero_point;
  iseul_clamp_mve_t output;
} iseul_conv_s8_mve_t;

void iseul_conv2d_s8_mve(const iseul_conv_s8_mve_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch);

typedef struct {
  int32_t positions, in_c, out_c;
  int32_t depth;           // in_c, filled up to a multiple of 16
  const int8_t *channels;  // of four at a time, see `iseul_threes_mve`
  iseul_clamp_mve_t output;
} iseul_pointwise_s8_mve_t;

void iseul_pointwise_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out);
void iseul_pointwise_tail_s8_mve(const iseul_pointwise_s8_mve_t *p, const int8_t *in, int8_t *out,
                                 int32_t *scratch);

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
  int32_t paired;          // 1: the words of an output and of the next one are four
  const int32_t *words;    // of 4: offset of each word of taps in a strip
  const int8_t *channels;  // per channel 16 weights; bias, multiplier, shift
  int32_t in_zero_point;
  iseul_clamp_mve_t output;
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

// All outputs of some channels in rows.
typedef struct {
  const int32_t *words;        // of 4: offset of each word of taps
  int32_t y_column;            // bytes between outputs of a row
  const int8_t *w;             // per channel 16 weights; bias, multiplier, shift
  int32_t channels;            // at least one
  const int8_t *base;          // of the first row: what `words` are offsets of
  int8_t *out;                 // of the first channel
  int32_t strip;               // bytes from row to row of the strips
  int32_t y_next;              // from the output behind a row, counted in eights, to the next row
  int32_t width, rows;         // of outputs, at least one each
  int32_t zero_point, eight;   // eight: bytes between outputs eight apart
  int32_t low, high;
  int32_t moved;               // bits that each word of weights is moved up by
} iseul_taps_mve_t;

#if ISEUL_HAS_MVE
// One sum of 16 taps, after moving to the next output's words; or sums of two neighbours, whose
// taps lie in the same four words, the second one's a word further.
#define ISEUL_MVE_TAPS(a)                \
  "vldrw.u32 q0, [q1, #%c[move]]!\n\t"   \
  "vmladav.s8 " a ", q0, q2\n\t"
#define ISEUL_MVE_TWO(a, b)                \
  ".if %c[paired]\n\t" ISEUL_MVE_TAPS(a)   \
  "vmladav.s8 " b ", q0, q3\n\t"           \
  ".else\n\t" ISEUL_MVE_TAPS(a) ISEUL_MVE_TAPS(b) \
  ".endif\n\t"
#endif

// Eight outputs at a time, or four where no more are left of a row.
//
// move    bytes from an output's words to the next one's; where `paired`, to the next but one's
// paired  kernels have up to three columns, and a word of the next one stands behind theirs
ISEUL_INLINE void iseul_taps_mve(iseul_taps_mve_t *t, const int32_t move, const int32_t paired,
                                 const int32_t ties, const int32_t full) {
#if ISEUL_HAS_MVE
  t->base -= move;
  register iseul_taps_mve_t *r0 __asm__("r0") = t;
  __asm__ volatile(
      "mov r11, r0\n\t"
      "ldrd r0, r2, [r11]\n\t"
      "vldrw.u32 q7, [r0]\n\t"
      "movs r0, #0\n\t"
      "vidup.u16 q6, r0, #1\n\t"
      "vmul.i16 q6, q6, r2\n"
      "1:\n\t"  // a channel
      "ldr r0, [r11, #8]\n\t"
      "ldr r2, [r11, #56]\n\t"
      "vldrb.8 q2, [r0], #16\n\t"
      "vshl.u32 q2, r2\n\t"
      ".if %c[paired]\n\t"
      "mov r2, #0\n\t"
      "vmov q3, q2\n\t"
      "vshlc q3, r2, #32\n\t"
      ".endif\n\t"
      "ldm r0!, {r5, r7, r9}\n\t"
      "str r0, [r11, #8]\n\t"
      "ldrd r10, r3, [r11, #16]\n\t"
      "ldrd r1, r12, [r11, #32]\n"
      "2:\n\t"  // a row
      "vadd.i32 q1, q7, r10\n"
      "3:\n\t"
      "cmp r1, #4\n\t"
      "ble 4f\n\t" ISEUL_MVE_TWO("r0", "r2") ISEUL_MVE_TWO("r4", "r6") ISEUL_MVE_TWO("r8", "lr")
      "vmov q4[2], q4[0], r0, r8\n\t"
      "vmov q5[2], q5[0], r2, lr\n\t" ISEUL_MVE_TWO("r0", "r2")
      "vmov q4[3], q4[1], r4, r0\n\t"
      "vmov q5[3], q5[1], r6, r2\n\t"
      "b 5f\n"
      "4:\n\t" ISEUL_MVE_TWO("r0", "r2") ISEUL_MVE_TWO("r4", "r6")
      "vmov q4[2], q4[0], r0, r0\n\t"
      "vmov q5[2], q5[0], r2, r2\n\t"
      "vmov q4[3], q4[1], r4, r4\n\t"
      "vmov q5[3], q5[1], r6, r6\n"
      "5:\n\t"
      "ldrd r0, r2, [r11, #40]\n\t"
      "vadd.i32 q4, q4, r5\n\t"
      "vadd.i32 q5, q5, r5\n\t"
      "vqrdmulh.s32 q4, q4, r7\n\t"
      "vqrdmulh.s32 q5, q5, r7\n\t"
      ".if %c[ties]\n\t"
      "vshr.s32 q0, q4, #31\n\t"
      "vadd.i32 q4, q4, q0\n\t"
      "vshr.s32 q0, q5, #31\n\t"
      "vadd.i32 q5, q5, q0\n\t"
      ".endif\n\t"
      "vrshl.s32 q4, r9\n\t"
      "vrshl.s32 q5, r9\n\t"
      "vqmovnb.s32 q4, q4\n\t"  // outputs 0, 2, 4, 6 and 1, 3, 5, 7 in turns
      "vqmovnt.s32 q4, q5\n\t"
      "vqadd.s16 q4, q4, r0\n\t"
      ".if %c[full]\n\t"
      "vqmovnb.s16 q4, q4\n\t"
      ".else\n\t"
      "ldrd r4, r6, [r11, #48]\n\t"
      "vdup.16 q0, r4\n\t"
      "vmax.s16 q4, q4, q0\n\t"
      "vdup.16 q0, r6\n\t"
      "vmin.s16 q4, q4, q0\n\t"
      ".endif\n\t"
      "vctp.16 r1\n\t"
      "vpst\n\t"
      "vstrbt.16 q4, [r3, q6]\n\t"
      "add r3, r3, r2\n\t"
      "subs r1, r1, #8\n\t"
      "bgt 3b\n\t"
      "ldrd r0, r2, [r11, #24]\n\t"
      "ldr r1, [r11, #32]\n\t"
      "add r10, r10, r0\n\t"
      "add r3, r3, r2\n\t"
      "subs r12, r12, #1\n\t"
      "bne 2b\n\t"
      "ldrd r0, r2, [r11, #16]\n\t"
      "ldr r4, [r11, #12]\n\t"
      "adds r0, r0, #4\n\t"
      "adds r2, r2, #1\n\t"
      "strd r0, r2, [r11, #16]\n\t"
      "subs r4, r4, #1\n\t"
      "str r4, [r11, #12]\n\t"
      "bne 1b\n\t"
      : "+r"(r0)
      : [move] "i"(move), [paired] "i"(paired), [ties] "i"(ties), [full] "i"(full)
      : ISEUL_MVE_ALL);
#else
  (void)ties;
  (void)full;
  const int32_t step = paired ? move / 2 : move;
  const iseul_clamp_mve_t clamp = {t->zero_point, t->low, t->high};
  for (int32_t c = 0; c < t->channels; ++c) {
    const int8_t *const w = t->w + 28 * c;
    int8_t taps[16] = {0};
    for (int32_t i = t->moved / 8; i < 16; ++i) {
      taps[i] = (int8_t)(i % 4 >= t->moved / 8 ? w[i - t->moved / 8] : 0);
    }
    for (int32_t i = 0; i < t->rows; ++i) {
      const int8_t *const row = t->base + (4 * c + i * t->strip);
      int8_t *const out = t->out + (c + i * ((t->width + 7) / 8 * t->eight + t->y_next));
      for (int32_t j = 0; j < t->width; ++j) {
        uint32_t acc = 0;
        for (int32_t k = 0; k < 4; ++k) {
          acc += (uint32_t)iseul_dot_mod(row + (j * step + t->words[k]), taps + 4 * k, 4);
        }
        out[j * t->y_column] =
            iseul_finish_word_s8(&clamp, (int32_t)acc, iseul_word_at(w, 4), iseul_word_at(w, 5),
                                 iseul_word_at(w, 6));
      }
    }
  }
#endif
}

// --- fully connected

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *channels;  // of four at a time, see `iseul_one_mve`
  iseul_clamp_mve_t output;
} iseul_fully_connected_s8_mve_t;

void iseul_fully_connected_s8_mve(const iseul_fully_connected_s8_mve_t *p, const int8_t *in,
                                  int8_t *out);

// --- sums of two

void iseul_add_linear_s8_mve(const iseul_linear_t *p, const int8_t *a, const int8_t *b,
                             int8_t *out);

// `iseul_add_linear_s8`, four values at a time.
static inline void iseul_linear_mve(const iseul_linear_t *p, const int8_t *a, const int8_t *b,
                                    int8_t *out) {
#if ISEUL_HAS_MVE
  __asm__ volatile(
      "vdup.32 q2, %[a_factor]\n\t"
      "vdup.32 q3, %[low]\n\t"
      "vdup.32 q4, %[high]\n\t"
      "wlstp.32 lr, %[n], 2f\n"
      "1:\n\t"
      "vldrb.s32 q0, [%[a]], #4\n\t"
      "vldrb.s32 q1, [%[b]], #4\n\t"
      "vmlas.s32 q0, q2, %[constant]\n\t"
      "vmla.s32 q0, q1, %[b_factor]\n\t"
      "vshl.s32 q0, %[shift]\n\t"
      "vmax.s32 q0, q0, q3\n\t"
      "vmin.s32 q0, q0, q4\n\t"
      "vstrb.32 q0, [%[out]], #4\n\t"
      "letp lr, 1b\n"
      "2:"
      : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
      : [n] "r"(p->n), [a_factor] "r"(p->a_factor), [b_factor] "r"(p->b_factor),
        [constant] "r"(p->constant), [shift] "r"(-p->shift), [low] "r"(p->low), [high] "r"(p->high)
      : "q0", "q1", "q2", "q3", "q4", "lr", "memory");
#else
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t sum = a[i] * p->a_factor + p->constant + b[i] * p->b_factor;
    out[i] = (int8_t)iseul_clamp(sum >> p->shift, p->low, p->high);
  }
#endif
}

// --- averages

// An average is (|sum| + half) / taps as (.. * factor >> 16) >> shift, with the sum's sign.
typedef struct {
  iseul_window_t window;  // without padding, of 2 .. 255 taps
  int32_t half, factor, shift;
  int32_t low, high;
} iseul_average_pool_mve_t;

void iseul_average_pool2d_s8_mve(const iseul_average_pool_mve_t *p, const int8_t *in,
                                 int8_t *out);

// Eight channels of a window.
static ISEUL_NOINLINE void iseul_average_8_mve(const iseul_average_pool_mve_t *p, const int8_t *x,
                                               int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, is_one = g->kernel_w == g->in_w;  // rows follow each other
  const int32_t columns = is_one ? g->kernel_h * g->kernel_w : g->kernel_w;
  const int32_t gap = (g->in_w - g->kernel_w) * c;
  int32_t rows = is_one ? 1 : g->kernel_h;
#if ISEUL_HAS_MVE
  const int32_t limits[2] = {p->low, p->high}, how[2] = {p->factor, -p->shift};
  int32_t a, b;
  __asm__ volatile(
      "vmov.i32 q1, #0\n"
      "1:\n\t"
      "dls lr, %[columns]\n"
      "2:\n\t"
      "vldrb.s16 q0, [%[x]]\n\t"
      "add %[x], %[x], %[c]\n\t"
      "vadd.i16 q1, q1, q0\n\t"
      "le lr, 2b\n\t"
      "add %[x], %[x], %[gap]\n\t"
      "subs %[rows], %[rows], #1\n\t"
      "bne 1b\n\t"
      "ldrd %[a], %[b], %[how]\n\t"
      "vabs.s16 q0, q1\n\t"
      "vdup.16 q2, %[a]\n\t"
      "vadd.i16 q0, q0, %[half]\n\t"
      "vmulh.u16 q0, q0, q2\n\t"
      "vshl.u16 q0, %[b]\n\t"
      "vpt.s16 lt, q1, zr\n\t"
      "vnegt.s16 q0, q0\n\t"
      "ldrd %[a], %[b], %[limits]\n\t"
      "vdup.16 q1, %[a]\n\t"
      "vdup.16 q2, %[b]\n\t"
      "vmax.s16 q0, q0, q1\n\t"
      "vmin.s16 q0, q0, q2\n\t"
      "vstrb.16 q0, [%[out]]\n\t"
      : [x] "+&l"(x), [rows] "+&r"(rows), [a] "=&r"(a), [b] "=&r"(b)
      : [c] "r"(c), [columns] "r"(columns), [gap] "r"(gap), [half] "r"(p->half), [out] "l"(out),
        [how] "m"(how), [limits] "m"(limits)
      : "q0", "q1", "q2", "lr", "cc", "memory");
#else
  int32_t sum[8] = {0};
  for (; rows > 0; --rows) {
    for (int32_t i = 0; i < columns; ++i) {
      for (int32_t k = 0; k < 8; ++k) {
        sum[k] += x[k];
      }
      x += c;
    }
    x += gap;
  }
  for (int32_t k = 0; k < 8; ++k) {
    const int32_t size = (sum[k] < 0 ? -sum[k] : sum[k]) + p->half;
    const int32_t mean = (int32_t)((uint32_t)size * (uint32_t)p->factor >> 16) >> p->shift;
    out[k] = (int8_t)iseul_clamp(sum[k] < 0 ? -mean : mean, p->low, p->high);
  }
#endif
}

#endif
