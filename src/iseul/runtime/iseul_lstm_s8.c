// SPDX-License-Identifier: Apache-2.0
// iseul_lstm_s8: long short-term memory over a sequence, int8 with an int16 cell state.
//
// in            (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden, cell  (batch, size), the states before
// out           (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//               not in
// hidden_out, cell_out  (batch, size), the states after; not hidden, cell or out
// scratch       none
// The four gates of a unit share each load of the input and of the state. A step reads the
// hidden state where the step before wrote it: in the output.
// Meaning: graph/ops/lstm.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_lstm.h"
#include "iseul_weighted.h"

static void step_of(const iseul_lstm_s8_t *p, const int8_t *x, const int8_t *h, int16_t *cell,
                    int8_t *out) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  const int8_t *w = p->weights;
  const int8_t *r = p->recurrent;
  const int32_t *b = p->bias;
  for (int32_t u = 0; u < size; ++u) {
    int32_t acc[4] = {b[0], b[1], b[2], b[3]};
    int32_t back[4] = {0, 0, 0, 0};
    iseul_dot4_s8(acc, x, w, n_in, n_in, p->in_zero_point);
    iseul_dot4_s8(back, h, r, size, size, p->cell.zero_point);
    for (int32_t k = 0; k < 4; ++k) {
      const int32_t first = iseul_requantize(acc[k], p->multiplier[k], p->shift[k]);
      const int32_t second =
          iseul_requantize(back[k], p->recurrent_multiplier[k], p->recurrent_shift[k]);
      acc[k] = iseul_clamp16(iseul_clamp16(first) + iseul_clamp16(second));
    }
    out[u] = (int8_t)iseul_lstm_unit(&p->cell, acc, cell + u);
    w += 4 * n_in;
    r += 4 * size;
    b += 4;
  }
}

void iseul_lstm_s8(const iseul_lstm_s8_t *p, const int8_t *in, const int8_t *hidden,
                   const int16_t *cell, int8_t *out, int8_t *hidden_out, int16_t *cell_out) {
  const iseul_sequence_t *const s = &p->sequence;
  const size_t n_units = (size_t)s->size;
  for (int32_t b = 0; b < s->batch; ++b) {
    const int8_t *x = in + s->in_start + b * s->in_batch;
    const int8_t *h = hidden + b * s->size;
    int8_t *const last = hidden_out + b * s->size;
    int16_t *const c = cell_out + b * s->size;
    memcpy(c, cell + b * s->size, n_units * sizeof *c);
    for (int32_t t = 0; t < s->steps; ++t) {
      const int32_t at = iseul_step_out(s, b, t);
      int8_t *const y = at < 0 ? last : out + at;
      step_of(p, x, h, c, y);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, n_units * sizeof *h);
  }
}
