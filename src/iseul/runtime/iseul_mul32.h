// SPDX-License-Identifier: Apache-2.0
// iseul_mul32.h: int8 kernels for cores whose multiplication gives 32 bits, one product at a time.
//
// Parameters, then functions; each function stands in the file of its name. A word holds the
// weights of two channels, w0 + (w1 << 16), so that one multiplication serves both:
//   t = sum of x W over four values = sum of x w0 + (sum of x w1 << 16)
// Both sums of four fit into 16 bits, which was proved of all weights, so that nothing is lost;
// what is too large for it is left out and added as single products. `iseul_groups_4x1` needs no
// more than the sum of all t modulo 2^32 and the sum of their rounded upper halves, which is that
// of the second channel.
#ifndef ISEUL_MUL32_H
#define ISEUL_MUL32_H

#include <string.h>

#include "iseul_weighted.h"

// Blocks that take all registers; with -Os gcc has no upper ones.
#if defined(__GNUC__) && defined(__thumb__) && !defined(__thumb2__) && defined(__OPTIMIZE__) && \
    !defined(__OPTIMIZE_SIZE__) && !defined(__clang__)
#define ISEUL_HAS_THUMB1_BLOCKS 1
#else
#define ISEUL_HAS_THUMB1_BLOCKS 0
#endif

// --- blocks of sums: four channels and one position

#if ISEUL_HAS_THUMB1_BLOCKS
// r0: x; r1: w; r2, r3: two of x; r4, r5: words of four channels; r6, r7: t of each pair
#define ISEUL_PRODUCTS(x)  \
  "ldmia r1!, {r4, r5}\n\t" \
  "muls r4, " x ", r4\n\t" \
  "adds r6, r6, r4\n\t"    \
  "muls r5, " x ", r5\n\t" \
  "adds r7, r7, r5\n\t"
// r1: scale; r2: the sum; r7: out. `k`: of which channel
#define ISEUL_REQUANTIZE(k)         \
  "ldmia r1!, {r0, r3, r4, r5, r6}\n\t" \
  "subs r2, r2, r0\n\t"             \
  "bmi 3" k "f\n\t"                 \
  "cmp r2, r3\n\t"                  \
  "bhi 4" k "f\n"                    \
  "2" k ":\n\t"                     \
  "muls r4, r2, r4\n\t"             \
  "lsrs r4, r4, #13\n\t"            \
  "muls r5, r2, r5\n\t"             \
  "adds r4, r4, r5\n\t"             \
  ".if %c[rectified] == 0\n\t"      \
  "ldr r0, [r1]\n\t"                \
  "subs r0, r2, r0\n\t"             \
  "asrs r0, r0, #31\n\t"            \
  "ldr r3, [r1, #4]\n\t"            \
  "ands r0, r3\n\t"                 \
  "subs r4, r4, r0\n\t"             \
  ".endif\n\t"                      \
  "adds r6, r6, r4\n"               \
  "3" k ":\n\t"                     \
  "lsrs r6, r6, #24\n\t"            \
  ".if %c[rectified] == 0\n\t"      \
  "adds r1, #8\n\t"                 \
  ".endif\n\t"                      \
  "strb r6, [r7, #" k "]\n\t"
#define ISEUL_TOO_LARGE(k) \
  "4" k ":\n\t"            \
  "movs r2, r3\n\t"        \
  "b 2" k "b\n"
// Products of four values: r6, r7.
#define ISEUL_GROUP               \
  "ldmia r0!, {r2, r3}\n\t"       \
  "ldmia r1!, {r6, r7}\n\t"       \
  "muls r6, r2, r6\n\t"           \
  "muls r7, r2, r7\n\t"           \
  ISEUL_PRODUCTS("r3")            \
  "ldmia r0!, {r2, r3}\n\t"       \
  ISEUL_PRODUCTS("r2")            \
  ISEUL_PRODUCTS("r3")
// Single products of a channel: of a value of x and the weight in r4; then r3 is 0 or above, but
// for the last one. None where the lowest bit of r5 is 0. Those of a pair's first channel:
#define ISEUL_SINGLES(sum, k)      \
  "lsrs r5, r5, #1\n\t"            \
  "bcc 6" k "f\n"                  \
  "5" k ":\n\t"                    \
  "ldmia r1!, {r3, r4}\n\t"        \
  "lsls r3, r3, #1\n\t"            \
  "ldr r3, [r0, r3]\n\t"           \
  "muls r3, r4, r3\n\t"            \
  "add " sum ", r3\n\t"            \
  "bcc 5" k "b\n"                  \
  "6" k ":\n\t"
