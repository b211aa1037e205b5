// SPDX-License-Identifier: Apache-2.0
// iseul_lstm_f32: long short-term memory over a sequence.
//
// in            (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden, cell  (batch, size), the states before
// out           (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//               not in
// hidden_out, cell_out  (batch, size), the states after; not hidden, cell or out
// scratch       none
// Meaning: graph/ops/lstm.py, up to rounding.
#include <string.h>

#include "iseul_real.h"
#include "iseul_recurrent.h"

// acc[k] += sum over i of x[i] * w[k * n + i], for k = 0 .. 3.
static void add_products(float acc[4], const float *x, const float *w, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    const float v = x[i];
    acc[0] += v * w[i];
    acc[1] += v * w[n + i];
    acc[2] += v * w[2 * n + i];
    acc[3] += v * w[3 * n + i];
  }
}

static void step_of(const iseul_lstm_f32_t *p, const float *x, const float *h, float *cell,
                    float *out) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  const float *w = p->weights;
  const float *r = p->recurrent;
  const float *b = p->bias;
  for (int32_t u = 0; u < size; ++u) {
    float acc[4] = {b[0], b[1], b[2], b[3]};
    add_products(acc, x, w, n_in);
    add_products(acc, h, r, size);
    const float kept = iseul_logistic(acc[1]) * cell[u];
    const float c = kept + iseul_logistic(acc[0]) * iseul_tanh(acc[2]);
    cell[u] = iseul_clamp_real(c, p->cell_low, p->cell_high);
    out[u] = iseul_logistic(acc[3]) * iseul_tanh(cell[u]);
    w += 4 * n_in;
    r += 4 * size;
    b += 4;
  }
}

void iseul_lstm_f32(const iseul_lstm_f32_t *p, const float *in, const float *hidden,
                    const float *cell, float *out, float *hidden_out, float *cell_out) {
  const iseul_sequence_t *const s = &p->sequence;
  const size_t n_bytes = (size_t)s->size * sizeof *cell;
  for (int32_t b = 0; b < s->batch; ++b) {
    const float *x = in + s->in_start + b * s->in_batch;
    const float *h = hidden + b * s->size;
    float *const last = hidden_out + b * s->size;
    float *const c = cell_out + b * s->size;
    memcpy(c, cell + b * s->size, n_bytes);
    for (int32_t t = 0; t < s->steps; ++t) {
      const int32_t at = iseul_step_out(s, b, t);
      float *const y = at < 0 ? last : out + at;
      step_of(p, x, h, c, y);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, n_bytes);
  }
}
