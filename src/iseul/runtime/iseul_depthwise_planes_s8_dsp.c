// SPDX-License-Identifier: Apache-2.0
// iseul_depthwise_planes_s8_dsp: depthwise 3x3 convolution, stride 1, with bias and
// requantization; two outputs of a row at a time.
//
// in       (batch, in_h, in_w, in_c)
// out      (batch, out_h, out_w, in_c); may be in where it has in's size
// scratch  four planes of one channel each, then a row of out_w + 1 bytes
// Four channels at a time are taken apart into planes with in_zero_point around them, which the
// bias takes off again. The clamp is that of int8, and zero_point is -128; shift is -23 .. -2.
// Meaning: graph/ops/depthwise_conv2d.py. Exact: all judges agree to the bit.
#include "iseul_dsp.h"

// What all rows of one channel share.
typedef struct {
  uint32_t outer[3], middle01, middle2;  // weights: left and right of each row; the others
  int32_t bias[2];                       // twice the same
  iseul_scale_t scale;
} channel_t;

static channel_t channel_at(const iseul_planes_s8_dsp_t *p, int32_t o) {
  const int32_t c = p->window.in_c;
  const int8_t *const w = p->weights + o;
  const int32_t bias = p->bias[o];
  const channel_t channel = {
      {iseul_pair_of(w[0], w[2 * c]), iseul_pair_of(w[3 * c], w[5 * c]),
       iseul_pair_of(w[6 * c], w[8 * c])},
      iseul_pair_of(w[c], w[4 * c]),
      (uint32_t)w[7 * c],
      {bias, bias},
      iseul_scale_of(&p->output, o)};
  return channel;
}

// An even number of outputs of a row, n bytes of the plane from x on, `step` apart.
static inline void row_of(const channel_t *k, const int8_t *x, int32_t n, int32_t pitch,
                          int8_t *out, int32_t step) {
  const int8_t *const end = x + n;
#if ISEUL_HAS_WIDE_BLOCKS
// Three rows of three taps for outputs a and b, of the four bytes at `address`: the pairs
// e = (0, 2) and o = (1, 3); w: outer weights, m: middle weight in half h.
#define ROW(address, w, m, h)             \
  "ldr %[o], " address "\n\t"             \
  "sxtb16 %[e], %[o]\n\t"                 \
  "sxtb16 %[o], %[o], ror #8\n\t"         \
  "smlad %[a], %[e], %[" w "], %[a]\n\t"  \
  "smlad %[b], %[o], %[" w "], %[b]\n\t"  \
  "smlab" h " %[a], %[o], %[" m "], %[a]\n\t" \
  "smlat" h " %[b], %[e], %[" m "], %[b]\n\t"
  int32_t a, b;
  uint32_t e, o, t;
  __asm__ volatile(
      "1:\n\t"
      "ldrd %[a], %[b], %[bias]\n\t"
      ROW("[%[x], %[pitch], lsl #1]", "w2", "m2", "b")
      ROW("[%[x], %[pitch]]", "w1", "m01", "t")
      ROW("[%[x]], #2", "w0", "m01", "b")
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
      "asr %[o], %[o], %[a]\n\t"
      "ssat %[o], #8, %[o]\n\t"
      "strb %[o], [%[out], %[step]]\n\t"
      "add %[out], %[out], %[step], lsl #1\n\t"
      "ldr %[t], %[end]\n\t"
      "cmp %[x], %[t]\n\t"
      "bne 1b\n\t"
      : [a] "=&r"(a), [b] "=&r"(b), [e] "=&r"(e), [o] "=&r"(o), [t] "=&r"(t), [x] "+r"(x),
        [out] "+r"(out)
      : [w0] "r"(k->outer[0]), [w1] "r"(k->outer[1]), [w2] "r"(k->outer[2]),
        [m01] "r"(k->middle01), [m2] "r"(k->middle2), [pitch] "r"(pitch), [step] "r"(step),
        [bias] "m"(k->bias), [scale] "m"(k->scale), [upper] "m"(k->scale.upper),
        [shift] "m"(k->scale.shift), [end] "m"(end)
      : "cc", "memory");
#undef ROW
#else
  for (; x != end; x += 2) {
    int32_t a = k->bias[0], b = k->bias[0];
    for (int32_t i = 0; i < 3; ++i) {
      const uint32_t v = iseul_load4(x + i * pitch);
      const uint32_t even = iseul_even_pair(v), odd = iseul_odd_pair(v);
      const int32_t middle = (int16_t)((i == 2   ? k->middle2
                                        : i == 1 ? k->middle01 >> 16
                                                 : k->middle01) &
                                       0xFFFFu);
      a = iseul_dot_pair(even, k->outer[i], a) + (int16_t)(odd & 0xFFFFu) * middle;
      b = iseul_dot_pair(odd, k->outer[i], b) + (int16_t)(even >> 16) * middle;
    }
    out[0] = iseul_finish_rectified(k->scale, a);
    out[step] = iseul_finish_rectified(k->scale, b);
    out += 2 * step;
  }
#endif
}