// Those of the second one, which the sum of both has too.
#define ISEUL_UPPER_SINGLES(sum, all, k) \
  "lsrs r5, r5, #1\n\t"            \
  "bcc 6" k "f\n"                  \
  "5" k ":\n\t"                    \
  "ldmia r1!, {r3, r4}\n\t"        \
  "lsls r6, r3, #1\n\t"            \
  "ldr r6, [r0, r6]\n\t"           \
  "muls r4, r6, r4\n\t"            \
  "add " sum ", r4\n\t"            \
  "lsls r4, r4, #16\n\t"           \
  "add " all ", r4\n\t"            \
  "cmp r3, #0\n\t"                 \
  "bpl 5" k "b\n"                  \
  "6" k ":\n\t"
// Both sums of each pair: r8, r9 and r10, r11.
#define ISEUL_FIRST_SUMS \
  "mov r8, r6\n\t"            \
  "add r6, r12\n\t"           \
  "asrs r6, r6, #16\n\t"      \
  "mov r9, r6\n\t"            \
  "mov r10, r7\n\t"           \
  "add r7, r12\n\t"           \
  "asrs r7, r7, #16\n\t"      \
  "mov r11, r7\n\t"
#define ISEUL_ADD_SUMS \
  "add r8, r6\n\t"            \
  "add r6, r12\n\t"           \
  "asrs r6, r6, #16\n\t"      \
  "add r9, r6\n\t"            \
  "add r10, r7\n\t"           \
  "add r7, r12\n\t"           \
  "asrs r7, r7, #16\n\t"      \
  "add r11, r7\n\t"
// r7: behind the position's last result. Goes on at the next position, or to 9 behind the last.
#define ISEUL_NEXT_POSITION \
  "ldr r2, %[x_stop]\n\t"     \
  "cmp r2, lr\n\t"            \
  "beq 9f\n\t"                \
  "mov r0, lr\n\t"            \
  "str r0, %[x]\n\t"          \
  "ldr r3, %[n_bytes]\n\t"    \
  "add lr, r3\n\t"            \
  "ldr r3, %[gap]\n\t"        \
  "adds r7, r7, r3\n\t"       \
  "str r7, %[out]\n\t"        \
  "ldr r1, %[w]\n\t"          \
  "b 1b\n"
// r2: all - (upper half's sum << 16)
#define ISEUL_LOWER(all, upper) \
  "mov r3, " upper "\n\t"       \
  "lsls r3, r3, #16\n\t"        \
  "mov r2, " all "\n\t"         \
  "subs r2, r2, r3\n\t"
#endif

// How a sum without its bias becomes int8. The words of scale: start - bias, width, two digits of
// a factor, the lower one of 13 bits, and a constant; if sums below 0 are treated apart -start,
// which is `y` of a sum of 0, and a dip:
//   y = sum + bias - start, at most width
//   ((y lower >> 13) + y upper + constant [- dip if y < -start]) >> 24, modulo 2^8
// and constant >> 24 for y < 0.
// It equals requantization, zero point and clamp for every sum that the weights allow, which was
// proved at all of its steps.
static inline int8_t iseul_rise(const int32_t *scale, uint32_t sum, int32_t is_rectified) {
  const uint32_t width = (uint32_t)scale[1], constant = (uint32_t)scale[4];
  const int32_t y = (int32_t)(sum - (uint32_t)scale[0]);
  const uint32_t v = (uint32_t)y < width ? (uint32_t)y : width;
  uint32_t t = constant;
  if (y >= 0) {
    t += (v * (uint32_t)scale[2] >> 13) + v * (uint32_t)scale[3];
    t -= !is_rectified && (int32_t)v < scale[5] ? (uint32_t)scale[6] : 0;
  }
  return (int8_t)(uint8_t)(t >> 24);
}

