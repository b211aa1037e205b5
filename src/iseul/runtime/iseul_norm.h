// SPDX-License-Identifier: Apache-2.0
// iseul_norm.h: normalizations: values divided by a size of their neighbourhood.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_NORM_H
#define ISEUL_NORM_H

#include "iseul.h"

typedef struct {
  int32_t rows, channels;
  const float *gain, *offset;  // per channel
} iseul_scale_channels_f32_t;

void iseul_scale_channels_f32(const iseul_scale_channels_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, size;
  int32_t is_centred;  // 1: the mean is taken away; 0: it counts as 0
  float epsilon;
  const float *scale, *bias;  // `size` each
} iseul_layer_norm_f32_t;

void iseul_layer_norm_f32(const iseul_layer_norm_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t batch, positions, channels, groups;
  float epsilon;
  const float *scale, *bias;  // per channel
} iseul_group_norm_f32_t;

void iseul_group_norm_f32(const iseul_group_norm_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, size;
  int32_t zero_point;
} iseul_l2_normalization_s8_t;

void iseul_l2_normalization_s8(const iseul_l2_normalization_s8_t *p, const int8_t *in,
                               int8_t *out);

typedef struct {
  int32_t rows, size;
  float epsilon;
} iseul_l2_normalization_f32_t;

void iseul_l2_normalization_f32(const iseul_l2_normalization_f32_t *p, const float *in,
                                float *out);

typedef struct {
  int32_t rows, channels;
  int32_t before, after;  // near channels on both sides
  float alpha, beta, bias;
} iseul_local_response_norm_f32_t;

void iseul_local_response_norm_f32(const iseul_local_response_norm_f32_t *p, const float *in,
                                   float *out);

#endif
