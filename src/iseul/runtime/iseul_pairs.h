// SPDX-License-Identifier: Apache-2.0
// iseul_pairs.h: depthwise int8 convolutions for cores whose multiplication gives 32 bits, two
// neighbouring outputs per multiplication.
//
// Parameters, then functions; each function stands in the file of its name. A channel is gone
// through line by line. A word holds the inputs of two outputs at one tap, x0 + (x1 << 16), so
// that one multiplication with a weight serves both:
//   t = sum of w X over a few taps = sum of w x0 + (sum of w x1 << 16)
// Both sums of a few fit into 16 bits, which was proved of all weights. The sum of all t modulo
// 2^32 and the sum of their rounded upper halves, which is that of the second output, give both.
//
// Words of as many input lines as a window has are kept, column by column: a window lies in
// words that follow each other. A new line takes the place of the oldest one, so that the
// weights of a column change places with it.
#ifndef ISEUL_PAIRS_H
#define ISEUL_PAIRS_H

#include "iseul_mul32.h"

// Positions and windows along one axis. Steps are in bytes, from a position to the next.
typedef struct {
  int32_t in, out;
  int32_t in_step, out_step;
  int32_t kernel, stride, pad;
} iseul_axis_t;

typedef struct {
  iseul_axis_t along, across;  // of a line; from line to line
  int32_t batch, channels;
  const int32_t *scales;  // per channel as `iseul_rise`, but for the second to fourth word: width
                          // << 13 | lower, and upper << 1 | 1 where sums of the most taps fit
  const int8_t *weights;  // per channel: along.kernel columns of across.kernel
  int32_t in_zero_point;
} iseul_depthwise_s8_mul32_t;

void iseul_depthwise_conv2d_s8_mul32(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                     int8_t *out, int32_t *scratch);
void iseul_depthwise_rectified_s8_mul32(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                        int8_t *out, int32_t *scratch);
void iseul_depthwise_3x3_s8_mul32(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                  int8_t *out, int32_t *scratch);
void iseul_depthwise_3x3_rectified_s8_mul32(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                            int8_t *out, int32_t *scratch);

// --- from sums to int8

#define ISEUL_RISE_WORDS 7  // those of `iseul_rise`

#if ISEUL_HAS_THUMB1_BLOCKS
// r1: scale; r2: the sum; r7 becomes the result. `k`: which one
#define ISEUL_RISE(k)                   \
  "ldmia r1!, {r3, r4, r5, r6, r7}\n\t" \
  "subs r2, r2, r3\n\t"                 \
  "bmi 3" k "f\n\t"                     \
  "cmp r2, r4\n\t"                      \
  "bhi 4" k "f\n"                       \
  "2" k ":\n\t"                         \
  "muls r5, r2, r5\n\t"                 \
  "lsrs r5, r5, #13\n\t"                \
  "muls r6, r2, r6\n\t"                 \
  "adds r5, r5, r6\n\t"                 \
  ".if %c[rectified] == 0\n\t"          \
  "ldr r3, [r1]\n\t"                    \
  "subs r3, r2, r3\n\t"                 \
  "asrs r3, r3, #31\n\t"                \
  "ldr r4, [r1, #4]\n\t"                \
  "ands r3, r4\n\t"                     \
  "subs r5, r5, r3\n\t"                 \
  ".endif\n\t"                          \
  "adds r7, r7, r5\n"                   \
  "3" k ":\n\t"                         \
  "lsrs r7, r7, #24\n\t"
#define ISEUL_RISE_AT_MOST(k) \
  "4" k ":\n\t"               \
  "movs r2, r4\n\t"           \
  "b 2" k "b\n"
// r8: all; r9: upper halves; r1: scale; lr: out. Stores both results, the first one last: of a
// line's odd output the other one lies where it does, since `step` is 0 then.
#define ISEUL_STORE_PAIR                       \
  "mov r2, r9\n\t" ISEUL_RISE("1")             \
  "ldr r4, %[step]\n\t"                        \
  "mov r3, lr\n\t"                             \
  "strb r7, [r3, r4]\n\t"                      \
  "subs r1, #20\n\t"                           \
  "mov r3, r9\n\t"                             \
  "lsls r3, r3, #16\n\t"                       \
  "mov r2, r8\n\t"                             \
  "subs r2, r2, r3\n\t" ISEUL_RISE("0")        \
  "mov r3, lr\n\t"                             \
  "strb r7, [r3]\n\t"                          \
  "ldr r4, %[twice]\n\t"                       \
  "adds r3, r3, r4\n\t"                        \
  "mov lr, r3\n\t"
