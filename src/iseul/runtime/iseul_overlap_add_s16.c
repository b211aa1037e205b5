// SPDX-License-Identifier: Apache-2.0
// iseul_overlap_add_s16: overlapping frames added up to a signal; sums saturate.
//
// in          rows * frames * size values
// out         rows * frames * step values; step <= size
// held, next  rows * size values: what is still to come, and what becomes it; next may be held
// scratch     none
// Meaning: graph/ops/overlap_add.py. Exact.
#include "iseul_signal.h"

void iseul_overlap_add_s16(const iseul_overlap_add_t *p, const int16_t *in, const int16_t *held,
                           int16_t *out, int16_t *next) {
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < p->size; ++i) {
      next[i] = held[i];
    }
    for (int32_t f = 0; f < p->frames; ++f) {
      for (int32_t i = 0; i < p->size; ++i) {
        next[i] = (int16_t)iseul_clamp((int32_t)next[i] + in[i], INT16_MIN, INT16_MAX);
      }
      for (int32_t i = 0; i < p->step; ++i) {
        *out++ = next[i];
      }
      for (int32_t i = 0; i < p->size; ++i) {
        next[i] = i + p->step < p->size ? next[i + p->step] : 0;
      }
      in += p->size;
    }
    held += p->size;
    next += p->size;
  }
}
