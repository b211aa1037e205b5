// SPDX-License-Identifier: Apache-2.0
// iseul_tanh_s16: tanh(x) of int16, in steps of 2^-15.
//
// in, out  n values; out may be in
// table    logistic(i / 24) in Q0.16 for i = 0 .. 255; tanh(x) = 2 logistic(2 x) - 1
// scratch  none
// |in[i] * multiplier| < 2^30, shift 0 .. 31.
// Meaning: graph/ops/tanh.py; numerics/gate.py. Exact: all judges agree to the bit.
#include "iseul_unary.h"

static int32_t of_positive(const uint16_t *table, uint32_t a) {
  const uint32_t i = a >> 8;
  if (i >= 255u) {
    return (int32_t)0xFFFF << 8;
  }
  const uint32_t y = ((uint32_t)table[i] << 8) + (a & 255u) * ((uint32_t)table[i + 1u] - table[i]);
  return (int32_t)y;
}

void iseul_tanh_s16(const iseul_squash_s16_t *p, const int16_t *in, int16_t *out) {
  const int32_t half = (int32_t)(((uint32_t)1 << p->shift) >> 1);
  for (int32_t i = 0; i < p->n; ++i) {
    const int32_t x = (int32_t)(((int64_t)in[i] * p->multiplier + half) >> p->shift);
    const int32_t y = of_positive(p->table, (uint32_t)(x < 0 ? -x : x)) - ((int32_t)1 << 23);
    out[i] = (int16_t)((x < 0 ? 127 - y : y + 128) >> 8);
  }
}