// Adds the sums in register t to both.
#define ISEUL_ADD_PAIR(t)             \
  "add r8, " t "\n\t"                 \
  "add " t ", r12\n\t"                \
  "asrs " t ", " t ", #16\n\t"        \
  "add r9, " t "\n\t"
#define ISEUL_FIRST_PAIR(t)           \
  "mov r8, " t "\n\t"                 \
  "add " t ", r12\n\t"                \
  "asrs " t ", " t ", #16\n\t"        \
  "mov r9, " t "\n\t"
// Three products of a column: r5, r6, r7.
#define ISEUL_COLUMN             \
  "ldmia r0!, {r2, r3, r4}\n\t"  \
  "ldmia r1!, {r5, r6, r7}\n\t"  \
  "muls r5, r2, r5\n\t"          \
  "muls r6, r3, r6\n\t"          \
  "muls r7, r4, r7\n\t"          \
  "adds r5, r5, r6\n\t"          \
  ".if %c[together]\n\t"         \
  "adds r5, r5, r7\n\t"          \
  ".endif\n\t"
#define ISEUL_REST               \
  ".if %c[together] == 0\n\t"    \
  ISEUL_ADD_PAIR("r7")           \
  ".endif\n\t"
#endif

// --- two outputs at a time

// n > 0 outputs of windows of three columns of three words.
//
// x         the first pair's window; the next pair's one begins `advance` words later
// taps      nine weights, then the words of `iseul_rise`
// together  a constant: 1 if sums of three products fit into 16 bits, else those of two do
ISEUL_INLINE void iseul_pairs_3x3(const int32_t *x, const int32_t *taps, int8_t *out,
                                  int32_t step, int32_t n, int32_t advance, int together,
                                  int rectified) {
#if ISEUL_HAS_THUMB1_BLOCKS
  int32_t is_odd = n > 1 ? n & 1 : 0;
  const int32_t *const x_end = x + advance * (n > 1 ? n / 2 : 1);
  const int32_t n_bytes = 4 * (advance - 9), twice = 2 * step;
  step = n > 1 ? step : 0;
  __asm__ volatile(
      ".syntax unified\n\t"
      "ldr r0, %[x_end]\n\t"
      "mov r11, r0\n\t"
      "ldr r0, %[taps]\n\t"
      "mov r10, r0\n\t"
      "ldr r0, %[out]\n\t"
      "mov lr, r0\n\t"
      "movs r0, #128\n\t"
      "lsls r0, r0, #8\n\t"
      "mov r12, r0\n\t"
      "ldr r0, %[x]\n"
      "1:\n\t"
      "mov r1, r10\n\t"
      ISEUL_COLUMN ISEUL_FIRST_PAIR("r5") ISEUL_REST
      ISEUL_COLUMN ISEUL_ADD_PAIR("r5") ISEUL_REST
      ISEUL_COLUMN ISEUL_ADD_PAIR("r5") ISEUL_REST
      ISEUL_STORE_PAIR
      "ldr r2, %[n_bytes]\n\t"
      "adds r0, r0, r2\n\t"
      "cmp r0, r11\n\t"
      "bne 1b\n\t"
      "ldr r3, %[is_odd]\n\t"
      "cmp r3, #0\n\t"
      "beq 8f\n\t"
      "movs r3, #0\n\t"
      "str r3, %[is_odd]\n\t"
      "str r3, %[step]\n\t"
      "adds r2, r2, r0\n\t"
      "adds r2, #36\n\t"
      "mov r11, r2\n\t"
      "b 1b\n"
      ISEUL_RISE_AT_MOST("0")
      ISEUL_RISE_AT_MOST("1")
      "8:\n\t"
      : [is_odd] "+m"(is_odd), [step] "+m"(step)
      : [x] "m"(x), [x_end] "m"(x_end), [taps] "m"(taps), [out] "m"(out), [twice] "m"(twice),
        [n_bytes] "m"(n_bytes), [together] "i"(together), [rectified] "i"(rectified)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr",
        "cc", "memory");
#else
  const uint32_t w0 = (uint32_t)taps[0], w1 = (uint32_t)taps[1], w2 = (uint32_t)taps[2];
  const uint32_t w3 = (uint32_t)taps[3], w4 = (uint32_t)taps[4], w5 = (uint32_t)taps[5];
  const uint32_t w6 = (uint32_t)taps[6], w7 = (uint32_t)taps[7], w8 = (uint32_t)taps[8];
  for (; n > 0; n -= 2) {
    uint32_t t = w0 * (uint32_t)x[0] + w1 * (uint32_t)x[1];
    uint32_t u = w3 * (uint32_t)x[3] + w4 * (uint32_t)x[4];
    uint32_t v = w6 * (uint32_t)x[6] + w7 * (uint32_t)x[7];
    const uint32_t t2 = w2 * (uint32_t)x[2], u2 = w5 * (uint32_t)x[5], v2 = w8 * (uint32_t)x[8];
    uint32_t all = 0, upper = 0;
    if (together) {
      t += t2;
      u += u2;
      v += v2;
    } else {
      all = t2 + u2 + v2;
      upper = (uint32_t)((int32_t)(t2 + 0x8000u) >> 16) +
              (uint32_t)((int32_t)(u2 + 0x8000u) >> 16) +
              (uint32_t)((int32_t)(v2 + 0x8000u) >> 16);
    }
    all += t + u + v;
    upper += (uint32_t)((int32_t)(t + 0x8000u) >> 16) + (uint32_t)((int32_t)(u + 0x8000u) >> 16) +
             (uint32_t)((int32_t)(v + 0x8000u) >> 16);
    out[n > 1 ? step : 0] = iseul_rise(taps + 9, upper, rectified);
    out[0] = iseul_rise(taps + 9, all - (upper << 16), rectified);
    out += 2 * step;
    x += advance;
  }
#endif
}

