// SPDX-License-Identifier: Apache-2.0
// iseul_delay_s16: signals delayed by n_held samples.
//
// in, out     rows * size values; out is not in
// held, next  rows * n_held values: the samples before `in`, and what becomes them; not the same
// scratch     none
// Meaning: graph/ops/delay.py. Exact.
#include "iseul_signal.h"

void iseul_delay_s16(const iseul_delay_t *p, const int16_t *in, const int16_t *held, int16_t *out,
                     int16_t *next) {
  for (int32_t r = 0; r < p->rows; ++r) {
    for (int32_t i = 0; i < p->size + p->n_held; ++i) {
      const int16_t sample = i < p->n_held ? held[i] : in[i - p->n_held];
      if (i < p->size) {
        out[i] = sample;
      } else {
        next[i - p->size] = sample;
      }
    }
    in += p->size;
    out += p->size;
    held += p->n_held;
    next += p->n_held;
  }
}
