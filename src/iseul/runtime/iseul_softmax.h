// SPDX-License-Identifier: Apache-2.0
// iseul_softmax.h: softmax and its kin: rows that become shares, and operations along an axis.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_SOFTMAX_H
#define ISEUL_SOFTMAX_H

#include "iseul.h"

// --- what softmax and its logarithm share

#define ISEUL_SUM_BITS 12  // integer bits of a sum of exponentials, Q12.19

static inline int32_t iseul_saturate(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

// 1 / (1 + a) for a in [0, 1) in Q0.31, by three Newton-Raphson steps (gemmlowp's
// one_over_one_plus_x_for_x_in_0_1).
static inline int32_t iseul_one_over_one_plus(int32_t a) {
  const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
  // 48/17 and -32/17 in Q2.29
  int32_t x = 1515870810 + iseul_high_mul(half_denominator, -1010580540);
  for (int i = 0; i < 3; ++i) {
    const int32_t rest = ((int32_t)1 << 29) - iseul_high_mul(half_denominator, x);
    x += iseul_saturate((int64_t)iseul_high_mul(x, rest) * 4);
  }
  return iseul_saturate((int64_t)x * 2);
}

static inline int32_t iseul_maximum_s8(const int8_t *in, int32_t n) {
  int32_t maximum = INT8_MIN;
  for (int32_t i = 0; i < n; ++i) {
    maximum = in[i] > maximum ? in[i] : maximum;
  }
  return maximum;
}

// Sum of a row's exponentials in Q12.19; at most 2^31 - 1.
static inline uint32_t iseul_sum_of_exponentials(const int32_t *exponentials, const int8_t *in,
                                                 int32_t n, int32_t maximum) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) {
    sum += (uint32_t)iseul_divide_by_pot(exponentials[maximum - in[i]], ISEUL_SUM_BITS);
    sum = sum > INT32_MAX ? INT32_MAX : sum;
  }
  return sum;
}

// Leading zeros of x > 0.
static inline int32_t iseul_leading_zeros(uint32_t x) {
  int32_t n = 0;
  while ((x & 0x80000000u) == 0) {
    x <<= 1;
    ++n;
  }
  return n;
}

// --- rows

typedef struct {
  int32_t rows, size;
  const int32_t *exponentials;  // 256 in Q0.31: of the distances 0, -1, .. -255 to the maximum
} iseul_softmax_s8_t;

void iseul_softmax_s8(const iseul_softmax_s8_t *p, const int8_t *in, int8_t *out);
void iseul_softmax_s8_s16(const iseul_softmax_s8_t *p, const int8_t *in, int16_t *out);

typedef struct {
  int32_t rows, size;
  int32_t multiplier, shift;    // of distances to steps of 10 / 65535
  const int16_t *exponentials;  // 513 of exp(x) for x from -10 to 0, Q0.15
  const int16_t *reciprocals;   // 513 of 1 / (1 + x) for x from 0 to 1, Q0.15
} iseul_softmax_s16_t;

void iseul_softmax_s16(const iseul_softmax_s16_t *p, const int16_t *in, int16_t *out);

typedef struct {
  int32_t rows, size;
  float beta;
} iseul_softmax_f32_t;

void iseul_softmax_f32(const iseul_softmax_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, size;
  int32_t multiplier, shift;                  // of distances to Q5.26
  int32_t reverse_multiplier, reverse_shift;  // of Q5.26 to distances
  int32_t smallest;                           // distance that counts
  const int32_t *exponentials;                // as those of softmax
} iseul_log_softmax_s8_t;

void iseul_log_softmax_s8(const iseul_log_softmax_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t rows, size;
} iseul_log_softmax_f32_t;

void iseul_log_softmax_f32(const iseul_log_softmax_f32_t *p, const float *in, float *out);

// --- along an axis of (outer, size, inner)

typedef struct {
  int32_t outer, size, inner;
  int32_t is_largest;  // else the index of the smallest
  int32_t is_wide;     // out is int64, else int32
} iseul_arg_t;

void iseul_arg_s8(const iseul_arg_t *p, const int8_t *in, void *out);
void iseul_arg_s16(const iseul_arg_t *p, const int16_t *in, void *out);
void iseul_arg_s32(const iseul_arg_t *p, const int32_t *in, void *out);
void iseul_arg_f32(const iseul_arg_t *p, const float *in, void *out);

// Index `index` as number i of the output.
static inline void iseul_put_index(void *out, int32_t is_wide, int32_t i, int32_t index) {
  if (is_wide) {
    ((int64_t *)out)[i] = index;
  } else {
    ((int32_t *)out)[i] = index;
  }
}

typedef struct {
  int32_t outer, size, inner;
  int32_t is_exclusive, is_reverse;
} iseul_cumsum_t;

void iseul_cumsum_f32(const iseul_cumsum_t *p, const float *in, float *out);
void iseul_cumsum_s32(const iseul_cumsum_t *p, const int32_t *in, int32_t *out);

typedef struct {
  iseul_cumsum_t axis;
  int32_t in_zero_point, multiplier, shift, zero_point;
} iseul_cumsum_s8_t;

void iseul_cumsum_s8(const iseul_cumsum_s8_t *p, const int8_t *in, int8_t *out);

#endif
