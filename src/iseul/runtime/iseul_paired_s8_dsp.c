// SPDX-License-Identifier: Apache-2.0
// iseul_paired_s8_dsp: rows times a matrix, with bias, requantization and clamp: fully connected
// layers, and convolutions whose window is their whole input. Four outputs at a time, two of which
// share their words of weights.
//
// in       (rows, in_size)
// out      (rows, out_size); not in
// scratch  depth values of 16 bits: a row of the input as pairs
// The bias takes in_zero_point off. shift is -23 .. -2.
// Meaning: graph/ops/fully_connected.py, conv2d.py. Exact: all judges agree to the bit.
//
// A halfword of weights is h = 256 b + a for the outputs a and b. Its low byte as a signed number
// is a, so that with p = sum x h and q = sum x a: sum x b = (p - q) / 256, which has no rest. The
// sums may leave 32 bits, but p - q may not: the weights of b add up to less than 2^16.
#include "iseul_blocks_dsp.h"

// The row as pairs of 16 bits: (0, 2), (1, 3), (4, 6) ...; zeros up to depth.
static void as_pairs(const int8_t *x, int32_t n, int32_t depth, uint32_t *pairs) {
  int32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const uint32_t v = iseul_load4(x + i);
    *pairs++ = iseul_even_pair(v);
    *pairs++ = iseul_odd_pair(v);
  }
  for (; i < depth; i += 4) {
    uint8_t left[4] = {0, 0, 0, 0};
    for (int32_t k = 0; k < 4 && i + k < n; ++k) {
      left[k] = (uint8_t)x[i + k];
    }
    uint32_t v;
    memcpy(&v, left, sizeof v);
    *pairs++ = iseul_even_pair(v);
    *pairs++ = iseul_odd_pair(v);
  }
}

void iseul_paired_s8_dsp(const iseul_paired_s8_dsp_t *p, const int8_t *in, int8_t *out,
                         int32_t *scratch) {
  const int8_t *const x = (const int8_t *)scratch;
  const int kind = iseul_kind_of(&p->to);
  for (int32_t row = 0; row < p->rows; ++row) {
    as_pairs(in, p->in_size, p->depth, (uint32_t *)scratch);
    if (kind == ISEUL_RECTIFIED) {
      iseul_paired_row(p, x, out, ISEUL_RECTIFIED, 0);
    } else if (kind == ISEUL_SATURATED) {
      iseul_paired_row(p, x, out, ISEUL_SATURATED, 0);
    } else {
      iseul_paired_row(p, x, out, ISEUL_CLAMPED, 0);
    }
    in += p->in_size;
    out += p->out_size;
  }
}
