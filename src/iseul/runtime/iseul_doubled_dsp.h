// SPDX-License-Identifier: Apache-2.0
// iseul_doubled_dsp.h: depthwise 3x3 convolutions by weights that are twice the true ones, as are
// the biases: rows of a plane, and what is made of a channel.
//
// One instruction scales a doubled sum: it multiplies, adds 2^31 and keeps the upper half.
#ifndef ISEUL_DOUBLED_DSP_H
#define ISEUL_DOUBLED_DSP_H

#include <stddef.h>

#include "iseul_nibbles.h"
#include "iseul_planes_dsp.h"

// What all outputs of one channel share, and where its row of the plane ends.
typedef struct {
  iseul_taps_3x3_t taps;
  const int8_t *end;
} iseul_doubled_taps_t;

// What all outputs of channel o share. The shift may be one that iseul_scale_of does not take.
static inline void iseul_doubled_taps_of(const iseul_planes_s8_dsp_t *p, int32_t o,
                                         iseul_doubled_taps_t *k) {
  const iseul_output_s8_t *const to = &p->output;
  const int32_t i = o * to->step, shift = -1 - to->shift[i];
  const int32_t upper = (int32_t)((uint32_t)(1 + 2 * to->zero_point) << shift) >> 1;
  const iseul_scale_t scale = {to->multiplier[i], upper, shift};
  k->taps = iseul_taps_3x3(p->weights + o, p->window.in_c, p->bias[o], scale);
}

#if ISEUL_HAS_WIDE_BLOCKS
#define ISEUL_DOUBLED_ROW(address, w, m, h)  \
  "ldr %[o], " address "\n\t"                \
  "sxtb16 %[e], %[o]\n\t"                    \
  "sxtb16 %[o], %[o], ror #8\n\t"            \
  "smlad %[a], %[e], %[" w "], %[a]\n\t"     \
  "smlab" h " %[a], %[o], %[" m "], %[a]\n\t"
#endif

static inline int8_t iseul_finish_tap(const iseul_scale_t *s, int32_t acc) {
  return (int8_t)iseul_to_int8(iseul_upper_doubled(s->upper, acc, s->multiplier) >> s->shift);
}

// As iseul_row_stride_1. What is not in a register is read from k, which is in one.
static inline void iseul_doubled_row_1(iseul_doubled_taps_t *k, const int8_t *x, int32_t n,
                                       int32_t pitch, int8_t *out, int32_t step) {
  k->end = x + n;
#if ISEUL_HAS_WIDE_BLOCKS
  int32_t a, b;
  uint32_t e, o, t;
  __asm__ volatile(
      "1:\n\t"
      "ldrd %[a], %[b], [%[k], %[bias]]\n\t"
      "ldr %[o], [%[x], %[pitch], lsl #1]\n\t"  // as ISEUL_ROW_2, its weights one by one
      "ldr %[t], [%[k], %[w2]]\n\t"
      "sxtb16 %[e], %[o]\n\t"
      "sxtb16 %[o], %[o], ror #8\n\t"
      "smlad %[a], %[e], %[t], %[a]\n\t"
      "smlad %[b], %[o], %[t], %[b]\n\t"
      "ldr %[t], [%[k], %[m2]]\n\t"
      "smlabb %[a], %[o], %[t], %[a]\n\t"
      "smlatb %[b], %[e], %[t], %[b]\n\t"
      ISEUL_ROW_2("[%[x], %[pitch]]", "w1", "m01", "t")
      ISEUL_ROW_2("[%[x]], #2", "w0", "m01", "b")
      "ldrd %[e], %[o], [%[k], %[scale]]\n\t"
      "smmlar %[a], %[a], %[e], %[o]\n\t"
      "smmlar %[b], %[b], %[e], %[o]\n\t"
      "ldrd %[e], %[o], [%[k], %[shift]]\n\t"  // and the end
      "asr %[a], %[a], %[e]\n\t"
      "asr %[b], %[b], %[e]\n\t"
      "ssat %[a], #8, %[a]\n\t"
      "ssat %[b], #8, %[b]\n\t"
      "strb %[a], [%[out]]\n\t"
      "strb %[b], [%[out], %[step]]\n\t"
      "add %[out], %[out], %[step], lsl #1\n\t"
      "cmp %[x], %[o]\n\t"
      "bne 1b\n\t"
      : [a] "=&r"(a), [b] "=&r"(b), [e] "=&r"(e), [o] "=&r"(o), [t] "=&r"(t), [x] "+r"(x),
        [out] "+r"(out)
      : [w0] "r"(k->taps.outer[0]), [w1] "r"(k->taps.outer[1]), [m01] "r"(k->taps.middle01),
        [pitch] "r"(pitch), [step] "r"(step), [k] "r"(k),
        [w2] "i"(offsetof(iseul_doubled_taps_t, taps.outer[2])),
        [m2] "i"(offsetof(iseul_doubled_taps_t, taps.middle2)),
        [bias] "i"(offsetof(iseul_doubled_taps_t, taps.bias)),
        [scale] "i"(offsetof(iseul_doubled_taps_t, taps.scale)),
        [shift] "i"(offsetof(iseul_doubled_taps_t, taps.scale.shift))
      : "cc", "memory");
#else
  for (; x != k->end; x += 2) {
    const iseul_taps_3x3_t *const t = &k->taps;
    const uint32_t middle[3] = {t->middle01 & 0xFFFFu, t->middle01 >> 16, t->middle2};
    int32_t a = t->bias[0], b = t->bias[0];
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
      a = iseul_dot_pair(odd, middle[i], iseul_dot_pair(even, t->outer[i], a));
      b = iseul_dot_pair(even, middle[i] << 16, iseul_dot_pair(odd, t->outer[i], b));
    }
    out[0] = iseul_finish_tap(&t->scale, a);
    out[step] = iseul_finish_tap(&t->scale, b);
    out += 2 * step;
  }
