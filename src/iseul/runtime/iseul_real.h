// SPDX-License-Identifier: Apache-2.0
// iseul_real.h: functions of real numbers in float32, so that no libm is needed.
//
// Each states its error against the exact result; none sets errno. NaN gives NaN.
#ifndef ISEUL_REAL_H
#define ISEUL_REAL_H

#include <string.h>

#include "iseul.h"

// 2^n for n = -126 .. 127.
static inline float iseul_power_of_two(int32_t n) {
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

// exp(x): 0 below -87, where float32 has no normal numbers left; infinite above 88.7.
//
// x = n ln 2 + r with |r| <= ln 2 / 2, a Taylor polynomial of degree 7 in r, then 2^n. Relative
// error below 3e-7.
static inline float iseul_exp(float x) {
  if (!(x >= -87.0f)) {
    return x != x ? x : 0.0f;
  }
  if (x > 88.72284f) {
    return ISEUL_HIGHEST_REAL;
  }
  const float nearest = x * 1.44269504f;  // 1 / ln 2
  const int32_t n = (int32_t)(nearest + (nearest < 0.0f ? -0.5f : 0.5f));
  // ln 2 in two parts, so that n ln 2 is exact enough
  const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
  float y = 1.0f / 5040.0f;
  y = y * r + 1.0f / 720.0f;
  y = y * r + 1.0f / 120.0f;
  y = y * r + 1.0f / 24.0f;
  y = y * r + 1.0f / 6.0f;
  y = y * r + 0.5f;
  y = y * r + 1.0f;
  y = y * r + 1.0f;
  // in two factors: 2^128 alone is not a float32
  const int32_t half = n / 2;
  return y * iseul_power_of_two(half) * iseul_power_of_two(n - half);
}

// ln(x): -infinity at 0, NaN below. Relative error below 2e-7 away from 1, absolute 1e-7 near 1.
//
// x = 2^n m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s), s = (m - 1) / (m + 1), as an odd
// polynomial of degree 9.
static inline float iseul_log(float x) {
  if (!(x > 0.0f)) {
    return x == 0.0f ? ISEUL_LOWEST_REAL : ISEUL_NOT_A_REAL;
  }
  if (x == ISEUL_HIGHEST_REAL) {
    return x;
  }
  int32_t n = 0;
  if (x < 1.17549435e-38f) {  // subnormal
    x *= 8388608.0f;          // 2^23
    n = -23;
  }
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  n += (int32_t)(bits >> 23) - 127;
  bits = (bits & 0x007FFFFFu) | 0x3F800000u;
  float m;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++n;
  }
  const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
  float y = 2.0f / 9.0f;
  y = y * z + 2.0f / 7.0f;
  y = y * z + 2.0f / 5.0f;
  y = y * z + 2.0f / 3.0f;
  const float part = y * z * s + 2.0f * s;
  return (float)n * 0.693359375f + (part - (float)n * 2.12194440e-4f);
}

// sqrt(x), rounded to nearest as IEEE 754 asks for; NaN below 0.
//
// x = m 4^k with m of 47 or 48 bits, whose integer root has 24 bits: an estimate by Newton steps
// on 1 / sqrt, made exact in integers. No root lies halfway between two float32.
static inline float iseul_sqrt(float x) {
  if (!(x > 0.0f) || x == ISEUL_HIGHEST_REAL) {
    return x == 0.0f || x > 0.0f ? x : ISEUL_NOT_A_REAL;
  }
  int32_t n = 0;
  if (x < 1.17549435e-38f) {  // subnormal
    x *= 16777216.0f;         // 2^24
    n = -12;
  }
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const int32_t exponent = (int32_t)(bits >> 23) - 150;  // x = mantissa * 2^exponent
  const uint32_t mantissa = (bits & 0x007FFFFFu) | 0x00800000u;
  const int32_t left = (exponent & 1) != 0 ? 23 : 24;  // the rest of the exponent is even
  const uint64_t m = (uint64_t)mantissa << left;
  n += (exponent - left) / 2;
  const float v = (float)(uint32_t)(m >> 24);
  memcpy(&bits, &v, sizeof bits);
  bits = 0x5F3759DFu - (bits >> 1);
  float y;
  memcpy(&y, &bits, sizeof y);
  for (int32_t i = 0; i < 3; ++i) {
    y = y * (1.5f - 0.5f * v * y * y);
  }
  uint32_t root = (uint32_t)(v * y * 4096.0f);
  while ((uint64_t)root * root > m) {
    --root;
  }
  while ((uint64_t)(root + 1u) * (root + 1u) <= m) {
    ++root;
  }
  root += m - (uint64_t)root * root > root ? 1u : 0u;
  return (float)root * iseul_power_of_two(n);
}

