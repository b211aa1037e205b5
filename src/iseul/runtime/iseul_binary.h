// SPDX-License-Identifier: Apache-2.0
// iseul_binary.h: operations on two or three operands, with broadcasting.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_BINARY_H
#define ISEUL_BINARY_H

#include "iseul.h"

// --- broadcasting: the result is written in runs along its last axis

#define ISEUL_BROADCAST_AXES 8

// Axes along which all operands go on alike are one. A step is in elements; 0 repeats.
typedef struct {
  int32_t n_axes;       // 1 .. ISEUL_BROADCAST_AXES
  const int32_t *size;  // of each axis of the result, outermost first
  const int32_t *step;  // n_axes steps of the first operand, then those of the next one ...
} iseul_broadcast_t;

// A run: n results; operand k starts at element at[k] and goes on by step[k].
typedef struct {
  int32_t n;
  int32_t at[3], step[3];
  int32_t count[ISEUL_BROADCAST_AXES];
} iseul_run_t;

static inline iseul_run_t iseul_first_run(const iseul_broadcast_t *s, int32_t n_operands) {
  iseul_run_t run = {0};
  run.n = s->size[s->n_axes - 1];
  for (int32_t k = 0; k < n_operands; ++k) {
    run.step[k] = s->step[(k + 1) * s->n_axes - 1];
  }
  return run;
}

// On to the next run; 0 behind the last one.
static inline int iseul_next_run(const iseul_broadcast_t *s, int32_t n_operands,
                                 iseul_run_t *run) {
  for (int32_t axis = s->n_axes - 2; axis >= 0; --axis) {
    const int is_inside = ++run->count[axis] < s->size[axis];
    const int32_t steps = is_inside ? 1 : 1 - s->size[axis];
    for (int32_t k = 0; k < n_operands; ++k) {
      run->at[k] += steps * s->step[k * s->n_axes + axis];
    }
    if (is_inside) {
      return 1;
    }
    run->count[axis] = 0;
  }
  return 0;
}

// --- arithmetic on integers that stand for reals

// Both operands come on a common scale: requantize((x - zero_point) << left_shift).
typedef struct {
  iseul_broadcast_t shape;
  int32_t left_shift;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t b_sign;  // 1: a + b, -1: a - b
  int32_t multiplier, shift, zero_point, low, high;
} iseul_aligned_t;

// a + b or a - b on the common scale.
static inline int32_t iseul_total(const iseul_aligned_t *p, int32_t a, int32_t b) {
  const int32_t unit = (int32_t)1 << p->left_shift;
  a = iseul_requantize((a - p->a_zero_point) * unit, p->a_multiplier, p->a_shift);
  b = iseul_requantize((b - p->b_zero_point) * unit, p->b_multiplier, p->b_shift);
  return a + p->b_sign * b;
}

// From the common scale to the output.
static inline int32_t iseul_from_common(const iseul_aligned_t *p, int32_t x) {
  const int32_t q = iseul_requantize(x, p->multiplier, p->shift) + p->zero_point;
  return iseul_clamp(q, p->low, p->high);
}

void iseul_add_s8(const iseul_aligned_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void iseul_add_s16(const iseul_aligned_t *p, const int16_t *a, const int16_t *b, int16_t *out);
void iseul_squared_difference_s8(const iseul_aligned_t *p, const int8_t *a, const int8_t *b,
                                 int8_t *out);
void iseul_squared_difference_s16(const iseul_aligned_t *p, const int16_t *a, const int16_t *b,
                                  int16_t *out);

typedef struct {
  iseul_broadcast_t shape;
  int32_t a_zero_point, b_zero_point;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_mul_t;

void iseul_mul_s8(const iseul_mul_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void iseul_mul_s16(const iseul_mul_t *p, const int16_t *a, const int16_t *b, int16_t *out);

typedef struct {
  iseul_broadcast_t shape;
  int32_t a_zero_point, b_zero_point;
  const int32_t *reciprocals;  // 256 in Q0.31: of the mantissas of 0 (unused), 1, 2 .. 255
  int32_t multiplier, shift, zero_point, low, high;
} iseul_div_s8_t;

void iseul_div_s8(const iseul_div_s8_t *p, const int8_t *a, const int8_t *b, int8_t *out);

typedef struct {
  iseul_broadcast_t shape;
  int32_t zero_point, alpha_zero_point;
  int32_t multiplier, shift;              // from zero on
  int32_t below_multiplier, below_shift;  // below zero
  int32_t out_zero_point;
} iseul_prelu_t;

// One number, not yet clamped.
static inline int32_t iseul_prelu(const iseul_prelu_t *p, int32_t x, int32_t alpha) {
  x -= p->zero_point;
  x = x >= 0 ? iseul_requantize(x, p->multiplier, p->shift)
             : iseul_requantize(x * (alpha - p->alpha_zero_point), p->below_multiplier,
                                p->below_shift);
  return x + p->out_zero_point;
}

void iseul_prelu_s8(const iseul_prelu_t *p, const int8_t *in, const int8_t *alpha, int8_t *out);
void iseul_prelu_s16(const iseul_prelu_t *p, const int16_t *in, const int8_t *alpha, int16_t *out);

// --- arithmetic on plain integers and on floats

typedef struct {
  iseul_broadcast_t shape;
  int32_t low, high;
} iseul_plain_t;

void iseul_add_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b, int32_t *out);
void iseul_sub_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b, int32_t *out);
void iseul_mul_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b, int32_t *out);
void iseul_div_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b, int32_t *out);
void iseul_squared_difference_s32(const iseul_plain_t *p, const int32_t *a, const int32_t *b,
                                  int32_t *out);

