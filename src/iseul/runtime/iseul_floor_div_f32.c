// SPDX-License-Identifier: Apache-2.0
// iseul_floor_div_f32: a / b rounded down, with broadcasting.
//
// a, b     read in runs as `shape` says; a step of 0 repeats the operand along that axis
// out      as many values as the sizes of `shape` multiply to; may be an operand that is not
//          repeated
// scratch  none
// The reference divides in double, which rounds large quotients to 53 bits before it rounds them
// down: so does this, with integers.
// Meaning: graph/ops/floor_div.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_binary.h"

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits & 0x7FFFFFFFu;
}

static uint32_t mantissa_of(uint32_t bits) {
  return bits < 0x00800000u ? bits : (bits & 0x007FFFFFu) | 0x00800000u;
}

static int32_t exponent_of(uint32_t bits) {
  return bits < 0x00800000u ? 1 : (int32_t)(bits >> 23);
}

// |a| / |b| = whole + rest / divisor, as a double holds it; 2^52 or more where it has no fraction.
typedef struct {
  uint64_t whole;
  uint32_t rest, divisor;
} quotient_t;

static void round_as_double(quotient_t *q) {
  uint32_t n_bits = 0;
  while (q->whole >> n_bits != 0) {
    ++n_bits;
  }
  // below 30 bits no fraction of 24-bit numbers is near enough to 0 or 1
  if (q->rest == 0 || n_bits < 30) {
    return;
  }
  const uint32_t shift = 54 - n_bits;
  if ((uint64_t)q->rest << shift <= q->divisor) {
    q->rest = 0;
  } else if ((uint64_t)(q->divisor - q->rest) << shift <= q->divisor) {
    q->rest = 0;
    ++q->whole;
  }
}

static quotient_t divide(uint32_t a, uint32_t b) {
  quotient_t q = {0, 1, 2};  // below 1, not 0
  int32_t steps = exponent_of(a) - exponent_of(b);
  if (steps < 0) {
    return q;
  }
  q.divisor = mantissa_of(b);
  q.whole = mantissa_of(a) / q.divisor;
  q.rest = mantissa_of(a) % q.divisor;
  for (; steps > 0 && q.whole >> 52 == 0; --steps) {
    q.rest <<= 1;
    q.whole <<= 1;
    if (q.rest >= q.divisor) {
      q.rest -= q.divisor;
      ++q.whole;
    }
  }
  return q;
}

static float quotient_of(float a, float b) {
  const uint32_t x = bits_of(a), y = bits_of(b);
  if (x == 0 || x >= 0x7F800000u || y == 0 || y >= 0x7F800000u) {
    return a / b;
  }
  quotient_t q = divide(x, y);
  if (q.whole >> 52 != 0) {
    return a / b;
  }
  round_as_double(&q);
  if ((a < 0.0f) != (b < 0.0f)) {
    return -(float)(q.whole + (q.rest != 0 ? 1u : 0u));
  }
  return (float)q.whole;
}

void iseul_floor_div_f32(const iseul_pair_t *p, const float *a, const float *b, float *out) {
  iseul_run_t run = iseul_first_run(&p->shape, 2);
  do {
    const int32_t n = run.n, x_step = run.step[0], y_step = run.step[1];
    const float *x = a + run.at[0];
    const float *y = b + run.at[1];
    for (int32_t i = 0; i < n; ++i) {
      *out++ = quotient_of(*x, *y);
      x += x_step;
      y += y_step;
    }
  } while (iseul_next_run(&p->shape, 2, &run));
}
