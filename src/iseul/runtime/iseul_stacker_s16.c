// SPDX-License-Identifier: Apache-2.0
// iseul_stacker_s16: the last frames side by side, every `step` frames.
//
// in                 size values: one frame
// held, next         n_held values, the last ones at the end
// count, next_count  how many of them there are; -1 before the first frame
// out                frames * size values, the oldest frame first; zeros if they are not all there
// valid              1 if they are, else 0
// scratch            none
// No output is an input. Meaning: graph/ops/stacker.py. Exact.
#include "iseul_signal.h"

void iseul_stacker_s16(const iseul_stacker_t *p, const int16_t *in, const int16_t *held,
                       const int32_t *count, int16_t *out, uint8_t *valid, int16_t *next,
                       int32_t *next_count) {
  const int32_t before = iseul_clamp(*count, 0, p->n_held);
  const int32_t repeat = *count < 0 ? p->repeat + 1 : 1;
  const int32_t n = before + repeat * p->size, n_out = p->frames * p->size;
  const int16_t *const first = held + p->n_held - before;
  const int is_there = n >= n_out;
  for (int32_t i = 0; i < n_out; ++i) {
    out[i] = (int16_t)(!is_there ? 0 : i < before ? first[i] : in[(i - before) % p->size]);
  }
  *valid = (uint8_t)is_there;
  const int32_t left = n - (is_there ? p->step * p->size : 0);
  const int32_t after = left < p->n_held ? left : p->n_held;
  for (int32_t i = 0; i < p->n_held; ++i) {
    const int32_t k = n - p->n_held + i;  // place in what was held and came in
    next[i] = 0;
    if (i >= p->n_held - after) {
      next[i] = k < before ? first[k] : in[(k - before) % p->size];
    }
  }
  *next_count = after;
}