typedef struct {
  iseul_broadcast_t shape;
  float low, high;
} iseul_real_pair_t;

void iseul_add_f32(const iseul_real_pair_t *p, const float *a, const float *b, float *out);
void iseul_sub_f32(const iseul_real_pair_t *p, const float *a, const float *b, float *out);
void iseul_mul_f32(const iseul_real_pair_t *p, const float *a, const float *b, float *out);
void iseul_div_f32(const iseul_real_pair_t *p, const float *a, const float *b, float *out);

typedef struct {
  iseul_broadcast_t shape;
} iseul_pair_t;

void iseul_squared_difference_f32(const iseul_pair_t *p, const float *a, const float *b,
                                  float *out);
void iseul_floor_div_f32(const iseul_pair_t *p, const float *a, const float *b, float *out);
void iseul_floor_mod_f32(const iseul_pair_t *p, const float *a, const float *b, float *out);
void iseul_prelu_f32(const iseul_pair_t *p, const float *in, const float *alpha, float *out);

// --- one of two numbers, handed on as it is

typedef struct {
  iseul_broadcast_t shape;
  int32_t is_minimum;  // 1: the smaller one, 0: the larger one
} iseul_min_max_t;

void iseul_min_max_s8(const iseul_min_max_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void iseul_min_max_s16(const iseul_min_max_t *p, const int16_t *a, const int16_t *b,
                       int16_t *out);
void iseul_min_max_s32(const iseul_min_max_t *p, const int32_t *a, const int32_t *b,
                       int32_t *out);
void iseul_min_max_s64(const iseul_min_max_t *p, const int64_t *a, const int64_t *b,
                       int64_t *out);
void iseul_min_max_f32(const iseul_min_max_t *p, const float *a, const float *b, float *out);

void iseul_select_b8(const iseul_pair_t *p, const uint8_t *condition, const void *a,
                     const void *b, void *out);
void iseul_select_b16(const iseul_pair_t *p, const uint8_t *condition, const void *a,
                      const void *b, void *out);
void iseul_select_b32(const iseul_pair_t *p, const uint8_t *condition, const void *a,
                      const void *b, void *out);
void iseul_select_b64(const iseul_pair_t *p, const uint8_t *condition, const void *a,
                      const void *b, void *out);

// --- comparisons and logic: bytes that are 0 or 1

// Bit 0 stands for numbers that do not compare (NaN), 1 for a < b, 2 for a = b, 4 for a > b.
typedef struct {
  iseul_broadcast_t shape;
  int32_t wanted;
} iseul_compare_t;

static inline uint8_t iseul_is_wanted(int32_t wanted, int is_less, int is_equal, int is_greater) {
  return (uint8_t)((wanted >> (is_less + 2 * is_equal + 4 * is_greater)) & 1);
}

void iseul_compare_s32(const iseul_compare_t *p, const int32_t *a, const int32_t *b,
                       uint8_t *out);
void iseul_compare_s64(const iseul_compare_t *p, const int64_t *a, const int64_t *b,
                       uint8_t *out);
void iseul_compare_f32(const iseul_compare_t *p, const float *a, const float *b, uint8_t *out);

// Each operand is shifted left and multiplied by its own scale.
typedef struct {
  iseul_broadcast_t shape;
  int32_t left_shift;
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t wanted;
} iseul_compare_scaled_t;

void iseul_compare_s8(const iseul_compare_scaled_t *p, const int8_t *a, const int8_t *b,
                      uint8_t *out);
void iseul_compare_s16(const iseul_compare_scaled_t *p, const int16_t *a, const int16_t *b,
                       uint8_t *out);

// Bit 2 a + b of `truth` is the result for a and b.
typedef struct {
  iseul_broadcast_t shape;
  int32_t truth;
} iseul_logical_t;

void iseul_logical(const iseul_logical_t *p, const uint8_t *a, const uint8_t *b, uint8_t *out);

// --- sums of any number of operands of one shape

typedef struct {
  int32_t n, n_inputs;
  int32_t in_zero_point, start;  // start: what the sum begins with, on the common scale
  int32_t in_multiplier, in_shift;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_add_n_s8_t;

void iseul_add_n_s8(const iseul_add_n_s8_t *p, const void *const *in, int8_t *out);

typedef struct {
  int32_t n, n_inputs;
} iseul_add_n_f32_t;

void iseul_add_n_f32(const iseul_add_n_f32_t *p, const void *const *in, float *out);

#endif