// n > 0 positions of all blocks of four channels, at least one, from w to w_end.
//
// w       per block: per value of x the words of both pairs of channels; a word whose bit i says
//         that single products of channel i follow, each as (2 its index in x, weight), with bit
//         31 of the first word set in the last one; per channel the five or seven words of
//         `iseul_rise`
// x       strips of `depth` values, a multiple of 4, at least 8
// gap     from behind the results of a position, 4 per block, to those of the next one
// rectified  a constant: 1 if no step lies below a sum of 0
ISEUL_INLINE void iseul_groups_4x1(const int32_t *w, const int32_t *w_end, const int32_t *x,
                                   int32_t depth, int8_t *out, int32_t n, int32_t gap,
                                   int rectified) {
#if ISEUL_HAS_THUMB1_BLOCKS
  const int32_t n_bytes = 4 * depth;
  const int32_t *const x_stop = x + n * depth;
  __asm__ volatile(
      ".syntax unified\n\t"
      "ldr r0, %[x]\n\t"
      "ldr r2, %[n_bytes]\n\t"
      "adds r2, r0, r2\n\t"
      "mov lr, r2\n\t"
      "movs r2, #128\n\t"
      "lsls r2, r2, #8\n\t"
      "mov r12, r2\n\t"
      "ldr r1, %[w]\n"
      "1:\n\t"
      ISEUL_GROUP
      ISEUL_FIRST_SUMS
      "2:\n\t"
      ISEUL_GROUP
      ISEUL_ADD_SUMS
      "cmp r0, lr\n\t"
      "bne 2b\n\t"
      "ldmia r1!, {r5}\n\t"
      "cmp r5, #0\n\t"
      "beq 7f\n\t"
      "ldr r0, %[x]\n\t"
      ISEUL_SINGLES("r8", "0")
      ISEUL_UPPER_SINGLES("r9", "r8", "1")
      ISEUL_SINGLES("r10", "2")
      ISEUL_UPPER_SINGLES("r11", "r10", "3")
      "7:\n\t"
      "ldr r7, %[out]\n\t"
      ISEUL_LOWER("r8", "r9") ISEUL_REQUANTIZE("0")
      "mov r2, r9\n\t" ISEUL_REQUANTIZE("1")
      ISEUL_LOWER("r10", "r11") ISEUL_REQUANTIZE("2")
      "mov r2, r11\n\t" ISEUL_REQUANTIZE("3")
      "adds r7, r7, #4\n\t"
      "ldr r2, %[w_end]\n\t"
      "cmp r1, r2\n\t"
      "beq 8f\n\t"
      "str r7, %[out]\n\t"
      "ldr r0, %[x]\n\t"
      "b 1b\n"
      ISEUL_TOO_LARGE("0")
      ISEUL_TOO_LARGE("1")
      ISEUL_TOO_LARGE("2")
      ISEUL_TOO_LARGE("3")
      "8:\n\t"
      ISEUL_NEXT_POSITION
      "9:\n\t"
      : [out] "+m"(out), [x] "+m"(x)
      : [w] "m"(w), [w_end] "m"(w_end), [x_stop] "m"(x_stop), [gap] "m"(gap),
        [n_bytes] "m"(n_bytes), [rectified] "i"(rectified)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr",
        "cc", "memory");
#else
  for (; n > 0; --n) {
    for (const int32_t *at = w; at != w_end; out += 4) {
      uint32_t a = 0, b = 0, c = 0, d = 0;
      for (int32_t i = 0; i < depth; i += 4) {
        const uint32_t x0 = (uint32_t)x[i], x1 = (uint32_t)x[i + 1];
        const uint32_t x2 = (uint32_t)x[i + 2], x3 = (uint32_t)x[i + 3];
        const uint32_t t = x0 * (uint32_t)at[0] + x1 * (uint32_t)at[2] + x2 * (uint32_t)at[4] +
                           x3 * (uint32_t)at[6];
        const uint32_t u = x0 * (uint32_t)at[1] + x1 * (uint32_t)at[3] + x2 * (uint32_t)at[5] +
                           x3 * (uint32_t)at[7];
        a += t;
        b += (uint32_t)((int32_t)(t + 0x8000u) >> 16);
        c += u;
        d += (uint32_t)((int32_t)(u + 0x8000u) >> 16);
        at += 8;
      }
      const uint32_t has_singles = (uint32_t)*at++;
      uint32_t sums[4] = {a - (b << 16), b, c - (d << 16), d};
      for (uint32_t k = 0; k < 4 && has_singles != 0; ++k) {
        for (uint32_t more = has_singles >> k & 1u; more != 0; at += 2) {
          const uint32_t twice = (uint32_t)at[0];
          sums[k] += (uint32_t)x[(twice & 0xFFFFu) >> 1] * (uint32_t)at[1];
          more = ~twice >> 31;
        }
      }
      for (int32_t k = 0; k < 4; ++k) {
        out[k] = iseul_rise(at, sums[k], rectified);
        at += rectified ? 5 : 7;
      }
    }
    x += depth;
    out += gap;
  }
#endif
}

// --- windows as strips of words