// n > 0 outputs of windows of any number of words, filled up to a multiple of 4 with words that
// weights of 0 go with.
//
// x         the first pair's window; the next pair's one begins `advance` words later
// taps      n_taps weights, then the words of `iseul_rise`
// together  a constant: 1 if sums of four products fit into 16 bits, else those of two do
ISEUL_INLINE void iseul_pairs_of_any(const int32_t *x, const int32_t *taps, int32_t n_taps,
                                     int8_t *out, int32_t step, int32_t n, int32_t advance,
                                     int together, int rectified) {
  const int32_t *const scale = taps + n_taps;
#if ISEUL_HAS_THUMB1_BLOCKS
  int32_t is_odd = n > 1 ? n & 1 : 0;
  const int32_t *x_end = x + advance * (n > 1 ? n / 2 : 1);
  const int32_t n_bytes = 4 * advance, twice = 2 * step;
  step = n > 1 ? step : 0;
  __asm__ volatile(
      ".syntax unified\n\t"
      "ldr r0, %[scale]\n\t"
      "mov r11, r0\n\t"
      "ldr r0, %[out]\n\t"
      "mov lr, r0\n\t"
      "movs r0, #128\n\t"
      "lsls r0, r0, #8\n\t"
      "mov r12, r0\n\t"
      "ldr r0, %[x]\n\t"
      "mov r10, r0\n"
      "1:\n\t"
      "ldr r1, %[taps]\n\t"
      "movs r2, #0\n\t"
      "mov r8, r2\n\t"
      "mov r9, r2\n"
      "2:\n\t"
      "ldmia r0!, {r2, r3}\n\t"
      "ldmia r1!, {r4, r5}\n\t"
      "muls r4, r2, r4\n\t"
      "muls r5, r3, r5\n\t"
      "adds r4, r4, r5\n\t"
      ".if %c[together] == 0\n\t"
      ISEUL_ADD_PAIR("r4")
      ".endif\n\t"
      "ldmia r0!, {r2, r3}\n\t"
      "ldmia r1!, {r5, r6}\n\t"
      "muls r5, r2, r5\n\t"
      "muls r6, r3, r6\n\t"
      "adds r5, r5, r6\n\t"
      ".if %c[together]\n\t"
      "adds r5, r5, r4\n\t"
      ".endif\n\t"
      ISEUL_ADD_PAIR("r5")
      "cmp r1, r11\n\t"
      "bne 2b\n\t"
      ISEUL_STORE_PAIR
      "mov r0, r10\n\t"
      "ldr r2, %[n_bytes]\n\t"
      "adds r0, r0, r2\n\t"
      "mov r10, r0\n\t"
      "ldr r3, %[x_end]\n\t"
      "cmp r0, r3\n\t"
      "bne 1b\n\t"
      "ldr r3, %[is_odd]\n\t"
      "cmp r3, #0\n\t"
      "beq 8f\n\t"
      "movs r3, #0\n\t"
      "str r3, %[is_odd]\n\t"
      "str r3, %[step]\n\t"
      "adds r2, r2, r0\n\t"
      "str r2, %[x_end]\n\t"
      "b 1b\n"
      ISEUL_RISE_AT_MOST("0")
      ISEUL_RISE_AT_MOST("1")
      "8:\n\t"
      : [is_odd] "+m"(is_odd), [step] "+m"(step), [x_end] "+m"(x_end)
      : [x] "m"(x), [taps] "m"(taps), [scale] "m"(scale), [out] "m"(out), [twice] "m"(twice),
        [n_bytes] "m"(n_bytes), [together] "i"(together), [rectified] "i"(rectified)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr",
        "cc", "memory");
#else
  for (; n > 0; n -= 2) {
    uint32_t all = 0, upper = 0;
    const int32_t *words = x;
    for (const int32_t *w = taps; w != scale; w += 4) {
      uint32_t t = (uint32_t)w[0] * (uint32_t)words[0] + (uint32_t)w[1] * (uint32_t)words[1];
      const uint32_t u = (uint32_t)w[2] * (uint32_t)words[2] + (uint32_t)w[3] * (uint32_t)words[3];
      all += t + u;
      if (together) {
        t += u;
      } else {
        upper += (uint32_t)((int32_t)(u + 0x8000u) >> 16);
      }
      upper += (uint32_t)((int32_t)(t + 0x8000u) >> 16);
      words += 4;
    }
    out[n > 1 ? step : 0] = iseul_rise(scale, upper, rectified);
    out[0] = iseul_rise(scale, all - (upper << 16), rectified);
    out += 2 * step;
    x += advance;
  }
#endif
}

