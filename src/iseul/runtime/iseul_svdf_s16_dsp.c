// SPDX-License-Identifier: Apache-2.0
// iseul_svdf_s16_dsp: filters that remember their last inputs, int8 with an int16 memory, by
// multiplications of pairs.
//
// in         (batch, in_size)
// state      (batch, units * rank, memory), oldest first; zero point 0
// out        (batch, units); not in
// state_out  as state, shifted by one with the newest behind; it may be state
// scratch    in as 16-bit values, filled up to fours; the newest of all filters as words, too
// The memory is moved on while it is multiplied. Sums over the memory are taken modulo
// 2^32, as the reference's wrap around.
// Meaning: graph/ops/svdf.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_recurrent_dsp.h"

// Moves all filters' memories on by one, the newest behind, and puts the sums over time in place of
// the newest. A word of two values at a time; the last one ends where the memory does, and the
// first value of an odd number has no weight there.
static void remember(const iseul_svdf_dsp_t *p, const int16_t *old, int16_t *now,
                     int32_t *newest) {
  const int32_t n = p->memory;
  const uint32_t *time = (const uint32_t *)p->time;
  for (int32_t *const end = newest + p->units * p->rank; newest != end; ++newest) {
    const int16_t *const last = old + n - 2;
    const uint32_t v = iseul_pair_of(last[1], iseul_to_int16(*newest));
    int16_t *const now_last = now + n - 2;
    int32_t acc = 0;
    while (old < last) {
      uint32_t pair;
      memcpy(&pair, old + 1, sizeof pair);
      memcpy(now, &pair, sizeof pair);
      acc = iseul_dot_pair(pair, *time++, acc);
      old += 2;
      now += 2;
    }
    memcpy(now_last, &v, sizeof v);
    *newest = iseul_dot_pair(v, *time++, acc);
    old = last + 2;
    now = now_last + 2;
  }
}

void iseul_svdf_s16_dsp(const iseul_svdf_dsp_t *p, const int8_t *in, const int16_t *state,
                        int8_t *out, int16_t *state_out, int32_t *scratch) {
  const int32_t n_states = p->units * p->rank * p->memory;
  for (int32_t b = 0; b < p->batch; ++b) {
    int32_t *const filters = iseul_newest(p, in, scratch);
    remember(p, state, state_out, filters);
    iseul_svdf_outputs(p, filters, out);
    in += p->in_size;
    out += p->units;
    state += n_states;
    state_out += n_states;
  }
}