// 1 / (1 + exp(-x)); relative error below 6e-7.
static inline float iseul_logistic(float x) {
  if (x >= 0.0f) {
    return 1.0f / (1.0f + iseul_exp(-x));
  }
  const float e = iseul_exp(x);
  return e / (1.0f + e);
}

// exp(x) - 1 without cancellation near 0; relative error below 5e-7.
static inline float iseul_expm1(float x) {
  if (x > 0.35f || x < -0.35f || x != x) {
    return iseul_exp(x) - 1.0f;
  }
  float y = 1.0f / 5040.0f;
  y = y * x + 1.0f / 720.0f;
  y = y * x + 1.0f / 120.0f;
  y = y * x + 1.0f / 24.0f;
  y = y * x + 1.0f / 6.0f;
  y = y * x + 0.5f;
  y = y * x + 1.0f;
  return y * x;
}

// tanh(x); relative error below 6e-7.
static inline float iseul_tanh(float x) {
  const float a = x < 0.0f ? -x : x;
  if (a > 9.1f) {
    return x < 0.0f ? -1.0f : 1.0f;
  }
  const float e = iseul_expm1(2.0f * a);
  const float t = e / (e + 2.0f);
  return x < 0.0f ? -t : t;
}

// a - trunc(a / b) b with a's sign, exact, as C's fmodf: NaN where a is no finite number or b is 0.
//
// Mantissas are divided as integers, one binary digit of the quotient after the other.
static inline float iseul_fmod(float a, float b) {
  uint32_t x, y;
  memcpy(&x, &a, sizeof x);
  memcpy(&y, &b, sizeof y);
  const uint32_t sign = x & 0x80000000u;
  x &= 0x7FFFFFFFu;
  y &= 0x7FFFFFFFu;
  if (x >= 0x7F800000u || y > 0x7F800000u || y == 0) {
    return ISEUL_NOT_A_REAL;
  }
  if (x < y) {
    return a;
  }
  // numbers are m 2^(e - 150); subnormal ones have the exponent of the smallest normal ones
  int32_t from = x < 0x00800000u ? 1 : (int32_t)(x >> 23);
  int32_t e = y < 0x00800000u ? 1 : (int32_t)(y >> 23);
  const uint32_t divisor = y < 0x00800000u ? y : (y & 0x007FFFFFu) | 0x00800000u;
  uint32_t m = (x < 0x00800000u ? x : (x & 0x007FFFFFu) | 0x00800000u) % divisor;
  for (; from > e; --from) {
    m <<= 1;
    m = m >= divisor ? m - divisor : m;
  }
  while (m != 0 && m < 0x00800000u && e > 1) {
    m <<= 1;
    --e;
  }
  const uint32_t bits = m < 0x00800000u ? m : (m & 0x007FFFFFu) | (uint32_t)e << 23;
  const uint32_t signed_bits = bits | sign;
  float rest;
  memcpy(&rest, &signed_bits, sizeof rest);
  return rest;
}

// floor(x), exact.
static inline float iseul_floor(float x) {
  if (!(x > -8388608.0f && x < 8388608.0f)) {  // 2^23: integers from here on
    return x;
  }
  const float whole = (float)(int32_t)x;
  return whole > x ? whole - 1.0f : whole;
}

// The nearest integer, ties to even; exact.
static inline float iseul_round(float x) {
  if (!(x > -8388608.0f && x < 8388608.0f)) {
    return x;
  }
  const float whole = iseul_floor(x);
  const float rest = x - whole;
  const int is_odd = (int)((uint32_t)(int32_t)whole & 1u);
  return rest > 0.5f || (rest == 0.5f && is_odd) ? whole + 1.0f : whole;
}

// ln(1 + exp(x)); absolute error below 3e-7 for x up to 1, relative above.
static inline float iseul_softplus(float x) {
  const float e = iseul_exp(x < 0.0f ? x : -x);
  return (x > 0.0f ? x : 0.0f) + iseul_log(1.0f + e);
}

