// SPDX-License-Identifier: Apache-2.0
// iseul_hybrid.h: sums of products of float activations and int8 weights.
//
// Parameters, then functions; each function stands in the file of its name. Meaning:
// graph/ops/_hybrid.py. Every step is one float32 operation, under IEEE arithmetic without fused
// multiply-adds, which is what ISO C asks for (-std=c99; with -std=gnu99 add -ffp-contract=off).
#ifndef ISEUL_HYBRID_H
#define ISEUL_HYBRID_H

#include "iseul_weighted.h"

// Weights stand for scale * (w - zero_point).
typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const int8_t *weights;     // (out_c, kernel_h, kernel_w, group_in)
  const float *scale;        // one, or one per output channel
  const int8_t *zero_point;  // as many
  const float *bias;
  int32_t step;  // 0: one scale for all channels, 1: one per channel
  float low, high;
} iseul_conv_f32_s8_t;

void iseul_conv2d_f32_s8(const iseul_conv_f32_s8_t *p, const float *in, float *out);

// Samples become int8 at run time; zero points of weights are 0.
typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const int8_t *weights;
  const float *scale;
  const float *bias;
  int32_t step;
  int32_t is_asymmetric;  // 1: by zero point and scale; 0: by scale
  float low, high;
} iseul_conv_dynamic_t;

void iseul_conv2d_dynamic(const iseul_conv_dynamic_t *p, const float *in, float *out,
                          int8_t *scratch);

// How the reals of one sample become int8.
typedef struct {
  float scale, inverse;
  int32_t zero_point, low;  // q from low to 127
} iseul_grid_t;

// k * a - m * b for whole k, m < 2^12: exact but for the last step. The lower halves of a and b
// have 12 bits, so that every product is exact, and so is the difference of the upper ones where
// both are near.
static inline float iseul_difference_of_products(float k, float a, float m, float b) {
  const float spread_a = 4097.0f * a, spread_b = 4097.0f * b;
  const float upper_a = spread_a - (spread_a - a), upper_b = spread_b - (spread_b - b);
  return (k * upper_a - m * upper_b) + (k * (a - upper_a) - m * (b - upper_b));
}

// (a + b) / 255 for a, b >= 0, rounded once: the quotient of the rounded sum is corrected by what
// is left of the exact one.
static inline float iseul_sum_over_255(float a, float b) {
  const float sum = a + b;
  const float from_b = sum - a;
  const float lost = (a - (sum - from_b)) + (b - from_b);
  const float quotient = sum / 255.0f;
  const float left = iseul_difference_of_products(1.0f, sum, 255.0f, quotient) + lost;
  return quotient + left / 255.0f;
}

static inline iseul_grid_t iseul_symmetric_grid(float least, float most) {
  const float range = -least > most ? -least : most;
  iseul_grid_t grid = {1.0f, 1.0f, 0, -127};
  if (range > 0.0f) {
    grid.scale = range / 127.0f;
    grid.inverse = 127.0f / range;
  }
  return grid;
}

// least <= 0 <= most. The zero point is n - 128 for the n that is nearest to 255 share, where share
// is -least / (most - least); decided without a rounding error, halves away from zero point 0.
static inline iseul_grid_t iseul_asymmetric_grid(float least, float most) {
  iseul_grid_t grid = {1.0f, 1.0f, 0, -128};
  const float below = -least;
  if (below > 0.0f || most > 0.0f) {
    grid.scale = iseul_sum_over_255(most, below);
    grid.inverse = 1.0f / grid.scale;
    const float place = below / grid.scale;
    int32_t n = place > 0.0f ? (place < 255.0f ? (int32_t)(place + 0.5f) : 255) : 0;
    // twice 255 below - (n + 1/2) (most + below), and the same for n - 1/2
    const float k = (float)(2 * n);
    const float over = iseul_difference_of_products(509.0f - k, below, k + 1.0f, most);
    const float under = iseul_difference_of_products(511.0f - k, below, k - 1.0f, most);
    if (n < 255 && (over > 0.0f || (over >= 0.0f && n >= 128))) {
      ++n;
    } else if (n > 0 && (under < 0.0f || (under <= 0.0f && n <= 128))) {
      --n;
    }
    grid.zero_point = n - 128;
  }
  return grid;
}

// Quantize n reals onto the grid that they need; q still with its zero point.
static inline iseul_grid_t iseul_quantize_sample(const float *in, int32_t n, int32_t is_asymmetric,
                                                 int8_t *q) {
  float least = 0.0f, most = 0.0f;
  for (int32_t i = 0; i < n; ++i) {
    least = in[i] < least ? in[i] : least;
    most = in[i] > most ? in[i] : most;
  }
  const iseul_grid_t grid =
      is_asymmetric ? iseul_asymmetric_grid(least, most) : iseul_symmetric_grid(least, most);
  const float offset = (float)grid.zero_point;
  for (int32_t i = 0; i < n; ++i) {
    const float place = offset + in[i] * grid.inverse;
    const float held = place > -1024.0f ? (place < 1024.0f ? place : 1024.0f) : -1024.0f;
    int32_t whole = (int32_t)held;
    const float rest = held - (float)whole;
    whole += rest >= 0.5f ? 1 : 0;
    whole -= rest <= -0.5f ? 1 : 0;
    q[i] = (int8_t)iseul_clamp(whole, grid.low, 127);
  }
  return grid;
}

#endif
