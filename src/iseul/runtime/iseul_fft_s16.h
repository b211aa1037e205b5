// SPDX-License-Identifier: Apache-2.0
// iseul_fft_s16.h: Fourier transforms in 16-bit fixed point, as rfft and irfft use them.
//
// A transform of `size` complex values runs in place, in stages of radix 2, 3, 4 or 5, over values
// that stand at their places already. Sums wrap round. Meaning: numerics/fft.py. Exact.
// Parameters and functions, then what they are made of.
#ifndef ISEUL_FFT_S16_H
#define ISEUL_FFT_S16_H

#include "iseul.h"

typedef struct {
  int32_t size;        // complex values; a real signal has twice as many
  int32_t is_inverse;  // 1: with roots exp(2 pi i k / size); 0: exp(-2 pi i k / size)
  int32_t radix[16];   // of the stages in their order; 0 behind the last
  const int16_t *place;      // where value i stands before the first stage
  const int16_t *twiddle;    // real and imaginary parts of `size` roots of unity
  const int16_t *real_root;  // those of the size / 2 roots that take real signals apart
} iseul_fft_s16_t;

typedef struct {
  iseul_fft_s16_t fft;
  int32_t rows, size;
} iseul_rfft_s16_t;

void iseul_rfft_s16(const iseul_rfft_s16_t *p, const int16_t *in, int16_t *out);

typedef struct {
  iseul_fft_s16_t fft;
  int32_t rows;
} iseul_irfft_s16_t;

void iseul_irfft_s16(const iseul_irfft_s16_t *p, const int16_t *in, int16_t *out);

// --- complex values

typedef struct {
  int16_t re, im;
} iseul_c16_t;

// A product of two Q0.15 as Q0.15, rounded half up.
static inline int16_t iseul_c16_fraction(int32_t product) {
  return (int16_t)((product + (1 << 14)) >> 15);
}

static inline int16_t iseul_c16_sum(int16_t a, int16_t b) {
  return (int16_t)(a + b);
}

static inline int16_t iseul_c16_difference(int16_t a, int16_t b) {
  return (int16_t)(a - b);
}

static inline int16_t iseul_c16_half(int16_t a) {
  return (int16_t)(a >> 1);
}

static inline int16_t iseul_c16_half_sum(int16_t a, int16_t b) {
  return (int16_t)((a + b) >> 1);
}

static inline int16_t iseul_c16_half_difference(int16_t a, int16_t b) {
  return (int16_t)((a - b) >> 1);
}

static inline iseul_c16_t iseul_c16_load(const int16_t *x, int32_t i) {
  const iseul_c16_t c = {x[2 * i], x[2 * i + 1]};
  return c;
}

static inline void iseul_c16_store(int16_t *x, int32_t i, iseul_c16_t c) {
  x[2 * i] = c.re;
  x[2 * i + 1] = c.im;
}

static inline iseul_c16_t iseul_c16_add(iseul_c16_t a, iseul_c16_t b) {
  const iseul_c16_t c = {iseul_c16_sum(a.re, b.re), iseul_c16_sum(a.im, b.im)};
  return c;
}

static inline iseul_c16_t iseul_c16_subtract(iseul_c16_t a, iseul_c16_t b) {
  const iseul_c16_t c = {iseul_c16_difference(a.re, b.re), iseul_c16_difference(a.im, b.im)};
  return c;
}

static inline iseul_c16_t iseul_c16_multiply(iseul_c16_t a, iseul_c16_t b) {
  const iseul_c16_t c = {iseul_c16_fraction((int32_t)a.re * b.re - (int32_t)a.im * b.im),
                        iseul_c16_fraction((int32_t)a.re * b.im + (int32_t)a.im * b.re)};
  return c;
}

static inline iseul_c16_t iseul_c16_scale(iseul_c16_t a, int16_t factor) {
  const iseul_c16_t c = {iseul_c16_fraction((int32_t)a.re * factor),
                        iseul_c16_fraction((int32_t)a.im * factor)};
  return c;
}

// a p + b q
static inline iseul_c16_t iseul_c16_blend(iseul_c16_t a, int16_t p, iseul_c16_t b, int16_t q) {
  return iseul_c16_add(iseul_c16_scale(a, p), iseul_c16_scale(b, q));
}

// -i a
static inline iseul_c16_t iseul_c16_turn(iseul_c16_t a) {
  const iseul_c16_t c = {a.im, iseul_c16_difference(0, a.re)};
  return c;
}

static inline iseul_c16_t iseul_c16_conjugate(iseul_c16_t a) {
  const iseul_c16_t c = {a.re, (int16_t)-a.im};
  return c;
}

// a / k as a product with a fraction.
static inline iseul_c16_t iseul_c16_divided(iseul_c16_t a, int32_t k) {
  const int32_t share = INT16_MAX / k;
  const iseul_c16_t c = {iseul_c16_fraction(a.re * share), iseul_c16_fraction(a.im * share)};
  return c;
}

