// SPDX-License-Identifier: Apache-2.0
// iseul_framer_s16: a signal cut into overlapping frames.
//
// in                 rows * frames * step samples
// held, next         rows * n_held samples, the last ones at the end
// count, next_count  how many of them there are
// out                rows * frames * size values; a frame that is not whole is zeros
// valid              1 if all are whole, else 0
// scratch            none
// No output is an input. Meaning: graph/ops/framer.py. Exact.
#include "iseul_signal.h"

void iseul_framer_s16(const iseul_framer_t *p, const int16_t *in, const int16_t *held,
                      const int32_t *count, int16_t *out, uint8_t *valid, int16_t *next,
                      int32_t *next_count) {
  const int32_t n = p->frames * p->step;
  const int32_t before = iseul_clamp(*count, 0, p->n_held);
  *valid = 1;
  for (int32_t r = 0; r < p->rows; ++r) {
    const int16_t *const first = held + p->n_held - before;  // samples in front of `in`
    int32_t start = 0;
    for (int32_t f = 1; f <= p->frames; ++f) {
      const int is_whole = before + f * p->step - start >= p->size;
      for (int32_t i = start; i < start + p->size; ++i) {
        *out++ = (int16_t)(!is_whole ? 0 : i < before ? first[i] : in[i - before]);
      }
      start += is_whole ? p->step : 0;
      *valid = (uint8_t)(*valid & is_whole);
    }
    const int32_t left = before + n - start;
    const int32_t after = left < p->n_held ? left : p->n_held;
    for (int32_t i = 0; i < p->n_held; ++i) {
      const int32_t k = before + n - p->n_held + i;  // place in what was held and came in
      next[i] = (int16_t)(i < p->n_held - after ? 0 : k < before ? first[k] : in[k - before]);
    }
    *next_count = after;
    in += n;
    held += p->n_held;
    next += p->n_held;
  }
}