// --- lines

static inline int32_t iseul_both(int32_t low, int32_t high) {
  return (int32_t)((uint32_t)low + ((uint32_t)high << 16));
}

// Words of columns [j, end) of a line, step words apart: the values of column j and of the one
// that is a stride later. x: the line's first value; padding is zero_point.
static ISEUL_NOINLINE void iseul_fill_columns(const iseul_axis_t *a, const int8_t *x,
                                              int32_t zero_point, int32_t *to, int32_t step,
                                              int32_t j, int32_t end) {
  const int32_t later = a->stride * a->in_step;
  const int32_t whole = a->in + a->pad - a->stride;  // the first column whose second value is none
  int32_t at = (j - a->pad) * a->in_step;
  to += j * step;
  for (; j < end; ++j) {
    if (j >= a->pad && j < whole) {
      int32_t n = (end < whole ? end : whole) - j;
      const int8_t *v = x + at;
      j += n - 1;
      at += (n - 1) * a->in_step;
      for (; n > 0; --n) {
        *to = iseul_both(*v, v[later]);
        v += a->in_step;
        to += step;
      }
    } else {
      const int32_t i = j - a->pad, k = i + a->stride;
      const int32_t low = i >= 0 && i < a->in ? x[at] : zero_point;
      const int32_t high = k >= 0 && k < a->in ? x[at + later] : zero_point;
      *to = iseul_both(low, high);
      to += step;
    }
    at += a->in_step;
  }
}

// Words in n columns of a line on padding.
static inline void iseul_fill_padding(int32_t zero_point, int32_t *to, int32_t step, int32_t n) {
  const int32_t word = iseul_both(zero_point, zero_point);
  for (; n > 0; --n) {
    *to = word;
    to += step;
  }
}

// The same, of columns of three words.
static inline void iseul_fill_padding_3(int32_t zero_point, int32_t *to, int32_t n) {
  const int32_t word = iseul_both(zero_point, zero_point);
  for (; n >= 4; n -= 4) {
    to[0] = word;
    to[3] = word;
    to[6] = word;
    to[9] = word;
    to += 12;
  }
  for (; n > 0; --n) {
    *to = word;
    to += 3;
  }
}

