// SPDX-License-Identifier: Apache-2.0
// iseul_factor.h: int8 ops that scale by float32 factors and round halves to even, as ONNX
// Runtime's QLinear kernels do.
//
// Parameters, then functions; each function stands in the file of its name. Every step is one
// float32 operation: exact under IEEE arithmetic without fused multiply-adds, which is what ISO
// C asks for (-std=c99; with -std=gnu99 add -ffp-contract=off).
#ifndef ISEUL_FACTOR_H
#define ISEUL_FACTOR_H

#include <string.h>

#include "iseul_binary.h"
#include "iseul_pool.h"
#include "iseul_reduce.h"
#include "iseul_softmax.h"
#include "iseul_unary.h"
#include "iseul_weighted.h"

// x rounded to the nearest whole number, ties to even; |x| < 2^22.
//
// 1.5 * 2^23 + x has the whole number in its lowest bits.
static inline int32_t iseul_round_half_even(float x) {
  const float shifted = x + 12582912.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4B400000;
}

// x held in [low, high], rounded half to even; NaN becomes low.
static inline int32_t iseul_to_whole(float x, float low, float high) {
  x = x > low ? x : low;
  return iseul_round_half_even(x < high ? x : high);
}

// --- sums of products

// How int32 accumulators become int8: times factor, rounded, + zero_point.
typedef struct {
  const float *factor;  // one, or one per output channel
  int32_t step;         // 0: one factor for all channels, 1: one per channel
  int32_t zero_point;
  float low, high;  // of the output, minus zero_point
} iseul_factors_t;

static inline int8_t iseul_finish_factor_s8(const iseul_factors_t *o, int32_t acc,
                                            int32_t channel) {
  const float y = (float)acc * o->factor[channel * o->step];
  return (int8_t)(iseul_to_whole(y, o->low, o->high) + o->zero_point);
}

// `iseul_finish_factor_s8` of four neighbours. Nothing is stored before all is read: a store
// through int8_t * might change anything, so that the compiler would read the parameters again.
static inline void iseul_finish4_factor_s8(const iseul_factors_t *o, const int32_t acc[4],
                                           int32_t channel, int8_t *out) {
  const int8_t q0 = iseul_finish_factor_s8(o, acc[0], channel);
  const int8_t q1 = iseul_finish_factor_s8(o, acc[1], channel + 1);
  const int8_t q2 = iseul_finish_factor_s8(o, acc[2], channel + 2);
  const int8_t q3 = iseul_finish_factor_s8(o, acc[3], channel + 3);
  out[0] = q0;
  out[1] = q1;
  out[2] = q2;
  out[3] = q3;
}

typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const int8_t *weights;  // conv2d: (out_c, kernel_h, kernel_w, group_in); depthwise: (kernel_h,
  const int32_t *bias;    // kernel_w, out_c)
  const int8_t *weights_zero_point;  // one, or one per output channel, as output.factor
  int32_t is_centred;                // 1: all zero points of weights are 0
  int32_t in_zero_point;
  iseul_factors_t output;
} iseul_conv_factor_s8_t;

void iseul_conv2d_factor_s8(const iseul_conv_factor_s8_t *p, const int8_t *in, int8_t *out);
void iseul_depthwise_conv2d_factor_s8(const iseul_conv_factor_s8_t *p, const int8_t *in,
                                      int8_t *out);

// --- two operands

// A factor as the sum of two that have 12 bits each, so that products with integers of up to
// 12 bits are exact.
typedef struct {
  float upper, lower;
} iseul_halves_t;

// a * s + c rounded once, as a fused multiply-add does: by error-free sums (Dekker, Knuth), the
// errors added last. a is a whole number, |a| < 2^11. No product here is rounded, so that fused
// multiply-adds of the compiler would change nothing.
static inline float iseul_fused(float a, const iseul_halves_t *s, float c) {
  const float large = a * s->upper;
  const float small = a * s->lower;
  const float product = large + small;
  const float error = small - (product - large);
  const float total = product + c;
  const float other = total - product;
  const float rest = (product - (total - other)) + (c - other);
  return total + (rest + error);
}

// Integers of the file are those here + offset.
typedef struct {
  iseul_broadcast_t shape;
  iseul_halves_t a, b;
  float constant;  // what both zero points add
  float low, high;  // of the output, plus offset
  int32_t offset;
} iseul_add_factor_s8_t;

void iseul_add_factor_s8(const iseul_add_factor_s8_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out);

typedef struct {
  iseul_broadcast_t shape;
  int32_t a_zero_point, b_zero_point;
  float factor;
  float zero_point, low, high;  // of the output, plus offset
  int32_t offset;
} iseul_mul_factor_s8_t;

void iseul_mul_factor_s8(const iseul_mul_factor_s8_t *p, const int8_t *a, const int8_t *b,
                         int8_t *out);

// --- averages

typedef struct {
  iseul_window_t window;
  int32_t area;  // 0: taps on padding do not count; else what every sum is divided by
  int32_t in_zero_point;
  float in_scale, scale;
  float zero_point, low, high;  // of the output, plus offset
  int32_t offset;
} iseul_average_pool_factor_s8_t;

void iseul_average_pool2d_factor_s8(const iseul_average_pool_factor_s8_t *p, const int8_t *in,
                                    int8_t *out);

typedef struct {
  iseul_axes_t axes;
  int32_t in_offset;  // zero point of the input times the inputs of an output
  float factor;
  int32_t zero_point;
  float low, high;  // of the output, minus zero_point
} iseul_mean_factor_s8_t;

void iseul_mean_factor_s8(const iseul_mean_factor_s8_t *p, const int8_t *in, int8_t *out);

// --- resizes

// Output pixel i stands at (i + half) * step / scale - half.
typedef struct {
  float half, step, scale;
} iseul_grid_places_t;

typedef struct {
  int32_t batch;
  int32_t in_h, in_w;
  int32_t out_h, out_w;
  int32_t channels;
  iseul_grid_places_t rows, columns;
  int32_t in_zero_point;
  float in_scale;
  int32_t offset;  // if not 0 reals are in + offset, and sums are truncated
  float scale;
  int32_t zero_point;
  float low, high;  // of the output, minus zero_point
} iseul_resize_bilinear_factor_s8_t;

void iseul_resize_bilinear_factor_s8(const iseul_resize_bilinear_factor_s8_t *p, const int8_t *in,
                                     int8_t *out);

// --- softmax

typedef struct {
  int32_t rows, size;
  const float *exponentials;  // 256, of the distances 0, 1, .. 255 to the row's maximum
  float factor;               // what a share of 1 becomes
  int32_t zero_point;
  float low, high;  // of the output, minus zero_point
} iseul_softmax_factor_s8_t;

void iseul_softmax_factor_s8(const iseul_softmax_factor_s8_t *p, const int8_t *in, int8_t *out);

// --- reals to integers

void iseul_quantize_even_s8(const iseul_affine_t *p, const float *in, int8_t *out);
void iseul_quantize_even_u8(const iseul_affine_t *p, const float *in, uint8_t *out);
void iseul_quantize_even_s16(const iseul_affine_t *p, const float *in, int16_t *out);

#endif
