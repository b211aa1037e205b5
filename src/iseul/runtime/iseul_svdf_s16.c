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

// The newest of a filter, from its sum of products.
static int16_t newest_of(const iseul_svdf_s16_t *p, int32_t sum) {
  const int32_t q = iseul_requantize(sum, p->state_multiplier, p->state_shift);
  return (int16_t)iseul_clamp(q, INT16_MIN, INT16_MAX);
}

void iseul_svdf_s16(const iseul_svdf_s16_t *p, const int8_t *in, const int16_t *state, int8_t *out,
                    int16_t *state_out) {
  const int32_t n = p->memory, filters = p->units * p->rank;
  // all memories at once; each gets its own newest below
  memcpy(state_out, state + 1, (size_t)(p->batch * filters * n - 1) * sizeof *state);
  for (int32_t b = 0; b < p->batch; ++b) {
    const int8_t *feature = p->feature;
    const int16_t *time = p->time;
    int16_t *last = state_out + n - 1;  // the newest of the next filter
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
      for (int32_t i = 0; i < p->rank * n; ++i) {
        acc += (uint32_t)(time[i] * state_out[i]);
      }
      const int32_t q = iseul_requantize((int32_t)acc, p->multiplier, p->shift) + p->zero_point;
      out[u] = (int8_t)iseul_clamp(q, p->low, p->high);
      time += p->rank * n;
      state_out += p->rank * n;
    }
    in += p->in_size;
    out += p->units;
  }
}