// What a call needs besides the parameters, worked out once.
typedef struct {
  int32_t *taps;   // the channel's weights and words of `iseul_rise`
  int32_t *words;  // columns of across.kernel words each
  int32_t n_taps;  // weights, with those that fill up
  int32_t advance;     // words from a pair's window to the next
  int32_t n_columns;
  int32_t in_step, zero_point;
  int32_t before;      // of windows of 3x3: values that precede the first one that is shifted
  int32_t whole, rest; // dense: columns whose second value is one, by fours, and what is left;
                       // sparse: fours of columns all of whose values are; values behind them
  int32_t last;        // dense: whether a column follows whose second value is padding;
                       // sparse: pairs behind the fours
} iseul_pairs_t;

// Weights and scale of a channel as words; gives whether sums of the most products fit.
static inline int32_t iseul_take_channel(const iseul_depthwise_s8_mul32_t *p,
                                         const iseul_pairs_t *s, int32_t channel,
                                         int32_t is_rectified) {
  const int32_t n = p->along.kernel * p->across.kernel;
  const int8_t *w = p->weights + channel * n;
  const int32_t *scale = p->scales + channel * (is_rectified ? 4 : 6);
  int32_t *to = s->taps;
  for (int32_t i = 0; i < n; ++i) {
    to[i] = w[i];
  }
  to += s->n_taps;
  to[0] = scale[0];
  to[1] = (int32_t)((uint32_t)scale[1] >> 13);
  to[2] = scale[1] & 0x1FFF;
  to[3] = (int32_t)((uint32_t)scale[2] >> 1);
  to[4] = scale[3];
  to[5] = is_rectified ? 0 : scale[4];
  to[6] = is_rectified ? 0 : scale[5];
  return scale[2] & 1;
}

// The weights of n columns of `height` go to the places after them, the last one to the first.
static inline void iseul_turn_columns(int32_t *w, int32_t n, int32_t height) {
  for (; n > 0; --n) {
    int32_t before = w[height - 1];
    for (int32_t i = height; i > 0; --i) {
      const int32_t now = *w;
      *w++ = before;
      before = now;
    }
  }
}

// The weights of three columns of three go to the next places, or by two to the places before.
static ISEUL_NOINLINE void iseul_turn_3x3(int32_t *w, int32_t by) {
  for (int32_t k = 3; k > 0; --k) {
    const int32_t a = w[0], b = w[1], c = w[2];
    w[0] = by == 1 ? c : b;
    w[1] = by == 1 ? a : c;
    w[2] = by == 1 ? b : a;
    w += 3;
  }
}

// Columns three words apart whose second values are `n` values from x on, x_step bytes apart; the
// first one's first value is `last`. Gives the last value.
static inline int32_t iseul_fill_run(int32_t *to, const int8_t *x, int32_t x_step, int32_t n,
                                     int32_t last) {
#if ISEUL_HAS_THUMB1_BLOCKS
#define ISEUL_ONE_COLUMN(a, b, at)           \
  "ldrsb %[" b "], [%[x], %[zero]]\n\t"      \
  "add %[x], %[x_step]\n\t"                 \
  "lsls %[u], %[" b "], #16\n\t"            \
  "adds %[u], %[u], %[" a "]\n\t"           \
  "str %[u], [%[to], #" at "]\n\t"
  const int32_t fours = n & ~(int32_t)3, zero = 0;
  const int32_t *const end = to + 3 * fours;
  int32_t t, u;
  if (fours > 0) {
    __asm__ volatile(
        ".syntax unified\n"
        "1:\n\t"
        ISEUL_ONE_COLUMN("last", "t", "0") ISEUL_ONE_COLUMN("t", "last", "12")
        ISEUL_ONE_COLUMN("last", "t", "24") ISEUL_ONE_COLUMN("t", "last", "36")
        "adds %[to], %[to], #48\n\t"
        "cmp %[to], %[end]\n\t"
        "bne 1b\n\t"
        : [to] "+l"(to), [x] "+l"(x), [last] "+l"(last), [t] "=&l"(t), [u] "=&l"(u)
        : [zero] "l"(zero), [x_step] "h"(x_step), [end] "h"(end)
        : "cc", "memory");
  }
  n -= fours;
#endif
  for (; n > 0; --n) {
    const int32_t v = *x;
    *to = iseul_both(last, v);
    last = v;
    x += x_step;
    to += 3;
  }
  return last;
}

