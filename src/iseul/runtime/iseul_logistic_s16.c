// SPDX-License-Identifier: Apache-2.0
// iseul_logistic_s16: 1 / (1 + exp(-x)) of int16, in steps of 2^-15.
//
// in, out  n values; out may be in
// table    logistic(i / 24) in Q0.16 for i = 0 .. 255; straight lines between its entries
// scratch  none
// |in[i] * multiplier| < 2^30, shift 0 .. 31.
// Meaning: graph/ops/logistic.py; numerics/gate.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

static uint32_t of_positive(const uint16_t *table, uint32_t a) {
  const uint32_t i = a >> 9;
  if (i >= 255u) {
    return (uint32_t)0x7FFF << 10;
  }
  return ((uint32_t)table[i] << 9) + (a & 511u) * ((uint32_t)table[i + 1u] - table[i]);
}

void iseul_logistic_s16(const iseul_squash_s16_t *p, const int16_t *in, int16_t *out) {
  const int32_t half = (int32_t)(((uint32_t)1 << p->shift) >> 1);
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t x = (int32_t)(((int64_t)in[i] * p->multiplier + half) >> p->shift);
    const uint32_t y = of_positive(p->table, (uint32_t)(x < 0 ? -x : x));
    const uint32_t q = x < 0 ? ((uint32_t)1 << 25) - y + 511u : y + 512u;
    out[i] = (int16_t)(q >> 10);
  }
}
