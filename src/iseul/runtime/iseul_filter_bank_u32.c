// SPDX-License-Identifier: Apache-2.0
// iseul_filter_bank_u32: sums over the overlapping triangles of a filter bank.
//
// in       values that the channels' tables point at
// out      `channels` values; not in
// scratch  none
// Channel c adds weights over its own values and unweights over those of the channel before it.
// Sums wrap round. Meaning: graph/ops/filter_bank.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

void iseul_filter_bank_u32(const iseul_filter_bank_t *p, const uint32_t *in, uint64_t *out) {
  uint64_t carried = 0;
  for (int32_t c = 0; c <= p->channels; ++c) {
    const uint32_t *const x = in + p->first[c];
    const int16_t *const weights = p->weights + p->at[c];
    const int16_t *const unweights = p->unweights + p->at[c];
    uint64_t sum = carried;
    carried = 0;
    for (int32_t i = 0; i < p->width[c]; ++i) {
      sum += (uint64_t)weights[i] * x[i];
      carried += (uint64_t)unweights[i] * x[i];
    }
    if (c > 0) {
      *out++ = sum;
    }
  }
}
