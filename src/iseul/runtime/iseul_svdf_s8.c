// SPDX-License-Identifier: Apache-2.0
// iseul_svdf_s8: filters that remember their last inputs, int8 with an int8 memory.
//
// in         (batch, in_size)
// state      (batch, units * rank, memory), oldest first
// out        (batch, units); not in
// state_out  as state, shifted by one with the newest behind; not state
// scratch    none
// The newest is clamped before its zero point is added, so it wraps around, as the reference's;
// so do sums of 32 bits.
// Meaning: graph/ops/svdf.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_recurrent.h"
#include "iseul_weighted.h"

void iseul_svdf_s8(const iseul_svdf_s8_t *p, const int8_t *in, const int8_t *state, int8_t *out,
                   int8_t *state_out) {
  const int32_t n = p->memory;
  for (int32_t b = 0; b < p->batch; ++b) {
    const int8_t *feature = p->feature;
    const int8_t *time = p->time;
    for (int32_t u = 0; u < p->units; ++u) {
      uint32_t acc = (uint32_t)p->bias[u];
      for (int32_t r = 0; r < p->rank; ++r) {
        const int32_t sum = iseul_dot_s8(in, feature, p->in_size, p->in_zero_point);
        const int32_t newest = iseul_clamp(
            iseul_requantize(sum, p->state_multiplier, p->state_shift), INT8_MIN, INT8_MAX);
        memcpy(state_out, state + 1, (size_t)(n - 1));
        state_out[n - 1] = (int8_t)((newest + p->state_zero_point + 384) % 256 - 128);
        acc += (uint32_t)iseul_dot_s8(state_out, time, n, p->state_zero_point);
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