// Three of four columns, three words apart, n > 0 times, for windows of three columns that are two
// columns apart, which lie side by side in pairs. ends: the two values before x, and those before
// the values behind the last column.
static inline void iseul_fill_fours(int32_t *to, const int8_t *x, int32_t x_step, int32_t n,
                                    int32_t ends[2]) {
  int32_t a = ends[0], b = ends[1];
#if ISEUL_HAS_THUMB1_BLOCKS
  const int32_t zero = 0;
  const int32_t *const end = to + 12 * n;
  int32_t t, u;
  __asm__ volatile(
      ".syntax unified\n"
      "1:\n\t"
      ISEUL_ONE_COLUMN("a", "t", "0")
      "ldrsb %[u], [%[x], %[zero]]\n\t"
      "add %[x], %[x_step]\n\t"
      "lsls %[u], %[u], #16\n\t"
      "adds %[u], %[u], %[b]\n\t"
      "str %[u], [%[to], #12]\n\t"
      ISEUL_ONE_COLUMN("t", "a", "24")
      "ldrsb %[b], [%[x], %[zero]]\n\t"
      "add %[x], %[x_step]\n\t"
      "adds %[to], %[to], #48\n\t"
      "cmp %[to], %[end]\n\t"
      "bne 1b\n\t"
      : [to] "+l"(to), [x] "+l"(x), [a] "+l"(a), [b] "+l"(b), [t] "=&l"(t), [u] "=&l"(u)
      : [zero] "l"(zero), [x_step] "h"(x_step), [end] "h"(end)
      : "cc", "memory");
#else
  for (; n > 0; --n) {
    const int32_t t = x[0], u = x[x_step];
    to[0] = iseul_both(a, t);
    to[3] = iseul_both(b, u);
    a = x[2 * x_step];
    b = x[3 * x_step];
    to[6] = iseul_both(t, a);
    to += 12;
    x += 4 * x_step;
  }
#endif
  ends[0] = a;
  ends[1] = b;
}

// The words of a line for windows of three columns, stride 1 and at most one value of padding.
static ISEUL_NOINLINE void iseul_fill_dense_3x3(const iseul_pairs_t *s, const int8_t *x,
                                                int32_t *to) {
  int32_t last = s->zero_point;
  if (s->before > 0) {
    last = *x;
    x += s->in_step;
  }
  last = iseul_fill_run(to, x, s->in_step, s->whole, last);
  to += 3 * s->whole;
  if (s->last != 0) {
    *to = iseul_both(last, s->zero_point);
  }
}

// The same with stride 2.
static ISEUL_NOINLINE void iseul_fill_sparse_3x3(const iseul_pairs_t *s, const int8_t *x,
                                                 int32_t *to) {
  const int32_t step = s->in_step, zero_point = s->zero_point;
  int32_t ends[2] = {zero_point, zero_point}, left = s->rest;
  if (s->before > 1) {
    ends[0] = *x;
    x += step;
  }
  if (s->whole + left >= 0) {
    ends[1] = *x;
    x += step;
  }
  if (s->whole > 0) {
    iseul_fill_fours(to, x, step, s->whole, ends);
    x += 4 * s->whole * step;
    to += 12 * s->whole;
  }
  for (int32_t k = s->last; k > 0; --k) {
    const int32_t t = left > 0 ? x[0] : zero_point, u = left > 1 ? x[step] : zero_point;
    to[0] = iseul_both(ends[0], t);
    to[3] = iseul_both(ends[1], u);
    ends[0] = left > 2 ? x[2 * step] : zero_point;
    ends[1] = zero_point;  // fewer than four values were left
    to[6] = iseul_both(t, ends[0]);
    left = 0;
    to += 12;
  }
}

// A line of n outputs whose windows begin at x.
typedef void (*iseul_pair_line_t)(const iseul_pairs_t *s, const int32_t *x, int8_t *out,
                                  int32_t step, int32_t n, int32_t together);