// One channel. An odd row's last output and one too many are made at once; the next row puts that
// one right, and the last row goes by way of `spare`.
static void channel(const iseul_planes_s8_dsp_t *p, int32_t o, const int8_t *plane, int8_t *spare,
                    int8_t *out) {
  const iseul_window_t *const g = &p->window;
  const int32_t c = g->in_c, n = (g->out_w + 1) & ~(int32_t)1;
  const int32_t in_place = g->out_h - (g->out_w & 1);
  const channel_t k = channel_at(p, o);
  for (int32_t y = 0; y < in_place; ++y) {
    row_of(&k, plane, n, p->pitch, out, c);
    plane += p->pitch;
    out += g->out_w * c;
  }
  if (in_place < g->out_h) {
    row_of(&k, plane, n, p->pitch, spare, 1);
    for (int32_t x = 0; x < g->out_w; ++x) {
      out[x * c] = spare[x];
    }
  }
}

static inline void store4(int8_t *x, uint32_t v) { memcpy(x, &v, sizeof v); }

// Four positions (a0 a1 a2 a3) .. (d0 d1 d2 d3) of four channels: (a0 b0 c0 d0) to the first
// plane, and so on.
static inline void turn(const int8_t *x, int32_t c, int8_t *to, int32_t plane) {
  const uint32_t mask = 0x00FF00FFu;
  const uint32_t va = iseul_load4(x), vb = iseul_load4(x + c);
  const uint32_t vc = iseul_load4(x + 2 * c), vd = iseul_load4(x + 3 * c);
  const uint32_t ab02 = (va & mask) | (vb & mask) << 8, cd02 = (vc & mask) | (vd & mask) << 8;
  const uint32_t ab13 = (va >> 8 & mask) | (vb & ~mask), cd13 = (vc >> 8 & mask) | (vd & ~mask);
  store4(to, (ab02 & 0xFFFFu) | cd02 << 16);
  store4(to + plane, (ab13 & 0xFFFFu) | cd13 << 16);
  store4(to + 2 * plane, ab02 >> 16 | (cd02 & 0xFFFF0000u));
  store4(to + 3 * plane, ab13 >> 16 | (cd13 & 0xFFFF0000u));
}

// The first n channels from x on to planes.
static void take_apart(const iseul_planes_s8_dsp_t *p, const int8_t *x, int32_t n, int8_t *planes) {
  const iseul_window_t *const g = &p->window;
  int8_t *row = planes + g->pad_top * p->pitch + g->pad_left;
  for (int32_t y = 0; y < g->in_h; ++y) {
    int32_t i = 0;
    for (; n == 4 && i + 4 <= g->in_w; i += 4) {
      turn(x, g->in_c, row + i, p->plane);
      x += 4 * g->in_c;
    }
    for (; i < g->in_w; ++i) {
      for (int32_t k = 0; k < n; ++k) {
        row[i + k * p->plane] = x[k];
      }
      x += g->in_c;
    }
    row += p->pitch;
  }
}

void iseul_depthwise_planes_s8_dsp(const iseul_planes_s8_dsp_t *p, const int8_t *in, int8_t *out,
                                   int32_t *scratch) {
  const iseul_window_t *const g = &p->window;
  int8_t *const planes = (int8_t *)scratch;
  memset(planes, p->in_zero_point, (size_t)(4 * p->plane));
  for (int32_t n = 0; n < g->batch; ++n) {
    for (int32_t o = 0; o < g->in_c; o += 4) {
      const int32_t n_channels = g->in_c - o < 4 ? g->in_c - o : 4;
      take_apart(p, in + o, n_channels, planes);
      for (int32_t k = 0; k < n_channels; ++k) {
        channel(p, o + k, planes + k * p->plane, planes + 4 * p->plane, out + o + k);
      }
    }
    in += g->in_h * g->in_w * g->in_c;
    out += g->out_h * g->out_w * g->in_c;
  }
}
