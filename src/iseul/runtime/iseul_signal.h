// SPDX-License-Identifier: Apache-2.0
// iseul_signal.h: the way from samples of a microphone to the features of a network.
//
// Integers are plain numbers here, without scale and zero point.
// Parameters, then functions; each function stands in the file of its name.
#ifndef ISEUL_SIGNAL_H
#define ISEUL_SIGNAL_H

#include "iseul.h"

// Bits of x: 0 for 0, 32 for 2^31 and above.
static inline int32_t iseul_bit_length(uint32_t x) {
  int32_t n = 0;
  for (int32_t step = 16; step > 0; step /= 2) {
    if (x >> step != 0) {
      x >>= step;
      n += step;
    }
  }
  return n + (int32_t)x;
}

typedef struct {
  int32_t rows, size;
  int32_t shift;
  const int16_t *weights;  // `size`
} iseul_taper_t;

void iseul_taper_s16(const iseul_taper_t *p, const int16_t *in, int16_t *out);

typedef struct {
  int32_t n;
} iseul_auto_scale_t;

void iseul_auto_scale_s16(const iseul_auto_scale_t *p, const int16_t *in, int16_t *out,
                          int32_t *bits);

typedef struct {
  int32_t rows, size;
  int32_t n_held;
} iseul_delay_t;

void iseul_delay_s16(const iseul_delay_t *p, const int16_t *in, const int16_t *held, int16_t *out,
                     int16_t *next);

typedef struct {
  int32_t rows, frames, size;
  int32_t step;
} iseul_overlap_add_t;

void iseul_overlap_add_s16(const iseul_overlap_add_t *p, const int16_t *in, const int16_t *held,
                           int16_t *out, int16_t *next);
void iseul_overlap_add_f32(const iseul_overlap_add_t *p, const float *in, const float *held,
                           float *out, float *next);

typedef struct {
  int32_t rows, frames, size;
  int32_t step, n_held;
} iseul_framer_t;

void iseul_framer_s16(const iseul_framer_t *p, const int16_t *in, const int16_t *held,
                      const int32_t *count, int16_t *out, uint8_t *valid, int16_t *next,
                      int32_t *next_count);

typedef struct {
  int32_t size;    // of one frame
  int32_t frames;  // side by side
  int32_t repeat;  // how often more the first frame counts
  int32_t step, n_held;
} iseul_stacker_t;

void iseul_stacker_s16(const iseul_stacker_t *p, const int16_t *in, const int16_t *held,
                       const int32_t *count, int16_t *out, uint8_t *valid, int16_t *next,
                       int32_t *next_count);

typedef struct {
  int32_t rows, size;
  int32_t start, end;
} iseul_energy_t;

void iseul_energy_s16(const iseul_energy_t *p, const int16_t *in, uint32_t *out);

typedef struct {
  int32_t channels;
  const int16_t *weights, *unweights;
  const int16_t *first, *at, *width;  // channels + 1 each: first value, first weight, values
} iseul_filter_bank_t;

void iseul_filter_bank_u32(const iseul_filter_bank_t *p, const uint32_t *in, uint64_t *out);

typedef struct {
  int32_t n;
} iseul_square_root_t;

void iseul_square_root_u64(const iseul_square_root_t *p, const uint64_t *in, const int32_t *bits,
                           uint32_t *out);

typedef struct {
  int32_t n;
  int32_t gain[2], kept[2];  // weights of the signal and of the old estimate: even, odd channels
  int32_t least;             // share of the signal that remains
  int32_t smoothing_bits, bits;
  int32_t is_clamped;
} iseul_spectral_subtraction_t;

void iseul_spectral_subtraction_u32(const iseul_spectral_subtraction_t *p, const uint32_t *in,
                                    const uint32_t *estimate, uint32_t *out, uint32_t *next);

typedef struct {
  int32_t n;
  int32_t shift;
  const int16_t *gains;  // 125
} iseul_pcan_t;

void iseul_pcan_u32(const iseul_pcan_t *p, const uint32_t *in, const uint32_t *estimate,
                    uint32_t *out);

typedef struct {
  int32_t n;
  int32_t scale, shift;
  const int16_t *steps;  // log2(1 + i / 128) - i / 128 in 16 fractional bits, i = 0 .. 128
} iseul_log_u32_t;

void iseul_log_u32(const iseul_log_u32_t *p, const uint32_t *in, int16_t *out);

#endif