#if ISEUL_HAS_THUMB1_BLOCKS
// The next four values; only a load with two registers extends the sign.
#define ISEUL_WIDEN_4                  \
  "ldrb r4, [%[x]]\n\t"                \
  "ldrb r5, [%[x], #1]\n\t"            \
  "ldrsb r6, [%[x], %[n]]\n\t"         \
  "ldrsb r7, [%[x], %[three]]\n\t"     \
  "sxtb r4, r4\n\t"                    \
  "sxtb r5, r5\n\t"                    \
  "stmia %[to]!, {r4, r5, r6, r7}\n\t" \
  "adds %[x], #4\n\t"
#endif

// n values as words; gives the end of `to`.
static ISEUL_NOINLINE int32_t *iseul_as_words(int32_t *to, const int8_t *x, int32_t n) {
#if ISEUL_HAS_THUMB1_BLOCKS
  int32_t three;
  __asm__ volatile(
      ".syntax unified\n\t"
      "mov lr, %[n]\n\t"
      "lsrs r4, %[n], #3\n\t"
      "lsls r4, r4, #3\n\t"
      "adds r4, r4, %[x]\n\t"
      "mov r12, r4\n\t"
      "movs %[n], #2\n\t"
      "movs %[three], #3\n\t"
      "cmp %[x], r12\n\t"
      "beq 2f\n"
      "1:\n\t"  // eight at a time
      ISEUL_WIDEN_4
      ISEUL_WIDEN_4
      "cmp %[x], r12\n\t"
      "bne 1b\n"
      "2:\n\t"
      "mov r4, lr\n\t"
      "lsls r4, r4, #30\n\t"  // carry: four more; what is left: single ones
      "bcc 3f\n\t"
      ISEUL_WIDEN_4
      "mov r4, lr\n\t"
      "lsls r4, r4, #30\n"
      "3:\n\t"
      "beq 5f\n\t"
      "lsrs r4, r4, #30\n"
      "4:\n\t"
      "ldrb r5, [%[x]]\n\t"
      "sxtb r5, r5\n\t"
      "stmia %[to]!, {r5}\n\t"
      "adds %[x], #1\n\t"
      "subs r4, r4, #1\n\t"
      "bne 4b\n"
      "5:\n\t"
      : [to] "+l"(to), [x] "+l"(x), [n] "+l"(n), [three] "=&l"(three)
      :
      : "r4", "r5", "r6", "r7", "r12", "lr", "cc", "memory");
#else
  for (; n >= 4; n -= 4) {
    const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
    to[0] = x0;
    to[1] = x1;
    to[2] = x2;
    to[3] = x3;
    to += 4;
    x += 4;
  }
  for (; n > 0; --n) {
    *to++ = *x++;
  }
#endif
  return to;
}

static inline int32_t *iseul_pad_words(int32_t *to, int32_t value, int32_t n) {
  for (; n > 0; --n) {
    *to++ = value;
  }
  return to;
}

// Rows of a window that lies inside, the first one at x; n values each.
static inline void iseul_widen_rows(int32_t *to, const int8_t *x, int32_t x_row, int32_t n,
                                    int32_t n_rows) {
  for (; n_rows > 0; --n_rows) {
    to = iseul_as_words(to, x, n);
    x += x_row;
  }
}

// The window whose first tap is at (row, column) of a sample; padding is zero_point.
static ISEUL_NOINLINE void iseul_widen_window(const iseul_window_t *g, const int8_t *in,
                                              int32_t row, int32_t column, int32_t zero_point,
                                              int32_t *to) {
  const int32_t c = g->in_c, x_row = g->in_w * c;
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t n = columns.last - columns.first, after = g->kernel_w - columns.last;
  const int8_t *x = in + row * x_row + columns.start * c;
  for (int32_t i = g->kernel_h; i > 0; --i) {
    if (row < 0 || row >= g->in_h || n <= 0) {
      to = iseul_pad_words(to, zero_point, g->kernel_w * c);
    } else {
      to = iseul_pad_words(to, zero_point, columns.first * c);
      if (g->dilation_w == 1) {
        to = iseul_as_words(to, x, n * c);
      } else {
        for (int32_t j = 0; j < n; ++j) {
          to = iseul_as_words(to, x + j * g->dilation_w * c, c);
        }
      }
      to = iseul_pad_words(to, zero_point, after * c);
    }
    row += g->dilation_h;
    x += g->dilation_h * x_row;
  }
}

// --- convolutions