// erf(x); absolute error below 4e-7.
//
// Up to 1 the Taylor series, beyond 1 - exp(-x^2) times a polynomial in 1 / (1 + p x)
// (Abramowitz and Stegun: Handbook of Mathematical Functions, 7.1.26).
static inline float iseul_erf(float x) {
  const float a = x < 0.0f ? -x : x;
  if (!(a >= 1.0f)) {
    const float z = x * x;
    float y = 1.0f / 76204800.0f;  // (-1)^n / (n! (2 n + 1)) for n = 10 .. 0
    y = y * z - 1.0f / 6894720.0f;
    y = y * z + 1.0f / 685440.0f;
    y = y * z - 1.0f / 75600.0f;
    y = y * z + 1.0f / 9360.0f;
    y = y * z - 1.0f / 1320.0f;
    y = y * z + 1.0f / 216.0f;
    y = y * z - 1.0f / 42.0f;
    y = y * z + 1.0f / 10.0f;
    y = y * z - 1.0f / 3.0f;
    y = y * z + 1.0f;
    return 1.12837917f * x * y;  // 2 / sqrt(pi)
  }
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  float y = 1.061405429f;
  y = y * t - 1.453152027f;
  y = y * t + 1.421413741f;
  y = y * t - 0.284496736f;
  y = y * t + 0.254829592f;
  const float e = 1.0f - y * t * iseul_exp(-a * a);
  return x < 0.0f ? -e : e;
}

// 32 bits of a row of 32-bit words, from bit `i` on, the highest bit of the first word being 0.
static inline uint32_t iseul_bits_at(const uint32_t *words, int32_t i) {
  const uint32_t *const w = words + i / 32;
  return (uint32_t)((((uint64_t)w[0] << 32) | w[1]) >> (32 - i % 32));
}

// |x| as `*quarters` quarter turns (modulo 4) and what is left, -pi/4 .. pi/4. x is finite.
//
// In integers, so that the largest x is as exact as the smallest: |x| = m 2^e, and of
// m 2^e (2 / pi) only the bits around the point count (Payne and Hanek, 1983). Absolute error of
// what is left below 6e-8.
static inline float iseul_turn(float x, uint32_t *quarters) {
  // 2 / pi, behind 32 zeros
  static const uint32_t two_over_pi[8] = {0u,          0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u,
                                          0xF534DDC0u, 0xDB629599u, 0x3C439041u, 0xFE5163ABu};
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits &= 0x7FFFFFFFu;
  float a;
  memcpy(&a, &bits, sizeof a);
  if (a < 0.78539816f) {  // pi / 4
    *quarters = 0;
    return a;
  }
  const int32_t exponent = (int32_t)(bits >> 23) - 150;  // a = mantissa * 2^exponent
  const uint32_t mantissa = (bits & 0x007FFFFFu) | 0x00800000u;
  const int32_t at = exponent + 30;  // the first bit that makes less than four quarters
  const uint32_t high = iseul_bits_at(two_over_pi, at);
  const uint32_t middle = iseul_bits_at(two_over_pi, at + 32);
  const uint32_t low = iseul_bits_at(two_over_pi, at + 64);
  // quarter turns modulo 4, with 62 bits behind the point
  const uint64_t window = ((uint64_t)high << 32) | middle;
  const uint64_t turns = window * mantissa + (((uint64_t)low * mantissa) >> 32);
  const uint64_t nearest = turns + ((uint64_t)1 << 61);
  *quarters = (uint32_t)(nearest >> 62);
  const int64_t rest = (int64_t)(turns - ((nearest >> 62) << 62));
  return (float)rest * 3.4061215800e-19f;  // pi / 2 * 2^-62
}

// sin(r + q pi / 2) for r in -pi/4 .. pi/4; absolute error below 1.2e-7.
static inline float iseul_sine_of_turn(float r, uint32_t q) {
  const float z = r * r;
  float y;
  if (q & 1u) {
    y = 1.0f / 40320.0f;
    y = y * z - 1.0f / 720.0f;
    y = y * z + 1.0f / 24.0f;
    y = y * z - 0.5f;
    y = y * z + 1.0f;
  } else {
    y = 1.0f / 362880.0f;
    y = y * z - 1.0f / 5040.0f;
    y = y * z + 1.0f / 120.0f;
    y = y * z - 1.0f / 6.0f;
    y = y * z * r + r;
  }
  return q & 2u ? -y : y;
}

// sin(x) for any x; absolute error below 2e-7. NaN for infinite x.
static inline float iseul_sin(float x) {
  if (!(x > ISEUL_LOWEST_REAL && x < ISEUL_HIGHEST_REAL)) {
    return ISEUL_NOT_A_REAL;
  }
  uint32_t quarters;
  const float r = iseul_turn(x, &quarters);
  const float y = iseul_sine_of_turn(r, quarters);
  return x < 0.0f ? -y : y;
}

// cos(x) for any x; absolute error below 2e-7. NaN for infinite x.
static inline float iseul_cos(float x) {
  if (!(x > ISEUL_LOWEST_REAL && x < ISEUL_HIGHEST_REAL)) {
    return ISEUL_NOT_A_REAL;
  }
  uint32_t quarters;
  const float r = iseul_turn(x, &quarters);
  return iseul_sine_of_turn(r, quarters + 1u);
}

#endif
