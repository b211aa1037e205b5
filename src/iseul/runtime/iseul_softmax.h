// SPDX-License-Identifier: Apache-2.0
// iseul_softmax.h: softmax and its kin: rows that become shares.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_SOFTMAX_H
#define ISEUL_SOFTMAX_H

#include "iseul.h"

typedef struct {
  int32_t rows, size;
  const int32_t *exponentials;  // 256 in Q0.31: of the distances 0, -1, .. -255 to the maximum
} iseul_softmax_s8_t;

void iseul_softmax_s8(const iseul_softmax_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t rows, size;
  float beta;
} iseul_softmax_f32_t;

void iseul_softmax_f32(const iseul_softmax_f32_t *p, const float *in, float *out);

#endif
