// SPDX-License-Identifier: Apache-2.0
// iseul_real.h: functions of real numbers in float32, so that no libm is needed.
//
// Each states its error; all are monotone enough for activations, none sets errno.
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
    return x == 0.0f ? ISEUL_LOWEST_REAL : 0.0f / 0.0f;
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

// sqrt(x): NaN below 0. Correct to the last bit but one: three Newton steps from an estimate of
// 1 / sqrt(x), and a last one for the root itself.
static inline float iseul_sqrt(float x) {
  if (!(x > 0.0f)) {
    return x == 0.0f ? x : 0.0f / 0.0f;
  }
  if (x == ISEUL_HIGHEST_REAL) {
    return x;
  }
  const int is_tiny = x < 1.0e-30f;
  const float v = is_tiny ? x * 1.8446744e19f : x;  // 2^64
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  bits = 0x5F3759DFu - (bits >> 1);
  float y;
  memcpy(&y, &bits, sizeof y);
  for (int32_t i = 0; i < 3; ++i) {
    y = y * (1.5f - 0.5f * v * y * y);
  }
  float root = v * y;
  root = 0.5f * (root + v / root);
  return is_tiny ? root * 2.3283064e-10f : root;  // 2^-32
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
    return 0.0f / 0.0f;
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

#endif
