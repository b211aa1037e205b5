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
} iseul_pool_t;

void iseul_max_pool2d_s8(const iseul_pool_t *p, const int8_t *in, int8_t *out);
void iseul_max_pool2d_s16(const iseul_pool_t *p, const int16_t *in, int16_t *out);

typedef struct {
  iseul_window_t window;
  float low, high;
} iseul_pool_f32_t;

void iseul_max_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);
void iseul_l2_pool2d_f32(const iseul_pool_f32_t *p, const float *in, float *out);

typedef struct {
  iseul_pool_t pool;
  int32_t area;     // 0: taps on padding do not count; else what every sum is divided by
  int32_t padding;  // what a tap on padding adds, if it counts
  int32_t offset;   // averages of in + offset are rounded, and this is taken off again
} iseul_average_pool_t;

void iseul_average_pool2d_s8(const iseul_average_pool_t *p, const int8_t *in, int8_t *out);
void iseul_average_pool2d_s16(const iseul_average_pool_t *p, const int16_t *in, int16_t *out);

typedef struct {
  iseul_pool_f32_t pool;
  int32_t area;  // 0: taps on padding do not count; else what every sum is divided by
} iseul_average_pool_f32_t;

void iseul_average_pool2d_f32(const iseul_average_pool_f32_t *p, const float *in, float *out);

#endif
