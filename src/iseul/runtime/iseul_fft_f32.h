// SPDX-License-Identifier: Apache-2.0
// iseul_fft_f32.h: Fourier transforms in float32, as rfft and irfft use them.
//
// A transform of `size` complex values runs in place, in stages of radix 2, 3, 4 or 5, over values
// that stand at their places already. Meaning: numpy.fft, up to rounding.
// Parameters and functions, then what they are made of.
#ifndef ISEUL_FFT_F32_H
#define ISEUL_FFT_F32_H

#include "iseul.h"

typedef struct {
  int32_t size;        // complex values; a real signal has twice as many
  int32_t is_inverse;  // 1: with roots exp(2 pi i k / size); 0: exp(-2 pi i k / size)
  int32_t radix[16];   // of the stages in their order; 0 behind the last
  const int16_t *place;      // where value i stands before the first stage
  const float *twiddle;      // real and imaginary parts of `size` roots of unity
  const float *real_root;    // those of the size / 2 roots that take real signals apart
} iseul_fft_f32_t;

typedef struct {
  iseul_fft_f32_t fft;
  int32_t rows, size;
} iseul_rfft_f32_t;

void iseul_rfft_f32(const iseul_rfft_f32_t *p, const float *in, float *out);

typedef struct {
  iseul_fft_f32_t fft;
  int32_t rows;
} iseul_irfft_f32_t;

void iseul_irfft_f32(const iseul_irfft_f32_t *p, const float *in, float *out);

// --- complex values

typedef struct {
  float re, im;
} iseul_cf_t;

static inline float iseul_cf_fraction(float product) {
  return product;
}

static inline float iseul_cf_sum(float a, float b) {
  return a + b;
}

static inline float iseul_cf_difference(float a, float b) {
  return a - b;
}

static inline float iseul_cf_half(float a) {
  return 0.5f * a;
}

static inline float iseul_cf_half_sum(float a, float b) {
  return 0.5f * (a + b);
}

static inline float iseul_cf_half_difference(float a, float b) {
  return 0.5f * (a - b);
}

static inline iseul_cf_t iseul_cf_load(const float *x, int32_t i) {
  const iseul_cf_t c = {x[2 * i], x[2 * i + 1]};
  return c;
}

static inline void iseul_cf_store(float *x, int32_t i, iseul_cf_t c) {
  x[2 * i] = c.re;
  x[2 * i + 1] = c.im;
}

static inline iseul_cf_t iseul_cf_add(iseul_cf_t a, iseul_cf_t b) {
  const iseul_cf_t c = {iseul_cf_sum(a.re, b.re), iseul_cf_sum(a.im, b.im)};
  return c;
}

static inline iseul_cf_t iseul_cf_subtract(iseul_cf_t a, iseul_cf_t b) {
  const iseul_cf_t c = {iseul_cf_difference(a.re, b.re), iseul_cf_difference(a.im, b.im)};
  return c;
}

static inline iseul_cf_t iseul_cf_multiply(iseul_cf_t a, iseul_cf_t b) {
  const iseul_cf_t c = {iseul_cf_fraction(a.re * b.re - a.im * b.im),
                       iseul_cf_fraction(a.re * b.im + a.im * b.re)};
  return c;
}

static inline iseul_cf_t iseul_cf_scale(iseul_cf_t a, float factor) {
  const iseul_cf_t c = {iseul_cf_fraction(a.re * factor),
                       iseul_cf_fraction(a.im * factor)};
  return c;
}

// a p + b q
static inline iseul_cf_t iseul_cf_blend(iseul_cf_t a, float p, iseul_cf_t b, float q) {
  return iseul_cf_add(iseul_cf_scale(a, p), iseul_cf_scale(b, q));
}

// -i a
static inline iseul_cf_t iseul_cf_turn(iseul_cf_t a) {
  const iseul_cf_t c = {a.im, iseul_cf_difference(0, a.re)};
  return c;
}

static inline iseul_cf_t iseul_cf_conjugate(iseul_cf_t a) {
  const iseul_cf_t c = {a.re, -a.im};
  return c;
}

// Reals are not divided on the way.
static inline iseul_cf_t iseul_cf_divided(iseul_cf_t a, int32_t k) {
  (void)k;
  return a;
}

// --- butterflies of x, each of whose values but the first was multiplied by its root

static inline void iseul_fft_two_f32(iseul_cf_t *x) {
  const iseul_cf_t t = x[1];
  x[1] = iseul_cf_subtract(x[0], t);
  x[0] = iseul_cf_add(x[0], t);
}

