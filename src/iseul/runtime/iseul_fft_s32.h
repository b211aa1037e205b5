// SPDX-License-Identifier: Apache-2.0
// iseul_fft_s32.h: Fourier transforms in 32-bit fixed point, as rfft and irfft use them.
//
// A transform of `size` complex values runs in place, in stages of radix 2, 3, 4 or 5, over values
// that stand at their places already. Sums wrap round. Meaning: numerics/fft.py. Exact.
// Parameters and functions, then what they are made of.
#ifndef ISEUL_FFT_S32_H
#define ISEUL_FFT_S32_H

#include "iseul.h"

typedef struct {
  int32_t size;        // complex values; a real signal has twice as many
  int32_t is_inverse;  // 1: with roots exp(2 pi i k / size); 0: exp(-2 pi i k / size)
  int32_t radix[16];   // of the stages in their order; 0 behind the last
  const int16_t *place;      // where value i stands before the first stage
  const int32_t *twiddle;    // real and imaginary parts of `size` roots of unity
  const int32_t *real_root;  // those of the size / 2 roots that take real signals apart
} iseul_fft_s32_t;

typedef struct {
  iseul_fft_s32_t fft;
  int32_t rows, size;
} iseul_rfft_s32_t;

void iseul_rfft_s32(const iseul_rfft_s32_t *p, const int32_t *in, int32_t *out);

typedef struct {
  iseul_fft_s32_t fft;
  int32_t rows;
} iseul_irfft_s32_t;

void iseul_irfft_s32(const iseul_irfft_s32_t *p, const int32_t *in, int32_t *out);

// --- complex values

typedef struct {
  int32_t re, im;
} iseul_c32_t;

// A product of two Q0.31 as Q0.31, rounded half up.
static inline int32_t iseul_c32_fraction(int64_t product) {
  return (int32_t)((product + ((int64_t)1 << 30)) >> 31);
}

