// SPDX-License-Identifier: Apache-2.0
// iseul_recurrent.h: layers that carry a state from step to step.
//
// Parameters, then functions; each function stands in the file of its name. States come in and
// go out in different buffers.
#ifndef ISEUL_RECURRENT_H
#define ISEUL_RECURRENT_H

#include "iseul.h"

// How a sequence is walked through. Starts and steps are in elements; steps are negative where
// the walk begins at the last step.
typedef struct {
  int32_t batch, steps;
  int32_t in_size, size;  // of a step's input, and of a state
  int32_t in_start, in_step, in_batch;
  int32_t out_start, out_step, out_batch;  // out_step 0: only the last step's output is wanted
} iseul_sequence_t;

// Where step t of sample b writes its output; -1: in the sample's row of the next state. Both
// take turns where only the last output is wanted, as a step reads what the one before wrote.
static inline int32_t iseul_step_out(const iseul_sequence_t *s, int32_t b, int32_t t) {
  if (s->out_step == 0 && ((s->steps - 1 - t) & 1) != 0) {
    return -1;
  }
  return s->out_start + b * s->out_batch + t * s->out_step;
}

// --- lstm; gates are in the order i, f, g, o

// From the gates' sums to the states.
typedef struct {
  const uint16_t *logistic;  // 256 in Q0.16 (iseul_gate.h)
  int32_t forget_multiplier, forget_shift;
  int32_t update_multiplier, update_shift;
  int32_t output_multiplier, output_shift;
  int32_t left;                        // the cell state's scale is 2^(left - 12)
  int32_t cell_low, cell_high;         // the cell state's clip
  int32_t zero_point, low, high;       // of the hidden state
} iseul_lstm_cell_t;

typedef struct {
  iseul_sequence_t sequence;
  const int8_t *weights;    // (size, 4, in_size)
  const int8_t *recurrent;  // (size, 4, size)
  const int32_t *bias;      // (size, 4)
  int32_t multiplier[4], shift[4];  // of W x + b, to scale 2^-12
  int32_t recurrent_multiplier[4], recurrent_shift[4];
  int32_t in_zero_point;
  iseul_lstm_cell_t cell;
} iseul_lstm_s8_t;

void iseul_lstm_s8(const iseul_lstm_s8_t *p, const int8_t *in, const int8_t *hidden,
                   const int16_t *cell, int8_t *out, int8_t *hidden_out, int16_t *cell_out);

typedef struct {
  iseul_sequence_t sequence;
  const int8_t *weights;    // as iseul_lstm_s8_t
  const int8_t *recurrent;
  const int64_t *bias;
  int32_t multiplier[4], shift[4];  // multipliers of 16 bits
  int32_t recurrent_multiplier[4], recurrent_shift[4];
  iseul_lstm_cell_t cell;
} iseul_lstm_s16_t;

void iseul_lstm_s16(const iseul_lstm_s16_t *p, const int16_t *in, const int16_t *hidden,
                    const int16_t *cell, int16_t *out, int16_t *hidden_out, int16_t *cell_out);

typedef struct {
  iseul_sequence_t sequence;
  const float *weights;    // (size, 4, in_size)
  const float *recurrent;  // (size, 4, size)
  const float *bias;       // (size, 4)
  float cell_low, cell_high;
} iseul_lstm_f32_t;

void iseul_lstm_f32(const iseul_lstm_f32_t *p, const float *in, const float *hidden,
                    const float *cell, float *out, float *hidden_out, float *cell_out);

// --- gru; gates are in the order z, r, n

typedef struct {
  iseul_sequence_t sequence;
  const float *weights;    // (size, 3, in_size)
  const float *recurrent;  // (size, 3, size)
  const float *bias;       // (size, 4): of z, r, n and c
  int32_t is_linear_before_reset;
} iseul_gru_f32_t;

void iseul_gru_f32(const iseul_gru_f32_t *p, const float *in, const float *hidden, float *out,
                   float *hidden_out, float *scratch);

// --- rnn

typedef struct {
  iseul_sequence_t sequence;
  const float *weights;    // (size, in_size)
  const float *recurrent;  // (size, size)
  const float *bias;
  int32_t function;  // ISEUL_RNN_...
  float low, high;   // of ISEUL_RNN_CLAMP
} iseul_rnn_f32_t;

#define ISEUL_RNN_CLAMP 0
#define ISEUL_RNN_TANH 1
#define ISEUL_RNN_LOGISTIC 2

void iseul_rnn_f32(const iseul_rnn_f32_t *p, const float *in, const float *hidden, float *out,
                   float *hidden_out);

// --- svdf

typedef struct {
  int32_t batch, in_size, memory, units, rank;
  const int8_t *feature;  // (units * rank, in_size)
  const int8_t *time;     // (units * rank, memory)
  const int32_t *bias;    // (units)
  int32_t in_zero_point, state_zero_point;
  int32_t state_multiplier, state_shift;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_svdf_s8_t;

void iseul_svdf_s8(const iseul_svdf_s8_t *p, const int8_t *in, const int8_t *state, int8_t *out,
                   int8_t *state_out);

typedef struct {
  int32_t batch, in_size, memory, units, rank;
  const int8_t *feature;
  const int16_t *time;
  const int32_t *bias;
  int32_t in_zero_point;
  int32_t state_multiplier, state_shift;
  int32_t multiplier, shift, zero_point, low, high;
} iseul_svdf_s16_t;

void iseul_svdf_s16(const iseul_svdf_s16_t *p, const int8_t *in, const int16_t *state, int8_t *out,
                    int16_t *state_out);

typedef struct {
  int32_t batch, in_size, memory, units, rank;
  const float *feature;
  const float *time;
  const float *bias;
  float low, high;
} iseul_svdf_f32_t;

void iseul_svdf_f32(const iseul_svdf_f32_t *p, const float *in, const float *state, float *out,
                    float *state_out);

#endif