#endif
}

// As iseul_row_stride_2.
static inline void iseul_doubled_row_2(iseul_doubled_taps_t *k, const int8_t *x, int32_t n,
                                       int32_t pitch, int8_t *out, int32_t step) {
  k->end = x + 2 * n;
#if ISEUL_HAS_WIDE_BLOCKS
  int32_t a;
  uint32_t e, o;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[a], [%[k], %[bias]]\n\t"
      ISEUL_DOUBLED_ROW("[%[x], %[pitch], lsl #1]", "w2", "m2", "b")
      ISEUL_DOUBLED_ROW("[%[x], %[pitch]]", "w1", "m01", "t")
      ISEUL_DOUBLED_ROW("[%[x]], #2", "w0", "m01", "b")
      "ldrd %[e], %[o], [%[k], %[scale]]\n\t"
      "smmlar %[a], %[a], %[e], %[o]\n\t"
      "ldrd %[e], %[o], [%[k], %[shift]]\n\t"  // and the end
      "asr %[a], %[a], %[e]\n\t"
      "ssat %[a], #8, %[a]\n\t"
      "strb %[a], [%[out]]\n\t"
      "add %[out], %[out], %[step]\n\t"
      "cmp %[x], %[o]\n\t"
      "bne 1b\n\t"
      : [a] "=&r"(a), [e] "=&r"(e), [o] "=&r"(o), [x] "+r"(x), [out] "+r"(out)
      : [w0] "r"(k->taps.outer[0]), [w1] "r"(k->taps.outer[1]), [w2] "r"(k->taps.outer[2]),
        [m01] "r"(k->taps.middle01), [m2] "r"(k->taps.middle2), [pitch] "r"(pitch),
        [step] "r"(step), [k] "r"(k), [bias] "i"(offsetof(iseul_doubled_taps_t, taps.bias)),
        [scale] "i"(offsetof(iseul_doubled_taps_t, taps.scale)),
        [shift] "i"(offsetof(iseul_doubled_taps_t, taps.scale.shift))
      : "cc", "memory");
#else
  for (; x != k->end; x += 2) {
    const iseul_taps_3x3_t *const t = &k->taps;
    const uint32_t middle[3] = {t->middle01 & 0xFFFFu, t->middle01 >> 16, t->middle2};
    int32_t a = t->bias[0];
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      a = iseul_dot_pair(iseul_even_pair(v), t->outer[i], a);
      a = iseul_dot_pair(iseul_odd_pair(v), middle[i], a);
    }
    *out = iseul_finish_tap(&t->scale, a);
    out += step;
  }
#endif
}

// All rows of one channel. An odd row's last output and one too many are made at once; the next
// row puts that one right, and the last row goes by way of `spare`.
static inline void iseul_plane_of_channel(const iseul_planes_s8_dsp_t *p,
                                          iseul_doubled_taps_t *k, const int8_t *plane,
                                          int8_t *spare, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, n = (g->out_w + 1) & ~(int32_t)1;
  const int32_t in_place = g->out_h - (g->out_w & 1);
  const int32_t pitch = p->pitch, out_row = g->out_w * c;
  for (int32_t y = 0; y < in_place; ++y) {
    iseul_doubled_row_1(k, plane, n, pitch, out, c);
    plane += pitch;
    out += out_row;
  }
  if (in_place < g->out_h) {
    iseul_doubled_row_1(k, plane, n, pitch, spare, 1);
    for (int32_t x = 0; x < g->out_w; ++x) {
      out[x * c] = spare[x];
    }
  }
}

// All columns of one channel.
static inline void iseul_turned_channel(const iseul_planes_s8_dsp_t *p,
                                        iseul_doubled_taps_t *k, const int8_t *plane,
                                        int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, step = g->out_w * c, n = g->out_h & ~(int32_t)1;
  for (int32_t x = g->out_w; x > 0; --x) {
    if (n > 0) {
      iseul_doubled_row_1(k, plane, n, p->pitch, out, step);
    }
    if (n < g->out_h) {
      iseul_doubled_row_2(k, plane + n, 1, p->pitch, out + n * step, step);
    }
    plane += p->pitch;
    out += c;
  }
}

// n_rows output rows of one channel. Two outputs at a time may be one too many: it lies where the
// next row begins; the last row of all goes by way of `spare`.
static inline void iseul_rows_of_channel(const iseul_planes_s8_dsp_t *p,
                                         iseul_doubled_taps_t *k, int32_t n_rows,
                                         const int8_t *x, int8_t *spare, int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, n = g->out_w, pitch = p->pitch;
  const int32_t x_row = g->stride_h * pitch, is_strided = g->stride_w == 2;
  for (int32_t y = 0; y < n_rows; ++y) {
    const int32_t is_last = spare != NULL && y + 1 == n_rows;
    if (is_strided) {
      iseul_doubled_row_2(k, x, n, pitch, out, c);
    } else {
      iseul_doubled_row_1(k, x, (n + 1) & ~(int32_t)1, pitch, is_last ? spare : out,
                          is_last ? 1 : c);
    }
    for (int32_t i = 0; is_last && i < n; ++i) {
      out[i * c] = spare[i];
    }
    x += x_row;
    out += n * c;
  }
}

#endif
