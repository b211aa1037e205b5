// SPDX-License-Identifier: Apache-2.0
// iseul_svdf_s8_dsp: filters that remember their last inputs, int8 with an int8 memory, by
// multiplications of pairs.
//
// in         (batch, in_size)
// state      (batch, units * rank, memory), oldest first
// out        (batch, units); not in
// state_out  as state, shifted by one with the newest behind; it may be state
// scratch    in as 16-bit values, filled up to fours; the newest of all filters as words, too
// The memory is moved on while it is multiplied. The newest is clamped before its zero point
// is added, so it wraps around, as the reference's; so do sums of 32 bits.
// Meaning: graph/ops/svdf.py. Exact: all judges agree to the bit.
#include "iseul_recurrent_dsp.h"

void iseul_svdf_s8_dsp(const iseul_svdf_dsp_t *p, const int8_t *in, const int8_t *state,
                       int8_t *out, int8_t *state_out, int32_t *scratch) {
  const int32_t n_words = (p->memory + 3) / 4;
  const iseul_memory_s8_t memory = {p->units * p->rank, n_words, 4 * n_words - p->memory,
                                    p->state_zero_point};
  for (int32_t b = 0; b < p->batch; ++b) {
    int32_t *const filters = iseul_newest(p, in, scratch);
    iseul_remember_s8(&memory, state, state_out, (const uint32_t *)p->time, filters);
    iseul_svdf_outputs(p, filters, out);
    in += p->in_size;
    out += p->units;
    state += memory.n_filters * p->memory;
    state_out += memory.n_filters * p->memory;
  }
}