// How windows of 3x3 are filled: 1 and 2 as these do, 0 as others.
static inline int32_t iseul_plan_3x3(const iseul_axis_t *along, iseul_pairs_t *s) {
  const int32_t n = (along->out + 1) / 2;
  if (along->pad > 1 || along->stride > 2) {
    return 0;
  }
  s->before = along->stride - along->pad;
  s->rest = along->in - s->before;
  if (along->stride == 1) {
    s->last = s->rest < s->n_columns;
    s->whole = s->last ? s->rest : s->n_columns;
    return 1;
  }
  s->whole = s->rest / 4 < n ? s->rest / 4 : n;
  s->rest -= 4 * s->whole;
  s->last = n - s->whole;
  return 2;
}

// One channel of a sample. how: as of `iseul_plan_3x3`; by: how far weights turn
static inline void iseul_channel_by_lines(const iseul_depthwise_s8_mul32_t *p,
                                          const iseul_pairs_t *s, const int8_t *in, int8_t *out,
                                          int32_t together, int32_t is_3x3, int32_t how,
                                          int32_t by, iseul_pair_line_t line) {
  const int32_t height = is_3x3 ? 3 : p->across.kernel, in_step = p->across.in_step;
  const int32_t n_padded = how == 1 ? s->whole + s->last : s->n_columns;
  int32_t next = -p->across.pad, first = next;
  int32_t *to = s->words;
  for (int32_t y = p->across.out; y > 0; --y) {
    for (; next < first + height; ++next) {
      if (next < 0 || next >= p->across.in) {
        if (is_3x3) {
          iseul_fill_padding_3(s->zero_point, to, n_padded);
        } else {
          iseul_fill_padding(s->zero_point, to, height, n_padded);
        }
      } else if (next < first) {  // between windows
      } else if (is_3x3 && how == 1) {
        iseul_fill_dense_3x3(s, in + next * in_step, to);
      } else if (is_3x3 && how == 2) {
        iseul_fill_sparse_3x3(s, in + next * in_step, to);
      } else {
        iseul_fill_columns(&p->along, in + next * in_step, s->zero_point, to, height, 0,
                           s->n_columns);
      }
      ++to;
      to = to == s->words + height ? s->words : to;
    }
    line(s, s->words, out, p->along.out_step, p->along.out, together);
    first += p->across.stride;
    if (is_3x3 && by > 0) {
      iseul_turn_3x3(s->taps, by);
    }
    for (int32_t k = by; k > 0 && !is_3x3; --k) {
      iseul_turn_columns(s->taps, p->along.kernel, height);
    }
    out += p->across.out_step;
  }
}

// All channels, one after the other.
//
// is_3x3   a constant: 1 for windows of 3x3
// scratch  weights of a channel, filled up to a multiple of 4 but for 3x3; ISEUL_RISE_WORDS;
//          columns, and three words more
static inline void iseul_by_lines(const iseul_depthwise_s8_mul32_t *p, const int8_t *in,
                                  int8_t *out, int32_t *scratch, int32_t is_3x3,
                                  int32_t is_rectified, iseul_pair_line_t line) {
  const iseul_axis_t *const along = &p->along, *const across = &p->across;
  const int32_t n_taps = is_3x3 ? 9 : (along->kernel * across->kernel + 3) & ~(int32_t)3;
  const int32_t n_columns = 2 * along->stride * ((along->out + 1) / 2 - 1) + along->kernel;
  const int32_t n_words = n_columns * across->kernel + 3;
  iseul_pairs_t s = {scratch, scratch + n_taps + ISEUL_RISE_WORDS, n_taps,
                     2 * along->stride * across->kernel, n_columns, along->in_step,
                     p->in_zero_point, 0, 0, 0, 0};
  const int32_t how = is_3x3 ? iseul_plan_3x3(along, &s) : 0;
  int32_t by = across->stride;
  while (by >= across->kernel) {
    by -= across->kernel;
  }
  memset(scratch, 0, (size_t)(n_taps + ISEUL_RISE_WORDS) * sizeof *scratch);
  iseul_fill_padding(p->in_zero_point, s.words, 1, n_words);
  for (int32_t b = 0; b < p->batch; ++b) {
    for (int32_t c = 0; c < p->channels; ++c) {
      const int32_t together = iseul_take_channel(p, &s, c, is_rectified);
      iseul_channel_by_lines(p, &s, in + c, out + c, together, is_3x3, how, by, line);
    }
    in += along->in * across->in * p->channels;
    out += along->out * across->out * p->channels;
  }
}

#endif
