// SPDX-License-Identifier: Apache-2.0
// iseul_log_u32: natural logarithms of integers, scaled, at most 2^15 - 1.
//
// in       n values
// out      n values; may be in
// steps    interpolated linearly
// scratch  none
// Meaning: graph/ops/filter_bank_log.py. Exact: all judges agree to the bit.
#include "iseul_signal.h"

// log2(x) in 16 fractional bits; x > 0.
static uint32_t log2_of(const int16_t *steps, uint32_t x) {
  const int32_t whole = iseul_bit_length(x) - 1;
  const uint32_t rest = x - ((uint32_t)1 << whole);
  const uint32_t fraction = whole < 16 ? rest << (16 - whole) : rest >> (whole - 16);
  const uint32_t segment = fraction >> 9;
  const int32_t low = steps[segment], high = steps[segment + 1u];
  const int32_t inside = (int32_t)(fraction - (segment << 9));
  const int32_t step = low + (((high - low) * inside) >> 16);
  return ((uint32_t)whole << 16) + fraction + (uint32_t)step;
}

void iseul_log_u32(const iseul_log_u32_t *p, const uint32_t *in, int16_t *out) {
  for (int32_t i = 0; i < p->n; ++i) {
    const uint32_t x = in[i] << p->shift;
    uint32_t scaled = 0;
    if (x > 1u) {
      const uint32_t loge = (uint32_t)((45426u * (uint64_t)log2_of(p->steps, x) + 32768u) >> 16);
      scaled = ((uint32_t)p->scale * loge + 32768u) >> 16;  // ln 2 is 45426 / 65536
    }
    out[i] = (int16_t)(scaled < INT16_MAX ? scaled : INT16_MAX);
  }
}