// root: imaginary part of the third root of unity
static inline void iseul_fft_three_f32(iseul_cf_t *x, float root) {
  const iseul_cf_t sum = iseul_cf_add(x[1], x[2]);
  const iseul_cf_t turned = iseul_cf_turn(iseul_cf_scale(iseul_cf_subtract(x[1], x[2]), root));
  const iseul_cf_t half = {iseul_cf_half(sum.re), iseul_cf_half(sum.im)};
  const iseul_cf_t middle = iseul_cf_subtract(x[0], half);
  x[0] = iseul_cf_add(x[0], sum);
  x[1] = iseul_cf_subtract(middle, turned);
  x[2] = iseul_cf_add(middle, turned);
}

static inline void iseul_fft_four_f32(iseul_cf_t *x, int32_t is_inverse) {
  const iseul_cf_t low = iseul_cf_subtract(x[0], x[2]), high = iseul_cf_add(x[0], x[2]);
  const iseul_cf_t sum = iseul_cf_add(x[1], x[3]);
  const iseul_cf_t turned = iseul_cf_turn(iseul_cf_subtract(x[1], x[3]));
  x[0] = iseul_cf_add(high, sum);
  x[2] = iseul_cf_subtract(high, sum);
  x[1] = is_inverse ? iseul_cf_subtract(low, turned) : iseul_cf_add(low, turned);
  x[3] = is_inverse ? iseul_cf_add(low, turned) : iseul_cf_subtract(low, turned);
}

// a, b: the fifth root of unity and its square
static inline void iseul_fft_five_f32(iseul_cf_t *x, iseul_cf_t a, iseul_cf_t b) {
  const iseul_cf_t outer = iseul_cf_add(x[1], x[4]), inner = iseul_cf_add(x[2], x[3]);
  const iseul_cf_t outer_rest = iseul_cf_subtract(x[1], x[4]);
  const iseul_cf_t inner_rest = iseul_cf_subtract(x[2], x[3]);
  const iseul_cf_t near = iseul_cf_add(x[0], iseul_cf_blend(outer, a.re, inner, b.re));
  const iseul_cf_t far = iseul_cf_add(x[0], iseul_cf_blend(outer, b.re, inner, a.re));
  const iseul_cf_t near_turn = iseul_cf_turn(iseul_cf_blend(outer_rest, a.im, inner_rest, b.im));
  const iseul_cf_t far_turn = iseul_cf_turn(
      iseul_cf_subtract(iseul_cf_scale(inner_rest, a.im), iseul_cf_scale(outer_rest, b.im)));
  x[0] = iseul_cf_add(x[0], iseul_cf_add(outer, inner));
  x[1] = iseul_cf_subtract(near, near_turn);
  x[4] = iseul_cf_add(near, near_turn);
  x[2] = iseul_cf_add(far, far_turn);
  x[3] = iseul_cf_subtract(far, far_turn);
}

// All stages, in place.
static inline void iseul_fft_run_f32(const iseul_fft_f32_t *p, float *x) {
  iseul_cf_t v[5] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
  int32_t width = 1;
  for (int32_t s = 0; s < 16 && p->radix[s] != 0; ++s) {
    const int32_t radix = p->radix[s], step = p->size / (radix * width);
    const iseul_cf_t a = iseul_cf_load(p->twiddle, step * width % p->size);
    const iseul_cf_t b = iseul_cf_load(p->twiddle, 2 * step * width % p->size);
    for (int32_t block = 0; block < step; ++block) {
      for (int32_t u = 0; u < width; ++u) {
        float *const first = x + 2 * (block * radix * width + u);
        v[0] = iseul_cf_divided(iseul_cf_load(first, 0), radix);
        for (int32_t q = 1; q < radix; ++q) {
          v[q] = iseul_cf_divided(iseul_cf_load(first, q * width), radix);
          v[q] = iseul_cf_multiply(v[q], iseul_cf_load(p->twiddle, q * u * step));
        }
        if (radix == 4) {
          iseul_fft_four_f32(v, p->is_inverse);
        } else if (radix == 2) {
          iseul_fft_two_f32(v);
        } else if (radix == 3) {
          iseul_fft_three_f32(v, a.im);
        } else {
          iseul_fft_five_f32(v, a, b);
        }
        for (int32_t q = 0; q < radix; ++q) {
          iseul_cf_store(first, q * width, v[q]);
        }
      }
    }
    width *= radix;
  }
}

#endif
