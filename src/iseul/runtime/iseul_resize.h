// SPDX-License-Identifier: Apache-2.0
// iseul_resize.h: images in another size.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_RESIZE_H
#define ISEUL_RESIZE_H

#include "iseul.h"

// Places in 1/1024 of an input pixel: output pixel i stands at start + i * step.
typedef struct {
  int32_t batch;
  int32_t in_h, in_w;
  int32_t out_h, out_w;
  int32_t channels;
  int32_t step_h, step_w;    // 0 .. 2^30 / size
  int32_t start_h, start_w;  // -512 .. 2^30
} iseul_resize_bilinear_t;

void iseul_resize_bilinear_s8(const iseul_resize_bilinear_t *p, const int8_t *in, int8_t *out);
void iseul_resize_bilinear_s16(const iseul_resize_bilinear_t *p, const int16_t *in, int16_t *out);

// Two input pixels along an axis and the share of the second in 1/1024, 0 where both are one.
typedef struct {
  int32_t lower, upper, share;
} iseul_tap_t;

// at: a place; size: input pixels
static inline iseul_tap_t iseul_tap(int32_t at, int32_t size) {
  const int32_t floor = at < 0 ? 0 : at >> 10;
  const int32_t ceiling = (at + 1023) >> 10;
  iseul_tap_t tap = {floor < size ? floor : size - 1, ceiling < size ? ceiling : size - 1, 0};
  if (tap.lower != tap.upper) {
    tap.share = at - tap.lower * 1024;
  }
  return tap;
}

// Output pixel i stands at (i + half) * step - half.
typedef struct {
  int32_t batch;
  int32_t in_h, in_w;
  int32_t out_h, out_w;
  int32_t channels;
  float step_h, step_w;
  float half;  // 1/2 or 0
} iseul_resize_bilinear_f32_t;

void iseul_resize_bilinear_f32(const iseul_resize_bilinear_f32_t *p, const float *in, float *out);

// Means of in + offset are taken as reals, rounded, and offset is taken off again.
typedef struct {
  iseul_resize_bilinear_f32_t real;
  int32_t offset;
} iseul_resize_bilinear_offset_t;

void iseul_resize_bilinear_offset_s8(const iseul_resize_bilinear_offset_t *p, const int8_t *in,
                                     int8_t *out);

// The pixel at a place or before it: floor(at) for at > -1, where negative ones count as 0.
static inline int32_t iseul_lower_pixel(float at, int32_t size) {
  const int32_t floor = (int32_t)at;
  return floor < size ? floor : size - 1;
}

// The pixel at a place or behind it.
static inline int32_t iseul_upper_pixel(float at, int32_t size) {
  const int32_t floor = (int32_t)at;
  const int32_t ceiling = floor + (at > (float)floor ? 1 : 0);
  return ceiling < size ? ceiling : size - 1;
}

#endif