typedef struct {
  iseul_window_t window;
  int32_t depth;            // products of an output, filled up to a multiple of 4, at least 8
  int32_t strips;           // windows that are taken together: more than one only of one tap, with
                            // stride 1 and without padding
  const int32_t *channels;  // blocks of `iseul_groups_4x1`, the last one filled up
  int32_t n_whole;          // words of the blocks that are not filled up
  int32_t n_words;
  int32_t in_zero_point;
} iseul_conv_s8_mul32_t;

void iseul_conv2d_s8_mul32(const iseul_conv_s8_mul32_t *p, const int8_t *in, int8_t *out,
                           int32_t *scratch);
void iseul_conv2d_rectified_s8_mul32(const iseul_conv_s8_mul32_t *p, const int8_t *in,
                                     int8_t *out, int32_t *scratch);

// `iseul_groups_4x1` of a kernel.
typedef void (*iseul_fours_t)(const int32_t *w, const int32_t *w_end, const int32_t *x,
                              int32_t depth, int8_t *out, int32_t n, int32_t gap);

// All output channels of n positions whose windows are the strips at x. Results of channels that
// are not there are written where those of the next position follow; but for the last one of all.
static inline void iseul_positions(const iseul_conv_s8_mul32_t *p, const int32_t *x, int8_t *out,
                                   int32_t n, int32_t is_last, iseul_fours_t groups) {
  const int32_t c = p->window.out_c, whole = c / 4 * 4, rest = c % 4;
  const int32_t alone = is_last && rest > 0;
  const int32_t *const w = p->channels, *const w_end = w + p->n_words;
  if (n > alone) {
    groups(w, w_end, x, p->depth, out, n - alone, rest > 0 ? rest - 4 : 0);
  }
  if (alone) {
    int8_t few[4];
    x += (n - 1) * p->depth;
    out += (n - 1) * c;
    if (whole > 0) {
      groups(w, w + p->n_whole, x, p->depth, out, 1, 0);
    }
    groups(w + p->n_whole, w_end, x, p->depth, few, 1, 0);
    for (int32_t k = 0; k < rest; ++k) {
      out[whole + k] = few[k];
    }
  }
}

// Positions of one tap, some at a time.
static inline void iseul_each_point(const iseul_conv_s8_mul32_t *p, const int8_t *in, int8_t *out,
                                    int32_t *strips, iseul_fours_t groups) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c;
  int32_t left = g->batch * g->out_h * g->out_w;
  while (left > 0) {
    const int32_t n = left < p->strips ? left : p->strips;
    left -= n;
    if (p->depth == c) {
      iseul_as_words(strips, in, n * c);
    } else {
      int32_t *to = strips;
      for (int32_t k = 0; k < n; ++k) {
        iseul_as_words(to, in + k * c, c);
        to += p->depth;
      }
    }
    iseul_positions(p, strips, out, n, left == 0, groups);
    in += n * c;
    out += n * g->out_c;
  }
}

// All positions in raster order. strips: of depth words each
static inline void iseul_each_position(const iseul_conv_s8_mul32_t *p, const int8_t *in,
                                       int8_t *out, int32_t *strips, iseul_fours_t groups) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, run = g->kernel_w * c, x_row = g->dilation_h * g->in_w * c;
  const int32_t is_dense = g->dilation_w == 1 || g->kernel_w == 1;
  // of the first rows and columns of windows that lie inside
  const int32_t rows = g->in_h - (g->kernel_h - 1) * g->dilation_h;
  const int32_t columns = g->in_w - (g->kernel_w - 1) * g->dilation_w;
  int32_t left = g->batch * g->out_h * g->out_w;
  memset(strips, 0, (size_t)(p->depth * p->strips) * sizeof *strips);
  if (p->strips > 1) {
    iseul_each_point(p, in, out, strips, groups);
    return;
  }
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t y = 0; y < g->out_h; ++y) {
      const int32_t row = y * g->stride_h - g->pad_top;
      const int32_t is_whole = is_dense && row >= 0 && row < rows;
      int32_t column = -g->pad_left;
      for (int32_t i = 0; i < g->out_w; ++i) {
        if (is_whole && column >= 0 && column < columns) {
          iseul_widen_rows(strips, in + (row * g->in_w + column) * c, x_row, run, g->kernel_h);
        } else {
          iseul_widen_window(g, in, row, column, p->in_zero_point, strips);
        }
        iseul_positions(p, strips, out, 1, --left == 0, groups);
        column += g->stride_w;
        out += g->out_c;
      }
    }
    in += g->in_h * g->in_w * g->in_c;
  }
}

#endif
