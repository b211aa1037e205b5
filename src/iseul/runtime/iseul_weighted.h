// SPDX-License-Identifier: Apache-2.0
// iseul_weighted.h: sums of products (convolutions, fully connected), and what becomes of them.
//
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_WEIGHTED_H
#define ISEUL_WEIGHTED_H

#include "iseul.h"

// acc[k] += sum over i of (x[i] - zero_point) * w[k * w_step + i], for k = 0 .. 3. One load of
// x serves four rows of weights.
static inline void iseul_dot4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t w_step,
                                 int32_t n, int32_t zero_point) {
  const int8_t *const end = x + n;
  const int8_t *w1 = w + w_step;
  const int8_t *w2 = w1 + w_step;
  const int8_t *w3 = w2 + w_step;
  while (x != end) {
    const int32_t v = *x++ - zero_point;
    acc[0] += v * *w++;
    acc[1] += v * *w1++;
    acc[2] += v * *w2++;
    acc[3] += v * *w3++;
  }
}

// Sum over i of (x[i] - zero_point) * w[i].
static inline int32_t iseul_dot_s8(const int8_t *x, const int8_t *w, int32_t n,
                                   int32_t zero_point) {
  int32_t acc = 0;
  for (int32_t i = 0; i < n; ++i) {
    acc += (x[i] - zero_point) * w[i];
  }
  return acc;
}

// How int32 accumulators become int8: requantize, + zero_point, clamp.
typedef struct {
  const int32_t *multiplier;  // one, or one per output channel
  const int8_t *shift;
  int32_t step;  // 0: one scale for all channels, 1: one per channel
  int32_t zero_point, low, high;
} iseul_output_s8_t;

static inline int8_t iseul_finish_s8(const iseul_output_s8_t *o, int32_t acc, int32_t channel) {
  const int32_t i = channel * o->step;
  const int32_t q = iseul_requantize(acc, o->multiplier[i], o->shift[i]) + o->zero_point;
  return (int8_t)iseul_clamp(q, o->low, o->high);
}

// `iseul_finish_s8` of four neighbours. Nothing is stored before all is read: a store through
// int8_t * might change anything, so that the compiler would read the parameters again.
static inline void iseul_finish4_s8(const iseul_output_s8_t *o, const int32_t acc[4],
                                    int32_t channel, int8_t *out) {
  const int8_t q0 = iseul_finish_s8(o, acc[0], channel);
  const int8_t q1 = iseul_finish_s8(o, acc[1], channel + 1);
  const int8_t q2 = iseul_finish_s8(o, acc[2], channel + 2);
  const int8_t q3 = iseul_finish_s8(o, acc[3], channel + 3);
  out[0] = q0;
  out[1] = q1;
  out[2] = q2;
  out[3] = q3;
}

typedef struct {
  iseul_window_t window;
  const int8_t *weights;  // conv2d: (out_c, kernel_h, kernel_w, in_c); depthwise: (kernel_h,
  const int32_t *bias;    // kernel_w, out_c)
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_conv_s8_t;

void iseul_conv2d_s8(const iseul_conv_s8_t *p, const int8_t *in, int8_t *out);
void iseul_depthwise_conv2d_s8(const iseul_conv_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_window_t window;
  const float *weights;
  const float *bias;
  float low, high;
} iseul_conv_f32_t;

void iseul_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);
void iseul_depthwise_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);

typedef struct {
  int32_t rows, in_size, out_size;
  const int8_t *weights;  // (out_size, in_size)
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_fully_connected_s8_t;

void iseul_fully_connected_s8(const iseul_fully_connected_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  int32_t rows, in_size, out_size;
  const float *weights;
  const float *bias;
  float low, high;
} iseul_fully_connected_f32_t;

void iseul_fully_connected_f32(const iseul_fully_connected_f32_t *p, const float *in, float *out);

#endif
