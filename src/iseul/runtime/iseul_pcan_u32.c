// SPDX-License-Identifier: Apache-2.0
// iseul_pcan_u32: a gain that falls with the noise, then x^2 / 4 below 2 and x - 1 above.
//
// in, estimate, out  n values; out may be in or estimate
// gains              values and coefficients of a polynomial for each number of bits
// scratch            none
// Meaning: graph/ops/pcan.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

static int16_t gain_of(const int16_t *gains, uint32_t x) {
  if (x <= 2u) {
    return gains[x];
  }
  const int32_t bits = iseul_bit_length(x);
  const int16_t *const g = gains + 4 * bits - 6;
  const uint32_t aligned = bits < 11 ? x << (11 - bits) : x >> (bits - 11);
  const int32_t fraction = (int32_t)(aligned & 0x3FFu);
  const int32_t inner = ((g[2] * fraction) >> 5) + g[1] * 32;
  return (int16_t)(((inner * fraction + (1 << 14)) >> 15) + g[0]);
}

void iseul_pcan_u32(const iseul_pcan_t *p, const uint32_t *in, const uint32_t *estimate,
                    uint32_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const uint32_t gain = (uint32_t)gain_of(p->gains, estimate[i]);
    const uint32_t snr = (uint32_t)(((uint64_t)in[i] * gain) >> p->shift);
    // 12 fractional bits become 6
    out[i] = snr < 8192u ? (snr * snr) >> 20 : (snr >> 6) - 64u;
  }
}
