// SPDX-License-Identifier: Apache-2.0
// iseul_spectral_subtraction_u32: noise taken away from the channels of a filter bank.
//
// in, out         n values; out may be in
// estimate, next  of the noise, n values with smoothing_bits more; next may be estimate
// scratch         none
// Meaning: graph/ops/spectral_subtraction.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

void iseul_spectral_subtraction_u32(const iseul_spectral_subtraction_t *p, const uint32_t *in,
                                    const uint32_t *estimate, uint32_t *out, uint32_t *next) {
  for (int32_t i = 0; i < p->n; ++i) {
    const uint32_t x = in[i];
    const uint32_t scaled = x << p->smoothing_bits;
    const uint64_t signal = (uint64_t)scaled * (uint32_t)p->gain[i & 1];
    const uint64_t before = (uint64_t)estimate[i] * (uint32_t)p->kept[i & 1];
    const uint32_t noise = (uint32_t)((signal + before) >> p->bits);
    const uint32_t taken = noise > scaled ? scaled : noise;
    const uint32_t least = (uint32_t)(((uint64_t)x * (uint32_t)p->least) >> p->bits);
    const uint32_t rest = (scaled - taken) >> p->smoothing_bits;
    out[i] = rest > least ? rest : least;
    next[i] = p->is_clamped != 0 ? taken : noise;
  }
}
