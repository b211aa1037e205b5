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

// x * multiplier * 2^(shift - 31) of 64-bit sums, rounded half up; TensorFlow Lite Micro's
// MultiplyByQuantizedMultiplier(int64_t, ...).
//
// x           |x| < 2^47
// multiplier  the upper 16 bits of the 32-bit multiplier
// shift       -31 .. 7
static inline int32_t iseul_requantize_wide(int64_t x, int32_t multiplier, int32_t shift) {
  const int64_t half = (int64_t)1 << (14 - shift);
  return (int32_t)(uint32_t)((uint64_t)((x * multiplier + half) >> (15 - shift)) & 0xFFFFFFFFu);
}

// How sums become int16: requantize, clamp; zero points are 0.
typedef struct {
  const int32_t *multiplier;  // one, or one per output channel; of 16 bits where is_wide
  const int8_t *shift;
  int32_t step;     // 0: one scale for all channels, 1: one per channel
  int32_t is_wide;  // 1: sums of 64 bits; 0: sums are taken modulo 2^32
  int32_t low, high;
} iseul_output_s16_t;

// The bias of a sum of 64 bits: of one word per channel, or of two, the lower one first.
typedef struct {
  const int32_t *words;
  int32_t step;  // words per channel
} iseul_bias_s16_t;

static inline int64_t iseul_bias_at(const iseul_bias_s16_t *bias, int32_t channel) {
  const int32_t *const words = bias->words + channel * bias->step;
  if (bias->step == 1) {
    return words[0];
  }
  return (int64_t)((uint64_t)(uint32_t)words[1] << 32 | (uint32_t)words[0]);
}

static inline int16_t iseul_finish_s16(const iseul_output_s16_t *o, int64_t acc, int32_t channel) {
  const int32_t i = channel * o->step;
  const int32_t q = o->is_wide
                        ? iseul_requantize_wide(acc, o->multiplier[i], o->shift[i])
                        : iseul_requantize((int32_t)(uint32_t)((uint64_t)acc & 0xFFFFFFFFu),
                                           o->multiplier[i], o->shift[i]);
  return (int16_t)iseul_clamp(q, o->low, o->high);
}

// --- convolutions

// The part of a window that lies inside the input, the same for all channels of a group. Taps on
// padding are never visited. Offsets and steps are in elements.
typedef struct {
  int32_t x, w;          // of the first tap inside: in the sample, in a channel's weights
  int32_t rows, runs;    // rows of the window inside; runs of elements per row
  int32_t run;           // elements per run; in the weights, runs of a row follow each other
  int32_t x_row, w_row;  // from row to row
  int32_t x_run;         // from run to run in the input
} iseul_patch_t;

// group_in: input channels per group
static inline iseul_patch_t iseul_patch_at(const iseul_window_t *g, int32_t group_in,
                                           iseul_span_t rows, int32_t column) {
  const iseul_span_t columns = iseul_span(column, g->kernel_w, g->dilation_w, g->in_w);
  const int32_t n_rows = rows.last - rows.first;
  const int32_t n_columns = columns.last - columns.first;
  const int32_t is_dense = g->dilation_w == 1 && group_in == g->in_c;
  iseul_patch_t patch = {0, 0, 0, 0, 0, 0, 0, 0};
  if (n_rows <= 0 || n_columns <= 0) {
    return patch;
  }
  patch.x = (rows.start * g->in_w + columns.start) * g->in_c;
  patch.w = (rows.first * g->kernel_w + columns.first) * group_in;
  patch.rows = n_rows;
  patch.runs = is_dense ? 1 : n_columns;
  patch.run = is_dense ? n_columns * group_in : group_in;
  patch.x_row = g->dilation_h * g->in_w * g->in_c;
  patch.w_row = g->kernel_w * group_in;
  patch.x_run = g->dilation_w * g->in_c;
  return patch;
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

// Convolutions in groups: output channel o reads the group_in input channels from
// o / group_out * group_in on. Weights (out_c, kernel_h, kernel_w, group_in).
typedef struct {
  int32_t group_in, group_out;
} iseul_groups_t;

typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const int8_t *weights;
  const int8_t *weights_zero_point;  // one, or one per output channel, as output.multiplier
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_grouped_conv_s8_t;

void iseul_grouped_conv2d_s8(const iseul_grouped_conv_s8_t *p, const int8_t *in, int8_t *out);
// weights (kernel_h, kernel_w, out_c)
void iseul_offset_depthwise_conv2d_s8(const iseul_grouped_conv_s8_t *p, const int8_t *in,
                                      int8_t *out);

typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const uint8_t *weights;  // two of 4 bits to a byte, in order, the first in the low half
  const int8_t *weights_zero_point;
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_conv_s4_t;

void iseul_conv2d_s4(const iseul_conv_s4_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;
  const int8_t *weights;
  iseul_bias_s16_t bias;
  iseul_output_s16_t output;
} iseul_conv_s16_t;

void iseul_conv2d_s16(const iseul_conv_s16_t *p, const int16_t *in, int16_t *out);

typedef struct {
  iseul_window_t window;
  iseul_groups_t groups;  // of conv2d
  const float *weights;
  const float *bias;
  float low, high;
} iseul_conv_f32_t;

void iseul_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);
void iseul_depthwise_conv2d_f32(const iseul_conv_f32_t *p, const float *in, float *out);

