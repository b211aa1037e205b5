// SPDX-License-Identifier: Apache-2.0
// iseul_svdf_s16: filters that remember their last inputs, int8 with an int16 memory.
//
// in         (batch, in_size)
// state      (batch, units * rank, memory), oldest first; zero point 0
// out        (batch, units); not in
// state_out  as state, shifted by one with the newest behind; not state
// scratch    none
// Sums over the memory are taken modulo 2^32, as the reference's wrap around.
// Meaning: graph/ops/svdf.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_recurrent.h"
#include "iseul_weighted.h"

void iseul_svdf_s16(const iseul_svdf_s16_t *p, const int8_t *in, const int16_t *state, int8_t *out,
                    int16_t *state_out) {
  const int32_t n = p->memory;
  for (int32_t b = 0; b < p->batch; ++b) {
    const int8_t *feature = p->feature;
    const int16_t *time = p->time;
    for (int32_t u = 0; u < p->units; ++u) {
      uint32_t acc = (uint32_t)p->bias[u];
      for (int32_t r = 0; r < p->rank; ++r) {
        const int32_t sum = iseul_dot_s8(in, feature, p->in_size, p->in_zero_point);
        const int32_t newest = iseul_requantize(sum, p->state_multiplier, p->state_shift);
        memcpy(state_out, state + 1, (size_t)(n - 1) * sizeof *state);
        state_out[n - 1] = (int16_t)iseul_clamp(newest, INT16_MIN, INT16_MAX);
        for (int32_t i = 0; i < n; ++i) {
          acc += (uint32_t)(time[i] * state_out[i]);
        }
        feature += p->in_size;
        time += n;
        state += n;
        state_out += n;
      }
      const int32_t q = iseul_requantize((int32_t)acc, p->multiplier, p->shift) + p->zero_point;
      out[u] = (int8_t)iseul_clamp(q, p->low, p->high);
    }
    in += p->in_size;
    out += p->units;
  }
}
