// SPDX-License-Identifier: Apache-2.0
// iseul_recurrent_dsp.h: what iseul_recurrent.h has, for Cortex-M cores with the DSP extension.
//
// Weights of four rows are joined two by two (iseul_joined.h).
#ifndef ISEUL_RECURRENT_DSP_H
#define ISEUL_RECURRENT_DSP_H

#include "iseul_gate.h"
#include "iseul_joined.h"
#include "iseul_recurrent.h"

// --- from sums to int16

// Nearest of -32768 .. 32767.
static inline int32_t iseul_to_int16(int32_t x) {
#if ISEUL_HAS_DSP
  __asm__("ssat %0, #16, %0" : "+r"(x));
  return x;
#else
  return iseul_clamp(x, INT16_MIN, INT16_MAX);
#endif
}

// `iseul_requantize` of |x| < 2^30, of 2 x instead: for n = -shift > 0
//   floor((2 x q + 2^31 + 2^(31+n) - [x < 0] 2^32) / 2^(32+n))
// and for n <= 0, of x << (1 - n)
//   floor(((x << (1 - n)) q + 2^31) / 2^32).
// Both are the upper word of a sum, shifted, and `left`, `sign` and `right` say of which one:
// 1, 31, n or 1 - n, 32, 0. upper: 2^(n-1) or 0.
typedef struct {
  int32_t multiplier, left, upper, sign, right;
} iseul_narrow_t;

