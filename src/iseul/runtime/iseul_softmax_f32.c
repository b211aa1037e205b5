// SPDX-License-Identifier: Apache-2.0
// iseul_softmax_f32: exp(beta * x) / sum exp(beta * x) of each row.
//
// in, out  rows * size values; out may be in
// beta     > 0
// scratch  none
// The exponential is our own, so that no libm is needed: x = n ln 2 + r with |r| <= ln 2 / 2, a
// Taylor polynomial of degree 7 in r, then 2^n. Its relative error is below 3e-7 in [-87, 0].
// Meaning: graph/ops/softmax.py, up to rounding.
#include <string.h>

#include "iseul.h"

// exp(x) for x <= 0; 0 below -87, where float32 has no normal numbers left.
static float exponential(float x) {
  if (!(x >= -87.0f)) {
    return 0.0f;
  }
  const int32_t n = (int32_t)(x * 1.44269504f - 0.5f);  // 1 / ln 2; truncation rounds up
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
  const uint32_t bits = (uint32_t)(n + 127) << 23;  // 2^n
  float power;
  memcpy(&power, &bits, sizeof power);
  return y * power;
}

void iseul_softmax_f32(const iseul_softmax_f32_t *p, const float *in, float *out) {
  for (int32_t r = 0; r < p->rows; ++r) {
    float maximum = in[0];
    for (int32_t i = 1; i < p->size; ++i) {
      maximum = in[i] > maximum ? in[i] : maximum;
    }
    float sum = 0.0f;
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] = exponential((in[i] - maximum) * p->beta);
      sum += out[i];
    }
    for (int32_t i = 0; i < p->size; ++i) {
      out[i] /= sum;
    }
    in += p->size;
    out += p->size;
  }
}