// --- transposed convolutions

// How a transposed convolution reaches back: output y is made of the taps i of its kernel with
// y + cut - i * dilation a multiple of stride, which are every tap_step-th one; from one of these
// to the next the input's index falls by in_step.
typedef struct {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t cut_top, cut_left;
  int32_t tap_step_h, tap_step_w;
  int32_t in_step_h, in_step_w;
  int32_t group_in, group_out;
} iseul_spread_t;

// The taps of one output along one axis: `n` taps from `tap` on, at the inputs from `start` on.
typedef struct {
  int32_t n, tap, start;
} iseul_reach_t;

// place: index of the output, plus what is cut off before it
static inline iseul_reach_t iseul_reach(int32_t place, int32_t kernel, int32_t dilation,
                                        int32_t stride, int32_t tap_step, int32_t in_step,
                                        int32_t size) {
  iseul_reach_t reach = {0, 0, 0};
  while (reach.tap < kernel && (place - reach.tap * dilation) % stride != 0) {
    ++reach.tap;
  }
  reach.start = (place - reach.tap * dilation) / stride;
  while (reach.tap < kernel && reach.start >= size) {
    reach.tap += tap_step;
    reach.start -= in_step;
  }
  if (reach.tap < kernel && reach.start >= 0) {
    const int32_t taps = (kernel - 1 - reach.tap) / tap_step;
    const int32_t inputs = reach.start / in_step;
    reach.n = 1 + (taps < inputs ? taps : inputs);
  }
  return reach;
}

typedef struct {
  iseul_spread_t spread;
  const int8_t *weights;             // (out_c, kernel_h, kernel_w, group_in)
  const int8_t *weights_zero_point;  // one, or one per output channel, as output.multiplier
  const int32_t *bias;
  int32_t in_zero_point;
  iseul_output_s8_t output;
} iseul_transpose_conv_s8_t;

void iseul_transpose_conv_s8(const iseul_transpose_conv_s8_t *p, const int8_t *in, int8_t *out);

typedef struct {
  iseul_spread_t spread;
  const int8_t *weights;
  iseul_bias_s16_t bias;
  iseul_output_s16_t output;
} iseul_transpose_conv_s16_t;

void iseul_transpose_conv_s16(const iseul_transpose_conv_s16_t *p, const int16_t *in,
                              int16_t *out);

typedef struct {
  iseul_spread_t spread;
  const float *weights;
  const float *bias;
  float low, high;
} iseul_transpose_conv_f32_t;

void iseul_transpose_conv_f32(const iseul_transpose_conv_f32_t *p, const float *in, float *out);

// --- products of matrices

typedef struct {
  int32_t size[4];               // of the leading axes, outermost first
  int32_t a_next[4], b_next[4];  // elements from matrix to matrix along them; 0 repeats
  int32_t rows, columns, depth;
  int32_t a_row, a_step;     // elements from row to row, and along the sum
  int32_t b_column, b_step;  // elements from column to column, and along the sum
} iseul_matrices_t;

// First element of the matrix at a place of the leading axes.
static inline int32_t iseul_matrix_at(const int32_t place[4], const int32_t next[4]) {
  return place[0] * next[0] + place[1] * next[1] + place[2] * next[2] + place[3] * next[3];
}

// To the next place; the last axis runs fastest.
static inline void iseul_next_place(int32_t place[4], const int32_t size[4]) {
  for (int32_t axis = 3; axis >= 0; --axis) {
    if (++place[axis] < size[axis]) {
      return;
    }
    place[axis] = 0;
  }
}

typedef struct {
  iseul_matrices_t matrices;
  int32_t a_zero_point, b_zero_point;
  int32_t multiplier, shift;  // of 16 bits for int16
  int32_t zero_point, low, high;
} iseul_batch_matmul_t;

void iseul_batch_matmul_s8(const iseul_batch_matmul_t *p, const int8_t *a, const int8_t *b,
                           int8_t *out);
void iseul_batch_matmul_s16(const iseul_batch_matmul_t *p, const int16_t *a, const int16_t *b,
                            int16_t *out);

typedef struct {
  iseul_matrices_t matrices;
  float low, high;
} iseul_batch_matmul_f32_t;

void iseul_batch_matmul_f32(const iseul_batch_matmul_f32_t *p, const float *a, const float *b,
                            float *out);

// --- fully connected

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