static inline int32_t iseul_narrow(const iseul_narrow_t *p, int32_t x) {
#if ISEUL_HAS_DSP
  uint32_t low = 0x80000000u;
  int32_t high, by = x;
  __asm__("lsr %0, %1, %2" : "=r"(high) : "r"(x), "r"(p->sign));  // 0 for 32
  __asm__("lsl %0, %0, %1" : "+r"(by) : "r"(p->left));
  high = p->upper - high;
  __asm__("smlal %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(by), "r"(p->multiplier));
  return high >> p->right;
#else
  const int32_t is_away = x < 0 && p->sign < 32;
  const int64_t by = (int64_t)x * ((int32_t)1 << p->left);
  const int64_t sum = by * p->multiplier + ((int64_t)1 << 31);
  return ((int32_t)(sum >> 32) + p->upper - is_away) >> p->right;
#endif
}

// The same for n > 0.
static inline int32_t iseul_narrow_down(const iseul_narrow_t *p, int32_t x) {
  const int32_t high = p->upper + (x >> 31);
#if ISEUL_HAS_DSP
  uint32_t low = 0x80000000u;
  int32_t sum = high;
  __asm__("smlal %0, %1, %2, %3" : "+r"(low), "+r"(sum) : "r"(2 * x), "r"(p->multiplier));
  return sum >> p->right;
#else
  return ((int32_t)(((int64_t)2 * x * p->multiplier + ((int64_t)1 << 31)) >> 32) + high) >>
         p->right;
#endif
}

#if ISEUL_HAS_WIDE_BLOCKS
// `iseul_narrow` of register r with what comes next at x0, to int16.
#define ISEUL_NARROW_16(r)                                 \
  "ldmia %[x0]!, {%[t0], %[t1], %[t2], %[t3], %[t4]}\n\t" \
  "lsr %[t3], %[" r "], %[t3]\n\t"                        \
  "lsl %[" r "], %[" r "], %[t1]\n\t"                     \
  "sub %[t2], %[t2], %[t3]\n\t"                           \
  "mov %[t3], #0x80000000\n\t"                            \
  "smlal %[t3], %[t2], %[" r "], %[t0]\n\t"               \
  "asr %[t2], %[t2], %[t4]\n\t"                           \
  "ssat %[" r "], #16, %[t2]\n\t"
#endif

// Four sums of W x + b and of R h, each narrowed to int16, added with saturation. Gives the end
// of w.
//
// w    two blocks of rows as `iseul_joined_4x1` reads them; n_x and n_h steps
// by   four for W, four for R
// x    the input in pairs, then the state
static inline const int32_t *iseul_four_gates(const int32_t *w, const iseul_narrow_t *by,
                                              const uint32_t *x, int32_t n_x, int32_t n_h,
                                              int32_t gates[4]) {
#if ISEUL_HAS_WIDE_BLOCKS
  register int32_t a __asm__("r0");
  register int32_t b __asm__("r1");
  register int32_t c __asm__("r2");
  register int32_t d __asm__("r3");
  register uint32_t t0 __asm__("r8");
  register uint32_t t1 __asm__("r9");
  register uint32_t t2 __asm__("r10");
  register uint32_t t3 __asm__("r11");
  register uint32_t t4 __asm__("r12");
  uint32_t x0, x1;
  const int32_t *end = w + 4 * n_x + 4;
  const int32_t *const last = end + 4 * n_h + 4;
  int32_t first[4];
  __asm__ volatile(
      ISEUL_JOINED_ROWS
      "ldr %[x0], %[by]\n\t"
      ISEUL_NARROW_16("a") ISEUL_NARROW_16("b") ISEUL_NARROW_16("c") ISEUL_NARROW_16("d")
      "str %[x0], %[by]\n\t"
      "strd %[a], %[b], %[first]\n\t"
      "strd %[c], %[d], %[more]\n\t"
      "ldr %[end], %[last]\n\t"
      ISEUL_JOINED_ROWS
      "ldr %[x0], %[by]\n\t"
      ISEUL_NARROW_16("a") ISEUL_NARROW_16("b") ISEUL_NARROW_16("c") ISEUL_NARROW_16("d")
      "ldrd %[t0], %[t1], %[first]\n\t"
      "ldrd %[t2], %[t3], %[more]\n\t"
      "add %[a], %[a], %[t0]\n\t"
      "add %[b], %[b], %[t1]\n\t"
      "add %[c], %[c], %[t2]\n\t"
      "add %[d], %[d], %[t3]\n\t"
      "ssat %[a], #16, %[a]\n\t"
      "ssat %[b], #16, %[b]\n\t"
      "ssat %[c], #16, %[c]\n\t"
      "ssat %[d], #16, %[d]\n\t"
      : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t0] "=&r"(t0), [t1] "=&r"(t1),
        [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [x0] "=&r"(x0), [x1] "=&r"(x1),
        [w] "+r"(w), [x] "+r"(x), [end] "+r"(end), [by] "+m"(by), [first] "=m"(first),
        [more] "=m"(first[2])
      : [last] "m"(last)
      : "cc", "memory");
  gates[0] = a;
  gates[1] = b;
  gates[2] = c;
  gates[3] = d;
#else
  int32_t sums[4];
  w = iseul_joined_4x1(w, n_x, x, gates);
  w = iseul_joined_4x1(w, n_h, x + 2 * n_x, sums);
  for (int32_t k = 0; k < 4; ++k) {
    const int32_t first = iseul_to_int16(iseul_narrow(by + k, gates[k]));
    gates[k] = iseul_to_int16(first + iseul_to_int16(iseul_narrow(by + 4 + k, sums[k])));
  }
#endif
  return w;
}

// --- logistic and tanh

// As `iseul_logistic_q15` of 3 x for x of 16 bits, whose tripled numbers lie inside of the table.
//
// pairs  of each entry: logistic in Q0.16, and what the next entry has more
static inline int32_t iseul_logistic_of(const uint32_t *pairs, int32_t x) {
  const int32_t tripled = 3 * x, sign = tripled >> 31;
  const uint32_t a = (uint32_t)((tripled ^ sign) - sign);
  const uint32_t pair = pairs[a >> 9];
  const int32_t y = (int32_t)((pair & 0xFFFFu) << 9) + (int32_t)(a & 511u) * (int32_t)(pair >> 16);
  return ((y ^ sign) + (sign & ((int32_t)1 << 25)) + 512) >> 10;
}

// tanh in Q0.15. x: tripled.
static inline int32_t iseul_tanh_of(const uint32_t *pairs, int32_t x) {
  const int32_t sign = x >> 31;
  const uint32_t a = (uint32_t)((x ^ sign) - sign);
  int32_t y = (0xFFFF << 8) - (1 << 23);
  if (a < 255u << 8) {
    const uint32_t pair = pairs[a >> 8];
    y = (int32_t)((pair & 0xFFFFu) << 8) + (int32_t)(a & 255u) * (int32_t)(pair >> 16) - (1 << 23);
  }
  return ((y ^ sign) + 128) >> 8;
}

// --- lstm; gates are in the order i, f, g, o

typedef struct {
  iseul_sequence_t sequence;
  const int32_t *rows;      // of each unit: W of its gates, then R, as iseul_joined_4x1 reads them
  const int32_t *gates;     // eight iseul_narrow_t: of W x + b, then of R h, to scale 2^-12
  const uint32_t *logistic;  // 255 pairs: logistic in Q0.16, what the next one has more
  iseul_narrow_t forget, update, output;
  int32_t left;                  // the cell state's scale is 2^(left - 12)
  int32_t cell_low, cell_high;   // the cell state's clip
  int32_t zero_point;            // of the hidden state
} iseul_lstm_s8_dsp_t;

void iseul_lstm_s8_dsp(const iseul_lstm_s8_dsp_t *p, const int8_t *in, const int8_t *hidden,
                       const int16_t *cell, int8_t *out, int8_t *hidden_out, int16_t *cell_out,
                       int32_t *scratch);

// --- svdf

typedef struct {
  int32_t batch, in_size, memory, units, rank;
  const int32_t *feature;  // of four filters at a time, as iseul_joined_4x1 reads them
  const int32_t *time;     // of each filter the pairs that iseul_remember_... takes
  const int32_t *bias;     // (units), minus the state's zero point times all weights over time
  int32_t state_zero_point;
  iseul_narrow_t newest;
  int32_t multiplier, shift;  // of sums; shift: -1 - shift
  int32_t zero_point, low, high;
} iseul_svdf_dsp_t;

void iseul_svdf_s8_dsp(const iseul_svdf_dsp_t *p, const int8_t *in, const int8_t *state,
                       int8_t *out, int8_t *state_out, int32_t *scratch);
void iseul_svdf_s16_dsp(const iseul_svdf_dsp_t *p, const int8_t *in, const int16_t *state,
                        int8_t *out, int16_t *state_out, int32_t *scratch);

// The newest of four filters to `to`, in the order that w says.
//
// w  as iseul_joined_4x1 reads it, and four bytes behind: where in `to` each goes
static inline const int32_t *iseul_four_newest(const int32_t *w, int32_t n, const uint32_t *x,
                                               const iseul_narrow_t *by, int32_t *to) {
#if ISEUL_HAS_WIDE_BLOCKS
// `iseul_narrow` of register r, with left, upper, sign, right in t1 .. t4, to where byte k of x1
// says
#define ISEUL_NARROW_TO(r, k)                \
  "lsr %[t0], %[" r "], %[t3]\n\t"           \
  "lsl %[" r "], %[" r "], %[t1]\n\t"        \
  "sub %[t0], %[t2], %[t0]\n\t"              \
  "mov %[x0], #0x80000000\n\t"               \
  "smlal %[x0], %[t0], %[" r "], %[x]\n\t"   \
  "ubfx %[x0], %[x1], #" k ", #8\n\t"        \
  "asr %[t0], %[t0], %[t4]\n\t"              \
  "str %[t0], [%[end], %[x0]]\n\t"
  register int32_t a __asm__("r0");
  register int32_t b __asm__("r1");
  register int32_t c __asm__("r2");
  register int32_t d __asm__("r3");
  register uint32_t t0 __asm__("r8");
  register uint32_t t1 __asm__("r9");
  register uint32_t t2 __asm__("r10");
  register uint32_t t3 __asm__("r11");
  register uint32_t t4 __asm__("r12");
  uint32_t x0, x1;
  const int32_t *end = w + 4 * n + 4;
  __asm__ volatile(
      ISEUL_JOINED_ROWS
      "ldr %[x1], [%[w]], #4\n\t"
      "ldr %[x0], %[by]\n\t"
      "ldr %[x], [%[x0]], #4\n\t"
      "ldmia %[x0], {%[t1], %[t2], %[t3], %[t4]}\n\t"
      "ldr %[end], %[to]\n\t"
      ISEUL_NARROW_TO("a", "0") ISEUL_NARROW_TO("b", "8")
      ISEUL_NARROW_TO("c", "16") ISEUL_NARROW_TO("d", "24")
      : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [t0] "=&r"(t0), [t1] "=&r"(t1),
        [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [x0] "=&r"(x0), [x1] "=&r"(x1),
        [w] "+r"(w), [x] "+r"(x), [end] "+r"(end)
      : [by] "m"(by), [to] "m"(to)
      : "cc", "memory");
#undef ISEUL_NARROW_TO
  return w;
#else
  int32_t sums[4];
  w = iseul_joined_4x1(w, n, x, sums);
  for (int32_t k = 0; k < 4; ++k) {
    to[((uint32_t)*w >> 8 * k & 255u) / 4] = iseul_narrow(by, sums[k]);
  }
  return w + 1;
#endif
}

// The newest of all filters, before they are clamped. They go behind the widened input.
static ISEUL_NOINLINE int32_t *iseul_newest(const iseul_svdf_dsp_t *p, const int8_t *in,
                                            int32_t *scratch) {
  const int32_t n_steps = (p->in_size + 3) / 4;
  const iseul_narrow_t by = p->newest;
  const int32_t *w = p->feature;
  int32_t *const newest = scratch + 2 * n_steps;
  int32_t *to = newest;
  iseul_widen((uint32_t *)scratch, in, p->in_size);
  for (int32_t left = p->units * p->rank; left > 0; left -= 4) {
    const uint32_t *x = (const uint32_t *)scratch;
    w = iseul_four_newest(w, n_steps, x, &by, to);
    to += 4;
  }
  return newest;
}

// The outputs of all units from the sums over time of their filters.
static ISEUL_NOINLINE void iseul_svdf_outputs(const iseul_svdf_dsp_t *p, const int32_t *sums,
                                              int8_t *out) {
  const int32_t low = p->low, high = p->high, rank = p->rank, zero_point = p->zero_point;
  const int32_t is_saturated = low == -128 && high == 127;
  const int32_t upper = (int32_t)((uint32_t)(1 + 2 * zero_point) << (p->shift - 1));
  const iseul_scale_t scale = {p->multiplier, upper, p->shift};
  const int32_t *bias = p->bias;
  for (int8_t *const end = out + p->units; out != end; ++out) {
    uint32_t acc = (uint32_t)*bias++ + (uint32_t)*sums++;
    for (int32_t i = 1; i < rank; ++i) {
      acc += (uint32_t)*sums++;
    }
    *out = is_saturated ? iseul_finish_saturated(scale, (int32_t)acc)
                        : iseul_finish_clamped(scale, (int32_t)acc, low, high);
  }
}

// How filters remember n bytes each: by words, the last one `back` bytes earlier, so that it ends
// where they do.
typedef struct {
  int32_t n_filters, n_words, back, zero_point;
} iseul_memory_s8_t;

// Moves all filters' memories on by one, the newest behind. newest: before they are clamped and
// their zero point is added, which may wrap around; the sums over time come in their place.
//
// old   before; now: after, which may be old
// time  of four values the pairs (0, 2) and (1, 3); values of the last word that have been in the
//       one before have no weights
static inline void iseul_remember_s8(const iseul_memory_s8_t *m, const int8_t *old, int8_t *now,
                                     const uint32_t *time, int32_t *newest) {
#if ISEUL_HAS_WIDE_BLOCKS
#define ISEUL_REMEMBERED                   \
  "str %[v], [%[now]], #4\n\t"             \
  "ldrd %[t], %[u], [%[time]], #8\n\t"     \
  "sxtb16 %[k], %[v]\n\t"                  \
  "sxtb16 %[v], %[v], ror #8\n\t"          \
  "smlad %[acc], %[k], %[t], %[acc]\n\t"   \
  "smlad %[acc], %[v], %[u], %[acc]\n\t"
  const int32_t n = m->n_words - 1, back = m->back, zero_point = m->zero_point;
  const int32_t *const end = newest + m->n_filters;
  int32_t acc, left, value;
  uint32_t k, t, u, v;
  ++old;
  __asm__ volatile(
      "1:\n\t"
      "ldr %[value], [%[newest]]\n\t"
      "ldr %[t], %[zero]\n\t"
      "ldr %[left], %[n]\n\t"
      "ssat %[value], #8, %[value]\n\t"
      "add %[value], %[value], %[t]\n\t"
      "mov %[acc], #0\n\t"
      "cbz %[left], 3f\n"
      "2:\n\t"
      "ldr %[v], [%[old]], #4\n\t" ISEUL_REMEMBERED
      "subs %[left], %[left], #1\n\t"
      "bne 2b\n"
      "3:\n\t"
      "ldr %[t], %[back]\n\t"
      "sub %[old], %[old], %[t]\n\t"
      "ldr %[v], [%[old], #-1]\n\t"
      "sub %[now], %[now], %[t]\n\t"
      "add %[old], %[old], #4\n\t"
      "lsr %[v], %[v], #8\n\t"
      "orr %[v], %[v], %[value], lsl #24\n\t" ISEUL_REMEMBERED
      "ldr %[t], %[end]\n\t"
      "str %[acc], [%[newest]], #4\n\t"
      "cmp %[newest], %[t]\n\t"
      "bne 1b\n\t"
      : [old] "+r"(old), [now] "+r"(now), [time] "+r"(time), [newest] "+r"(newest),
        [acc] "=&r"(acc), [left] "=&l"(left), [value] "=&r"(value), [k] "=&r"(k), [t] "=&r"(t),
        [u] "=&r"(u), [v] "=&r"(v)
      : [n] "m"(n), [back] "m"(back), [zero] "m"(zero_point), [end] "m"(end)
      : "cc", "memory");
#undef ISEUL_REMEMBERED
#else
  for (int32_t f = 0; f < m->n_filters; ++f) {
    int32_t acc = 0;
    for (int32_t left = m->n_words; left > 0; --left) {
      uint32_t v;
      if (left > 1) {
        v = iseul_load4(old + 1);
      } else {
        old -= m->back;
        now -= m->back;
        v = iseul_load4(old) >> 8 | (uint32_t)(iseul_to_int8(*newest) + m->zero_point) << 24;
      }
      acc = iseul_dot_pair(iseul_even_pair(v), *time++, acc);
      acc = iseul_dot_pair(iseul_odd_pair(v), *time++, acc);
      iseul_store4(now, v);
      old += 4;
      now += 4;
    }
    *newest++ = acc;
  }
#endif
}

#endif
