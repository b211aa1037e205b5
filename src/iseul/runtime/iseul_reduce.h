// SPDX-License-Identifier: Apache-2.0
// iseul_reduce.h: sums, products, largest and smallest values over axes.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_REDUCE_H
#define ISEUL_REDUCE_H

#include "iseul.h"

// Each output stands for drop_size[0] * .. * drop_size[3] inputs; there are keep_size[0] * .. *
// keep_size[3] outputs. Steps are in elements of the input; unused axes have size 1.
typedef struct {
  int32_t keep_size[4], keep_step[4];
  int32_t drop_size[4], drop_step[4];
} iseul_axes_t;

typedef struct {
  iseul_axes_t axes;
  int32_t offset;  // zero point of the input times the inputs of an output
  int32_t multiplier, shift, zero_point, low, high;
} iseul_sum_t;

void iseul_sum_s8(const iseul_sum_t *p, const int8_t *in, int8_t *out);
void iseul_sum_s16(const iseul_sum_t *p, const int16_t *in, int16_t *out);

typedef struct {
  iseul_axes_t axes;
  float divisor;
} iseul_sum_f32_t;

void iseul_sum_f32(const iseul_sum_f32_t *p, const float *in, float *out);

typedef struct {
  iseul_axes_t axes;
} iseul_product_f32_t;

void iseul_product_f32(const iseul_product_f32_t *p, const float *in, float *out);

// The smallest value is the largest of the flipped ones, flipped.
typedef struct {
  iseul_axes_t axes;
  int32_t flip;  // 0: the largest; -1: the smallest
} iseul_extreme_t;

void iseul_extreme_s8(const iseul_extreme_t *p, const int8_t *in, int8_t *out);
void iseul_extreme_u8(const iseul_extreme_t *p, const uint8_t *in, uint8_t *out);
void iseul_extreme_s16(const iseul_extreme_t *p, const int16_t *in, int16_t *out);
void iseul_extreme_s32(const iseul_extreme_t *p, const int32_t *in, int32_t *out);
void iseul_extreme_f32(const iseul_extreme_t *p, const float *in, float *out);

#endif
