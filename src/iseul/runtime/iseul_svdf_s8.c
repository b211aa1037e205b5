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

// The newest of a filter, from its sum of products.
static int8_t newest_of(const iseul_svdf_s8_t *p, int32_t sum) {
  const int32_t q = iseul_requantize(sum, p->state_multiplier, p->state_shift);
  const int32_t newest = iseul_clamp(q, INT8_MIN, INT8_MAX) + p->state_zero_point;
  return (int8_t)((newest + 384) % 256 - 128);
}

void iseul_svdf_s8(const iseul_svdf_s8_t *p, const int8_t *in, const int8_t *state, int8_t *out,
                   int8_t *state_out) {
  const int32_t n = p->memory, filters = p->units * p->rank;
  // all memories at once; each gets its own newest below
  memcpy(state_out, state + 1, (size_t)(p->batch * filters * n - 1));
  for (int32_t b = 0; b < p->batch; ++b) {
    const int8_t *feature = p->feature;
    const int8_t *time = p->time;
    int8_t *last = state_out + n - 1;  // the newest of the next filter
    int32_t f = 0;
    for (; f + 4 <= filters; f += 4) {  // one load of the input serves four filters
      int32_t sums[4] = {0, 0, 0, 0};
      iseul_dot4_s8(sums, in, feature, p->in_size, p->in_size, p->in_zero_point);
      for (int32_t k = 0; k < 4; ++k) {
        *last = newest_of(p, sums[k]);
        last += n;
      }
      feature += 4 * p->in_size;
    }
    for (; f < filters; ++f) {
      const int32_t sum = iseul_dot_s8(in, feature, p->in_size, p->in_zero_point);
      *last = newest_of(p, sum);
      last += n;
      feature += p->in_size;
    }
    for (int32_t u = 0; u < p->units; ++u) {
      uint32_t acc = (uint32_t)p->bias[u];
      // the filters of a unit lie behind each other, in the weights and in the memory
      acc += (uint32_t)iseul_dot_s8(state_out, time, p->rank * n, p->state_zero_point);
      const int32_t q = iseul_requantize((int32_t)acc, p->multiplier, p->shift) + p->zero_point;
      out[u] = (int8_t)iseul_clamp(q, p->low, p->high);
      time += p->rank * n;
      state_out += p->rank * n;
    }
    in += p->in_size;
    out += p->units;
  }
}
