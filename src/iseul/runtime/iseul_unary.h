// SPDX-License-Identifier: Apache-2.0
// iseul_unary.h: operations on each value alone.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_UNARY_H
#define ISEUL_UNARY_H

#include "iseul.h"

// Any function of one int8: all its 256 results, that of -128 first.
typedef struct {
  int32_t n;
  const int8_t *table;
} iseul_lookup_s8_t;

void iseul_lookup_s8(const iseul_lookup_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t n;
  int32_t low, high;
} iseul_clamp_s8_t;

void iseul_clamp_s8(const iseul_clamp_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t n;
  float low, high;
} iseul_clamp_f32_t;

void iseul_clamp_f32(const iseul_clamp_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t n;
  int32_t in_zero_point, multiplier, shift, zero_point, low, high;
} iseul_requantize_s8_t;

void iseul_requantize_s8(const iseul_requantize_s8_t *p, const int8_t *in, int8_t *out);

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

#endif
