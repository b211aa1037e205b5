// SPDX-License-Identifier: Apache-2.0
// iseul_gru_f32: gated recurrent units over a sequence.
//
// in          (batch, steps, in_size) or (steps, batch, in_size), as the sequence says
// hidden      (batch, size), the state before
// out         (batch, steps, size), (steps, batch, size), or (batch, size) for the last step;
//             not in
// hidden_out  (batch, size), the state after; not hidden or out
// scratch     size floats: what the reset gates let through
// The update gates wait in the output until the candidates are known.
// Meaning: graph/ops/gru.py, up to rounding.
#include <string.h>

#include "iseul_real.h"
#include "iseul_recurrent.h"

static float dot(const float *x, const float *w, int32_t n) {
  float sum = 0.0f;
  for (int32_t i = 0; i < n; ++i) {
    sum += x[i] * w[i];
  }
  return sum;
}

static void step_of(const iseul_gru_f32_t *p, const float *x, const float *h, float *out,
                    float *reset) {
  const int32_t n_in = p->sequence.in_size, size = p->sequence.size;
  for (int32_t u = 0; u < size; ++u) {
    const float *const w = p->weights + 3 * u * n_in;
    const float *const r = p->recurrent + 3 * u * size;
    const float *const b = p->bias + 4 * u;
    out[u] = iseul_logistic(dot(x, w, n_in) + b[0] + dot(h, r, size));
    reset[u] = iseul_logistic(dot(x, w + n_in, n_in) + b[1] + dot(h, r + size, size));
    if (!p->is_linear_before_reset) {
      reset[u] *= h[u];
    }
  }
  for (int32_t u = 0; u < size; ++u) {
    const float *const w = p->weights + (3 * u + 2) * n_in;
    const float *const r = p->recurrent + (3 * u + 2) * size;
    const float *const b = p->bias + 4 * u;
    const float inner = p->is_linear_before_reset ? reset[u] * (dot(h, r, size) + b[3])
                                                  : dot(reset, r, size) + b[3];
    const float z = out[u];
    out[u] = (1.0f - z) * iseul_tanh(dot(x, w, n_in) + b[2] + inner) + z * h[u];
  }
}

void iseul_gru_f32(const iseul_gru_f32_t *p, const float *in, const float *hidden, float *out,
                   float *hidden_out, float *scratch) {
  const iseul_sequence_t *const s = &p->sequence;
  for (int32_t b = 0; b < s->batch; ++b) {
    const float *x = in + s->in_start + b * s->in_batch;
    const float *h = hidden + b * s->size;
    float *const last = hidden_out + b * s->size;
    for (int32_t t = 0; t < s->steps; ++t) {
      const int32_t at = iseul_step_out(s, b, t);
      float *const y = at < 0 ? last : out + at;
      step_of(p, x, h, y, scratch);
      x += s->in_step;
      h = y;
    }
    memcpy(last, h, (size_t)s->size * sizeof *h);
  }
}
