// SPDX-License-Identifier: Apache-2.0
// iseul_lstm_s8_dsp: long short-term memory over a sequence, int8 with an int16 cell state, by
// multiplications of pairs.
//
// in            (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden, cell  (batch, size), the states before
// out           (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//               not in
// hidden_out, cell_out  (batch, size), the states after; not hidden, cell or out
// scratch       a step's input and hidden state as 16-bit values, each filled up to fours
// All that a unit needs of a step is made at once: the four gates' rows are multiplied together
// with the input, then with the state. Biases take zero points off.
// Meaning: graph/ops/lstm.py. Exact: all judges agree to the bit.
#include <string.h>

#include "iseul_recurrent_dsp.h"

// The unit's next hidden state; *cell is its cell state before and after.
static inline int32_t unit_of(const iseul_lstm_s8_dsp_t *p, const int32_t gates[4],
                              int16_t *cell) {
  const uint32_t *const table = p->logistic;
  const int32_t f = iseul_logistic_of(table, gates[1]);
  const int32_t kept = iseul_to_int16(iseul_narrow_down(&p->forget, f * *cell));
  const int32_t i = iseul_logistic_of(table, gates[0]);
  const int32_t g = iseul_tanh_of(table, 3 * gates[2]);
  const int32_t added = iseul_to_int16(iseul_narrow_down(&p->update, i * g));
  const int32_t c = iseul_clamp(kept + added, p->cell_low, p->cell_high);
  *cell = (int16_t)c;
  const int32_t shown = iseul_tanh_of(table, iseul_tripled(c, p->left));
  const int32_t o = iseul_logistic_of(table, gates[3]);
  return iseul_to_int8(iseul_narrow_down(&p->output, shown * o) + p->zero_point);
}

static void step_of(const iseul_lstm_s8_dsp_t *p, const int8_t *x, const int8_t *h, int16_t *cell,
                    int8_t *out, uint32_t *scratch) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  const iseul_narrow_t *const by = (const void *)p->gates;
  const int32_t *w = p->rows;
  iseul_widen(iseul_widen(scratch, x, n_in), h, size);
  for (int32_t u = 0; u < size; ++u) {
    int32_t gates[4];
    w = iseul_four_gates(w, by, scratch, (n_in + 3) / 4, (size + 3) / 4, gates);
    out[u] = (int8_t)unit_of(p, gates, cell + u);
  }
}

void iseul_lstm_s8_dsp(const iseul_lstm_s8_dsp_t *p, const int8_t *in, const int8_t *hidden,
                       const int16_t *cell, int8_t *out, int8_t *hidden_out, int16_t *cell_out,
                       int32_t *scratch) {
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
      step_of(p, x, h, c, y, (uint32_t *)scratch);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, n_units * sizeof *h);
  }
}
