// SPDX-License-Identifier: Apache-2.0
// iseul_lstm_s16: long short-term memory over a sequence, int16 with int8 weights.
//
// in            (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden, cell  (batch, size), the states before; zero points are 0
// out           (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//               not in
// hidden_out, cell_out  (batch, size), the states after; not hidden, cell or out
// scratch       none
// Sums have 64 bits and multipliers 16, as the reference's.
// Meaning: graph/ops/lstm.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_lstm.h"
#include "iseul_weighted.h"

// acc[k] += sum over i of x[i] * w[k * n + i], for k = 0 .. 3.
static void add_products(int64_t acc[4], const int16_t *x, const int8_t *w, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    const int32_t v = x[i];
    for (int32_t k = 0; k < 4; ++k) {
      acc[k] += v * w[k * n + i];
    }
  }
}

static void step_of(const iseul_lstm_s16_t *p, const int16_t *x, const int16_t *h, int16_t *cell,
                    int16_t *out) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  const int8_t *w = p->weights;
  const int8_t *r = p->recurrent;
  const int64_t *b = p->bias;
  for (int32_t u = 0; u < size; ++u) {
    int64_t acc[4] = {b[0], b[1], b[2], b[3]};
    int64_t back[4] = {0, 0, 0, 0};
    int32_t sums[4];
    add_products(acc, x, w, n_in);
    add_products(back, h, r, size);
    for (int32_t k = 0; k < 4; ++k) {
      const int32_t first = iseul_requantize_wide(acc[k], p->multiplier[k], p->shift[k]);
      const int32_t second =
          iseul_requantize_wide(back[k], p->recurrent_multiplier[k], p->recurrent_shift[k]);
      sums[k] = iseul_clamp16(iseul_clamp16(first) + iseul_clamp16(second));
    }
    out[u] = (int16_t)iseul_lstm_unit(&p->cell, sums, cell + u);
    w += 4 * n_in;
    r += 4 * size;
    b += 4;
  }
}

void iseul_lstm_s16(const iseul_lstm_s16_t *p, const int16_t *in, const int16_t *hidden,
                    const int16_t *cell, int16_t *out, int16_t *hidden_out, int16_t *cell_out) {
  const iseul_sequence_t *const s = &p->sequence;
  const size_t n_bytes = (size_t)s->size * sizeof *cell;
  for (int32_t b = 0; b < s->batch; ++b) {
    const int16_t *x = in + s->in_start + b * s->in_batch;
    const int16_t *h = hidden + b * s->size;
    int16_t *const last = hidden_out + b * s->size;
    int16_t *const c = cell_out + b * s->size;
    memcpy(c, cell + b * s->size, n_bytes);
    for (int32_t t = 0; t < s->steps; ++t) {
      const int32_t at = iseul_step_out(s, b, t);
      int16_t *const y = at < 0 ? last : out + at;
      step_of(p, x, h, c, y);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, n_bytes);
  }
}
