// SPDX-License-Identifier: Apache-2.0
// iseul_gate.h: logistic and tanh of 16-bit integers, by a table of logistic(i / 24) in Q0.16.
//
// Both see three times a number of scale 2^-12. Meaning: numerics/gate.py. Exact: all judges
// agree to the bit.
#ifndef ISEUL_GATE_H
#define ISEUL_GATE_H

#include "iseul.h"

// 3 x of scale 2^-12 for x of scale 2^(left - 12); left -19 .. 12, rounded half up below 0.
static inline int32_t iseul_tripled(int32_t x, int32_t left) {
  if (left >= 0) {
    return 3 * x * ((int32_t)1 << left);
  }
  return (3 * x + ((int32_t)1 << (-left - 1))) >> -left;
}

// logistic in Q0.15. x: tripled.
static inline int32_t iseul_logistic_q15(const uint16_t *table, int32_t x) {
  const uint32_t a = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t i = a >> 9;
  uint32_t y = 0x7FFFu << 10;
  if (i < 255) {
    y = ((uint32_t)table[i] << 9) + (a & 511u) * ((uint32_t)table[i + 1] - table[i]);
  }
  y = x < 0 ? (1u << 25) - y + 511u : y + 512u;
  return (int32_t)(y >> 10);
}

// tanh in Q0.15. x: tripled.
static inline int32_t iseul_tanh_q15(const uint16_t *table, int32_t x) {
  const uint32_t a = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t i = a >> 8;
  uint32_t y = 0xFFFFu << 8;
  if (i < 255) {
    y = ((uint32_t)table[i] << 8) + (a & 255u) * ((uint32_t)table[i + 1] - table[i]);
  }
  const int32_t positive = (int32_t)y - ((int32_t)1 << 23);
  return (x < 0 ? 127 - positive : positive + 128) >> 8;
}

#endif
