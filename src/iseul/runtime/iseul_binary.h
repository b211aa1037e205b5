// SPDX-License-Identifier: Apache-2.0
// iseul_binary.h: operations on two operands, with broadcasting.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_BINARY_H
#define ISEUL_BINARY_H

#include "iseul.h"

// Broadcasting over up to 4 axes: an operand that does not have an axis has step 0 along it.
typedef struct {
  int32_t size[4];
  int32_t a_step[4], b_step[4];
} iseul_broadcast_t;

typedef struct {
  iseul_broadcast_t shape;
  int32_t left_shift;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_add_s8_t;

void iseul_add_s8(const iseul_add_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
  iseul_broadcast_t shape;
  float low, high;
} iseul_add_f32_t;

void iseul_add_f32(const iseul_add_f32_t *p, const float *a, const float *b, float *out);

#endif