static inline int32_t iseul_c32_sum(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t iseul_c32_difference(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline int32_t iseul_c32_half(int32_t a) {
  return a >> 1;
}

static inline int32_t iseul_c32_half_sum(int32_t a, int32_t b) {
  return iseul_c32_sum(a, b) >> 1;
}

static inline int32_t iseul_c32_half_difference(int32_t a, int32_t b) {
  return iseul_c32_difference(a, b) >> 1;
}

static inline iseul_c32_t iseul_c32_load(const int32_t *x, int32_t i) {
  const iseul_c32_t c = {x[2 * i], x[2 * i + 1]};
  return c;
}

static inline void iseul_c32_store(int32_t *x, int32_t i, iseul_c32_t c) {
  x[2 * i] = c.re;
  x[2 * i + 1] = c.im;
}

static inline iseul_c32_t iseul_c32_add(iseul_c32_t a, iseul_c32_t b) {
  const iseul_c32_t c = {iseul_c32_sum(a.re, b.re), iseul_c32_sum(a.im, b.im)};
  return c;
}

static inline iseul_c32_t iseul_c32_subtract(iseul_c32_t a, iseul_c32_t b) {
  const iseul_c32_t c = {iseul_c32_difference(a.re, b.re), iseul_c32_difference(a.im, b.im)};
  return c;
}

static inline iseul_c32_t iseul_c32_multiply(iseul_c32_t a, iseul_c32_t b) {
  const iseul_c32_t c = {iseul_c32_fraction((int64_t)a.re * b.re - (int64_t)a.im * b.im),
                        iseul_c32_fraction((int64_t)a.re * b.im + (int64_t)a.im * b.re)};
  return c;
}

static inline iseul_c32_t iseul_c32_scale(iseul_c32_t a, int32_t factor) {
  const iseul_c32_t c = {iseul_c32_fraction((int64_t)a.re * factor),
                        iseul_c32_fraction((int64_t)a.im * factor)};
  return c;
}

// a p + b q
static inline iseul_c32_t iseul_c32_blend(iseul_c32_t a, int32_t p, iseul_c32_t b, int32_t q) {
  return iseul_c32_add(iseul_c32_scale(a, p), iseul_c32_scale(b, q));
}

// -i a
static inline iseul_c32_t iseul_c32_turn(iseul_c32_t a) {
  const iseul_c32_t c = {a.im, iseul_c32_difference(0, a.re)};
  return c;
}

static inline iseul_c32_t iseul_c32_conjugate(iseul_c32_t a) {
  const iseul_c32_t c = {a.re, iseul_c32_difference(0, a.im)};
  return c;
}

// a / k as a product with a fraction.
static inline iseul_c32_t iseul_c32_divided(iseul_c32_t a, int32_t k) {
  const int64_t share = INT32_MAX / k;
  const iseul_c32_t c = {iseul_c32_fraction(a.re * share), iseul_c32_fraction(a.im * share)};
  return c;
}

// --- butterflies of x, each of whose values but the first was multiplied by its root

static inline void iseul_fft_two_s32(iseul_c32_t *x) {
  const iseul_c32_t t = x[1];
  x[1] = iseul_c32_subtract(x[0], t);
  x[0] = iseul_c32_add(x[0], t);
}

// root: imaginary part of the third root of unity
static inline void iseul_fft_three_s32(iseul_c32_t *x, int32_t root) {
  const iseul_c32_t sum = iseul_c32_add(x[1], x[2]);
  const iseul_c32_t turned = iseul_c32_turn(iseul_c32_scale(iseul_c32_subtract(x[1], x[2]), root));
  const iseul_c32_t half = {iseul_c32_half(sum.re), iseul_c32_half(sum.im)};
  const iseul_c32_t middle = iseul_c32_subtract(x[0], half);
  x[0] = iseul_c32_add(x[0], sum);
  x[1] = iseul_c32_subtract(middle, turned);
  x[2] = iseul_c32_add(middle, turned);
}

static inline void iseul_fft_four_s32(iseul_c32_t *x, int32_t is_inverse) {
  const iseul_c32_t low = iseul_c32_subtract(x[0], x[2]), high = iseul_c32_add(x[0], x[2]);
  const iseul_c32_t sum = iseul_c32_add(x[1], x[3]);
  const iseul_c32_t turned = iseul_c32_turn(iseul_c32_subtract(x[1], x[3]));
  x[0] = iseul_c32_add(high, sum);
  x[2] = iseul_c32_subtract(high, sum);
  x[1] = is_inverse ? iseul_c32_subtract(low, turned) : iseul_c32_add(low, turned);
  x[3] = is_inverse ? iseul_c32_add(low, turned) : iseul_c32_subtract(low, turned);
}

// a, b: the fifth root of unity and its square
static inline void iseul_fft_five_s32(iseul_c32_t *x, iseul_c32_t a, iseul_c32_t b) {
  const iseul_c32_t outer = iseul_c32_add(x[1], x[4]), inner = iseul_c32_add(x[2], x[3]);
  const iseul_c32_t outer_rest = iseul_c32_subtract(x[1], x[4]);
  const iseul_c32_t inner_rest = iseul_c32_subtract(x[2], x[3]);
  const iseul_c32_t near = iseul_c32_add(x[0], iseul_c32_blend(outer, a.re, inner, b.re));
  const iseul_c32_t far = iseul_c32_add(x[0], iseul_c32_blend(outer, b.re, inner, a.re));
  const iseul_c32_t near_turn = iseul_c32_turn(iseul_c32_blend(outer_rest, a.im, inner_rest, b.im));
  const iseul_c32_t far_turn = iseul_c32_turn(
      iseul_c32_subtract(iseul_c32_scale(inner_rest, a.im), iseul_c32_scale(outer_rest, b.im)));
  x[0] = iseul_c32_add(x[0], iseul_c32_add(outer, inner));
  x[1] = iseul_c32_subtract(near, near_turn);
  x[4] = iseul_c32_add(near, near_turn);
  x[2] = iseul_c32_add(far, far_turn);
  x[3] = iseul_c32_subtract(far, far_turn);
}

// All stages, in place.
static inline void iseul_fft_run_s32(const iseul_fft_s32_t *p, int32_t *x) {
  iseul_c32_t v[5] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}};
  int32_t width = 1;
  for (int32_t s = 0; s < 16 && p->radix[s] != 0; ++s) {
    const int32_t radix = p->radix[s], step = p->size / (radix * width);
    const iseul_c32_t a = iseul_c32_load(p->twiddle, step * width % p->size);
    const iseul_c32_t b = iseul_c32_load(p->twiddle, 2 * step * width % p->size);
    for (int32_t block = 0; block < step; ++block) {
      for (int32_t u = 0; u < width; ++u) {
        int32_t *const first = x + 2 * (block * radix * width + u);
        v[0] = iseul_c32_divided(iseul_c32_load(first, 0), radix);
        for (int32_t q = 1; q < radix; ++q) {
          v[q] = iseul_c32_divided(iseul_c32_load(first, q * width), radix);
          v[q] = iseul_c32_multiply(v[q], iseul_c32_load(p->twiddle, q * u * step));
        }
        if (radix == 4) {
          iseul_fft_four_s32(v, p->is_inverse);
        } else if (radix == 2) {
          iseul_fft_two_s32(v);
        } else if (radix == 3) {
          iseul_fft_three_s32(v, a.im);
        } else {
          iseul_fft_five_s32(v, a, b);
        }
        for (int32_t q = 0; q < radix; ++q) {
          iseul_c32_store(first, q * width, v[q]);
        }
      }
    }
    width *= radix;
  }
}

#endif