// --- butterflies of x, each of whose values but the first was multiplied by its root

static inline void iseul_fft_two_s16(iseul_c16_t *x) {
  const iseul_c16_t t = x[1];
  x[1] = iseul_c16_subtract(x[0], t);
  x[0] = iseul_c16_add(x[0], t);
}

// root: imaginary part of the third root of unity
static inline void iseul_fft_three_s16(iseul_c16_t *x, int16_t root) {
  const iseul_c16_t sum = iseul_c16_add(x[1], x[2]);
  const iseul_c16_t turned = iseul_c16_turn(iseul_c16_scale(iseul_c16_subtract(x[1], x[2]), root));
  const iseul_c16_t half = {iseul_c16_half(sum.re), iseul_c16_half(sum.im)};
  const iseul_c16_t middle = iseul_c16_subtract(x[0], half);
  x[0] = iseul_c16_add(x[0], sum);
  x[1] = iseul_c16_subtract(middle, turned);
  x[2] = iseul_c16_add(middle, turned);
}

static inline void iseul_fft_four_s16(iseul_c16_t *x, int32_t is_inverse) {
  const iseul_c16_t low = iseul_c16_subtract(x[0], x[2]), high = iseul_c16_add(x[0], x[2]);
  const iseul_c16_t sum = iseul_c16_add(x[1], x[3]);
  const iseul_c16_t turned = iseul_c16_turn(iseul_c16_subtract(x[1], x[3]));
  x[0] = iseul_c16_add(high, sum);
  x[2] = iseul_c16_subtract(high, sum);
  x[1] = is_inverse ? iseul_c16_subtract(low, turned) : iseul_c16_add(low, turned);
  x[3] = is_inverse ? iseul_c16_add(low, turned) : iseul_c16_subtract(low, turned);
}

// a, b: the fifth root of unity and its square
static inline void iseul_fft_five_s16(iseul_c16_t *x, iseul_c16_t a, iseul_c16_t b) {
  const iseul_c16_t outer = iseul_c16_add(x[1], x[4]), inner = iseul_c16_add(x[2], x[3]);
  const iseul_c16_t outer_rest = iseul_c16_subtract(x[1], x[4]);
  const iseul_c16_t inner_rest = iseul_c16_subtract(x[2], x[3]);
  const iseul_c16_t near = iseul_c16_add(x[0], iseul_c16_blend(outer, a.re, inner, b.re));
  const iseul_c16_t far = iseul_c16_add(x[0], iseul_c16_blend(outer, b.re, inner, a.re));
  const iseul_c16_t near_turn = iseul_c16_turn(iseul_c16_blend(outer_rest, a.im, inner_rest, b.im));
  const iseul_c16_t far_turn = iseul_c16_turn(
      iseul_c16_subtract(iseul_c16_scale(inner_rest, a.im), iseul_c16_scale(outer_rest, b.im)));
  x[0] = iseul_c16_add(x[0], iseul_c16_add(outer, inner));
  x[1] = iseul_c16_subtract(near, near_turn);
  x[4] = iseul_c16_add(near, near_turn);
  x[2] = iseul_c16_add(far, far_turn);
  x[3] = iseul_c16_subtract(far, far_turn);
}

// All stages, in place.
static inline void iseul_fft_run_s16(const iseul_fft_s16_t *p, int16_t *x) {
  iseul_c16_t v[5] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
  int32_t width = 1;
  for (int32_t s = 0; s < 16 && p->radix[s] != 0; ++s) {
    const int32_t radix = p->radix[s], step = p->size / (radix * width);
    const iseul_c16_t a = iseul_c16_load(p->twiddle, step * width % p->size);
    const iseul_c16_t b = iseul_c16_load(p->twiddle, 2 * step * width % p->size);
    for (int32_t block = 0; block < step; ++block) {
      for (int32_t u = 0; u < width; ++u) {
        int16_t *const first = x + 2 * (block * radix * width + u);
        v[0] = iseul_c16_divided(iseul_c16_load(first, 0), radix);
        for (int32_t q = 1; q < radix; ++q) {
          v[q] = iseul_c16_divided(iseul_c16_load(first, q * width), radix);
          v[q] = iseul_c16_multiply(v[q], iseul_c16_load(p->twiddle, q * u * step));
        }
        if (radix == 4) {
          iseul_fft_four_s16(v, p->is_inverse);
        } else if (radix == 2) {
          iseul_fft_two_s16(v);
        } else if (radix == 3) {
          iseul_fft_three_s16(v, a.im);
        } else {
          iseul_fft_five_s16(v, a, b);
        }
        for (int32_t q = 0; q < radix; ++q) {
          iseul_c16_store(first, q * width, v[q]);
        }
      }
    }
    width *= radix;
  }
}

#endif
