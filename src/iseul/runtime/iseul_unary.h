// SPDX-License-Identifier: Apache-2.0
// iseul_unary.h: operations on each value alone.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_UNARY_H
#define ISEUL_UNARY_H

#include "iseul.h"

// --- functions of reals without parameters

typedef struct {
  int32_t n;
} iseul_each_t;

void iseul_abs_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_ceil_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_cos_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_erf_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_exp_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_floor_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_gelu_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_gelu_tanh_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_hard_swish_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_log_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_logistic_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_mish_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_neg_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_round_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_rsqrt_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_sign_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_sin_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_softplus_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_softsign_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_sqrt_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_square_f32(const iseul_each_t *p, const float *in, float *out);
void iseul_tanh_f32(const iseul_each_t *p, const float *in, float *out);

// --- functions of reals with parameters

typedef struct {
  int32_t n;
  float alpha;
} iseul_slope_t;

void iseul_elu_f32(const iseul_slope_t *p, const float *in, float *out);
void iseul_leaky_relu_f32(const iseul_slope_t *p, const float *in, float *out);

typedef struct {
  int32_t n;
  float alpha, beta;
} iseul_line_t;

void iseul_hard_sigmoid_f32(const iseul_line_t *p, const float *in, float *out);

typedef struct {
  int32_t n;
  float low, high;
} iseul_clamp_f32_t;

void iseul_clamp_f32(const iseul_clamp_f32_t *p, const float *in, float *out);

// --- tables

// Any function of one int8: all its 256 results, that of -128 first.
typedef struct {
  int32_t n;
  const int8_t *table;
} iseul_lookup_s8_t;

void iseul_lookup_s8(const iseul_lookup_s8_t *p, const int8_t *in, int8_t *out);

// Any function of one int16 by straight lines: 513 results, those of -32768, -32640 .. 32768.
typedef struct {
  int32_t n;
  const int16_t *table;
} iseul_lookup_s16_t;

void iseul_lookup_s16(const iseul_lookup_s16_t *p, const int16_t *in, int16_t *out);

// Between two entries of such a table. Slopes wrap around in 16 bits.
static inline int16_t iseul_interpolate(const int16_t *table, int32_t x) {
  const int16_t *const entry = table + 256 + (x >> 7);
  const int16_t slope = (int16_t)(entry[1] - entry[0]);
  return (int16_t)(entry[0] + ((slope * (x & 127) + 64) >> 7));
}

// Logistic and tanh of int16, in steps of 1 / (3 * 4096) after (x * multiplier) >> shift, rounded.
typedef struct {
  int32_t n;
  int32_t multiplier, shift;
  const uint16_t *table;  // 256: logistic(i / 24) in Q0.16
} iseul_squash_s16_t;

void iseul_logistic_s16(const iseul_squash_s16_t *p, const int16_t *in, int16_t *out);
void iseul_tanh_s16(const iseul_squash_s16_t *p, const int16_t *in, int16_t *out);

// --- integers of one quantization as those of another

typedef struct {
  int32_t n;
  int32_t low, high;
} iseul_clamp_t;

void iseul_clamp_s8(const iseul_clamp_t *p, const int8_t *in, int8_t *out);
void iseul_clamp_s16(const iseul_clamp_t *p, const int16_t *in, int16_t *out);

typedef struct {
  int32_t n;
  int32_t in_zero_point, multiplier, shift, zero_point, low, high;
} iseul_requantize_t;

static inline int32_t iseul_requantized(const iseul_requantize_t *p, int32_t centred) {
  const int32_t q = iseul_requantize(centred, p->multiplier, p->shift);
  return iseul_clamp(q + p->zero_point, p->low, p->high);
}

void iseul_requantize_s8(const iseul_requantize_t *p, const int8_t *in, int8_t *out);
void iseul_requantize_s8_u8(const iseul_requantize_t *p, const int8_t *in, uint8_t *out);
void iseul_requantize_s8_s16(const iseul_requantize_t *p, const int8_t *in, int16_t *out);
void iseul_requantize_s8_s32(const iseul_requantize_t *p, const int8_t *in, int32_t *out);
void iseul_requantize_u8_s8(const iseul_requantize_t *p, const uint8_t *in, int8_t *out);
void iseul_requantize_s16(const iseul_requantize_t *p, const int16_t *in, int16_t *out);
void iseul_requantize_s16_s8(const iseul_requantize_t *p, const int16_t *in, int8_t *out);
void iseul_requantize_s16_s32(const iseul_requantize_t *p, const int16_t *in, int32_t *out);
void iseul_requantize_s32_s8(const iseul_requantize_t *p, const int32_t *in, int8_t *out);
void iseul_requantize_s32_s16(const iseul_requantize_t *p, const int32_t *in, int16_t *out);
void iseul_abs_s16(const iseul_requantize_t *p, const int16_t *in, int16_t *out);

// uint8 as int8 or back where both stand for the same reals: the highest bit changes.
void iseul_flip_8(const iseul_each_t *p, const void *in, void *out);

typedef struct {
  int32_t n;
  int32_t in_zero_point;
  int32_t multiplier, shift;              // of what is not negative
  int32_t alpha_multiplier, alpha_shift;  // of what is; the multiplier may be negative
  int32_t zero_point;
} iseul_leaky_relu_s16_t;

void iseul_leaky_relu_s16(const iseul_leaky_relu_s16_t *p, const int16_t *in, int16_t *out);

typedef struct {
  int32_t n;
  float in_scale;
  int32_t in_zero_point;
  float scale;
  int32_t zero_point;
} iseul_sqrt_s16_t;

void iseul_sqrt_s16(const iseul_sqrt_s16_t *p, const int16_t *in, int16_t *out);

typedef struct {
  int32_t n;
  int32_t multiplier, shift;
} iseul_rsqrt_s16_t;

void iseul_rsqrt_s16(const iseul_rsqrt_s16_t *p, const int16_t *in, int16_t *out);

// --- plain integers

void iseul_abs_s32(const iseul_each_t *p, const int32_t *in, int32_t *out);
void iseul_neg_s16(const iseul_each_t *p, const int16_t *in, int16_t *out);
void iseul_neg_s32(const iseul_each_t *p, const int32_t *in, int32_t *out);

// Kinds of iseul_cast.
#define ISEUL_KIND_F32 0
#define ISEUL_KIND_S8 1
#define ISEUL_KIND_U8 2
#define ISEUL_KIND_S16 3
#define ISEUL_KIND_S32 4
#define ISEUL_KIND_U32 5
#define ISEUL_KIND_S64 6
#define ISEUL_KIND_BOOL 7

typedef struct {
  int32_t n;
  int32_t from, to;
} iseul_cast_t;

void iseul_cast(const iseul_cast_t *p, const void *in, void *out);

// --- reals to integers and back

typedef struct {
  int32_t n;
  float scale;
  int32_t zero_point;
} iseul_affine_t;

void iseul_quantize_s8(const iseul_affine_t *p, const float *in, int8_t *out);
void iseul_quantize_u8(const iseul_affine_t *p, const float *in, uint8_t *out);
void iseul_quantize_s16(const iseul_affine_t *p, const float *in, int16_t *out);
void iseul_dequantize_s8(const iseul_affine_t *p, const int8_t *in, float *out);
void iseul_dequantize_u8(const iseul_affine_t *p, const uint8_t *in, float *out);
void iseul_dequantize_s16(const iseul_affine_t *p, const int16_t *in, float *out);
void iseul_dequantize_s32(const iseul_affine_t *p, const int32_t *in, float *out);

#endif
