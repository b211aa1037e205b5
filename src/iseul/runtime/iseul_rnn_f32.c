// SPDX-License-Identifier: Apache-2.0
// iseul_rnn_f32: a simple recurrent layer over a sequence.
//
// in          (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden      (batch, size), the state before
// out         (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//             not in
// hidden_out  (batch, size), the state after; not hidden or out
// scratch     none
// Meaning: graph/ops/rnn.py, up to rounding.
#include <string.h>

#include "iseul_real.h"
#include "iseul_recurrent.h"

static void step_of(const iseul_rnn_f32_t *p, const float *x, const float *h, float *out) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  const float *w = p->weights;
  const float *r = p->recurrent;
  for (int32_t u = 0; u < size; ++u) {
    float sum = p->bias[u];
    for (int32_t i = 0; i < n_in; ++i) {
      sum += x[i] * w[i];
    }
    for (int32_t i = 0; i < size; ++i) {
      sum += h[i] * r[i];
    }
    if (p->function == ISEUL_RNN_TANH) {
      out[u] = iseul_tanh(sum);
    } else if (p->function == ISEUL_RNN_LOGISTIC) {
      out[u] = iseul_logistic(sum);
    } else {
      out[u] = iseul_clamp_real(sum, p->low, p->high);
    }
    w += n_in;
    r += size;
  }
}

void iseul_rnn_f32(const iseul_rnn_f32_t *p, const float *in, const float *hidden, float *out,
                   float *hidden_out) {
  const iseul_sequence_t *const s = &p->sequence;
  for (int32_t b = 0; b < s->batch; ++b) {
    const float *x = in + s->in_start + b * s->in_batch;
    const float *h = hidden + b * s->size;
    float *const last = hidden_out + b * s->size;
    for (int32_t t = 0; t < s->steps; ++t) {
      const int32_t at = iseul_step_out(s, b, t);
      float *const y = at < 0 ? last : out + at;
      step_of(p, x, h, y);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, (size_t)s->size * sizeof *h);
  }
}
