// SPDX-License-Identifier: Apache-2.0
// iseul_group_norm_f32: (x - mean) / sqrt(variance + epsilon) * scale + bias of each group.
//
// in, out  (batch, positions, channels); out may be in
// groups   divides channels; a group is all positions of some channels of one sample
// scratch  none
// Meaning: graph/ops/group_norm.py, up to the order of the float32 sums.
#include "iseul_norm.h"
#include "iseul_real.h"

// Sum of x - mean, or of its square, over a group whose first value is *x.
static float sum_of(const iseul_group_norm_f32_t *p, int32_t n_channels, const float *x,
                    float mean, int is_squared) {
  float sum = 0.0f;
  for (int32_t i = 0; i < p->positions; ++i, x += p->channels) {
    for (int32_t c = 0; c < n_channels; ++c) {
      const float centred = x[c] - mean;
      sum += is_squared ? centred * centred : centred;
    }
  }
  return sum;
}

void iseul_group_norm_f32(const iseul_group_norm_f32_t *p, const float *in, float *out) {
  const int32_t n_channels = p->channels / p->groups;
  const float count = (float)p->positions * (float)n_channels;
  for (int32_t n = 0; n < p->batch; ++n) {
    for (int32_t first = 0; first < p->channels; first += n_channels) {
      const float mean = sum_of(p, n_channels, in + first, 0.0f, 0) / count;
      const float square = sum_of(p, n_channels, in + first, mean, 1) / count;
      const float deviation = iseul_sqrt(square + p->epsilon);
      for (int32_t i = 0; i < p->positions; ++i) {
        const float *const x = in + i * p->channels;
        float *const y = out + i * p->channels;
        for (int32_t c = first; c < first + n_channels; ++c) {
          y[c] = (x[c] - mean) / deviation * p->scale[c] + p->bias[c];
        }
      }
    }
    in += p->positions * p->channels;
    out += p->positions * p->channels;
  }
}
