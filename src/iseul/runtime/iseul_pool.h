// SPDX-License-Identifier: Apache-2.0
// iseul_pool.h: pools over windows of rows and columns.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_POOL_H
#define ISEUL_POOL_H

#include "iseul.h"

typedef struct {
  iseul_window_t window;
  int32_t low, high;
} iseul_pool_s8_t;

void iseul_average_pool2d_s8(const iseul_pool_s8_t *p, const int8_t *in, int8_t *out);
void iseul_max_pool2d_s8(const iseul_pool_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_window_t window;
  float low, high;
} iseul_pool_f32_t;

void iseul_average_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);
void iseul_max_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);

#endif
