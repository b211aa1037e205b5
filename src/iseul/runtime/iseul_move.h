// SPDX-License-Identifier: Apache-2.0
// iseul_move.h: values that change their place, not themselves.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_MOVE_H
#define ISEUL_MOVE_H

#include "iseul.h"

// Up to 4 axes; out_size = in_size + before + after.
typedef struct {
  int32_t in_size[4], out_size[4], before[4];
  int32_t border;
} iseul_pad_s8_t;

void iseul_pad_s8(const iseul_pad_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t in_size[4], out_size[4], before[4];
  float border;
} iseul_pad_f32_t;

void iseul_pad_f32(const iseul_pad_f32_t *p, const float *in, float *out);

// Copies n bytes: a reshape whose output must be a buffer of its own.
typedef struct {
  int32_t n_bytes;
} iseul_copy_t;

void iseul_copy(const iseul_copy_t *p, const void *in, void *out);

#endif
