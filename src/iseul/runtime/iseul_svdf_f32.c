// SPDX-License-Identifier: Apache-2.0
// iseul_svdf_f32: filters that remember their last inputs.
//
// in         (batch, in_size)
// state      (batch, units * rank, memory), oldest first
// out        (batch, units); not in
// state_out  as state, shifted by one with the newest behind; not state
// scratch    none
// Meaning: graph/ops/svdf.py, up to rounding.
#include <string.h>

#include "iseul_recurrent.h"

static float dot(const float *x, const float *w, int32_t n) {
  float sum = 0.0f;
  for (int32_t i = 0; i < n; ++i) {
    sum += x[i] * w[i];
  }
  return sum;
}

void iseul_svdf_f32(const iseul_svdf_f32_t *p, const float *in, const float *state, float *out,
                    float *state_out) {
  const int32_t n = p->memory;
  // all memories at once; each gets its own newest below
  memcpy(state_out, state + 1, (size_t)(p->batch * p->units * p->rank * n - 1) * sizeof *state);
  for (int32_t b = 0; b < p->batch; ++b) {
    const float *feature = p->feature;
    const float *time = p->time;
    for (int32_t u = 0; u < p->units; ++u) {
      float acc = p->bias[u];
      for (int32_t r = 0; r < p->rank; ++r) {
        state_out[n - 1] = dot(in, feature, p->in_size);
        acc += dot(state_out, time, n);
        feature += p->in_size;
        time += n;
        state_out += n;
      }
      out[u] = iseul_clamp_real(acc, p->low, p->high);
    }
    in += p->in_size;
    out += p->units;
  }
}
